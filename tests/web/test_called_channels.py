"""Kinds of channels that are called, through their real address: our own API, the telephone, Slack."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app.db import reading
from app.models import Message, SendState
from connectors._twilio_signing import twilio_signature
from connectors.registry import connector_for
from tests.fakes import api, slack, voice
from tests.fakes.api import Shop, shop
from tests.public_channels import answer, deliveries, open_channel, take_in
from tests.rooms import add_user


@pytest.fixture(name="system")
def _system() -> Iterator[Shop]:
    with shop() as running:
        yield running


class Caller:
    """A system that posts to one API channel with its secret."""

    def __init__(self, house: Flask, system: Shop) -> None:
        self.channel = open_channel("api", **api.credentials_for(system))
        self.client = house.test_client()

    def post(self, body: Any, **headers: str) -> TestResponse:
        known = {"Authorization": f"Bearer {api.SECRET}", **headers}
        return self.client.post(f"/webhooks/api/{self.channel.token}", json=body, headers=known)


HELLO = {"id": "m-1", "thread": "order-42", "sender": {"id": "42", "name": "Kim"}, "text": "Where is my order?"}


def test_a_message_its_edit_our_reply_and_that_it_was_read(house: Flask, system: Shop) -> None:
    caller = Caller(house, system)
    answered = caller.post(HELLO)
    assert (answered.status_code, answered.json) == (202, {"ids": ["m-1"]})
    assert caller.post(HELLO).status_code == 202
    assert len(deliveries()) == 1
    assert [message.text for message in take_in()] == ["Where is my order?"]

    caller.post({"type": "edit", "target": "m-1", "sender": HELLO["sender"], "text": "Where is order 42?"})
    assert [message.text for message in take_in()] == ["Where is order 42?"]

    answer(add_user(), "It left today.")
    (reply,) = system.replies.values()
    assert (reply["recipient"], reply["thread"], reply["in_reply_to"]) == ("42", "order-42", "m-1")

    caller.post({"type": "status", "target": "shop-0", "sender": HELLO["sender"], "status": "read"})
    sent = take_in()[-1]
    with reading() as session:
        stored = session.get_one(Message, sent.id)
    assert (stored.text, stored.send_state) == ("It left today.", SendState.SENT)
    assert stored.read_at is not None


def test_mistakes_are_answered_in_json_and_strangers_are_refused(house: Flask, system: Shop) -> None:
    caller = Caller(house, system)
    for body, status in (({"text": "x"}, 422), ([], 422), ({**HELLO, "type": "call"}, 422)):
        answered = caller.post(body)
        assert answered.status_code == status
        assert answered.json is not None
        assert answered.json["error"].endswith(".")
    assert caller.post(HELLO, Authorization="Bearer guess").status_code == 403
    assert deliveries() == []


def test_a_call_that_twilio_told_of_is_logged_under_its_number(house: Flask) -> None:
    channel = open_channel("voice", auth_token=voice.TOKEN, account_sid=voice.ACCOUNT)
    fields = {
        "CallSid": "CA1",
        "CallStatus": "no-answer",
        "Direction": "inbound",
        "From": "+491701234567",
        "To": "+4930",
    }
    path = f"/webhooks/voice/{channel.token}?From=%2B491701234567"
    made = twilio_signature(voice.TOKEN, f"http://localhost{path}", list(fields.items()))
    told = {"headers": {"X-Twilio-Signature": made}, "content_type": "application/x-www-form-urlencoded"}
    assert house.test_client().post(path, data=urlencode(fields), **told).status_code == 200
    assert house.test_client().post(path + "x", data=urlencode(fields), **told).status_code == 403
    assert [(message.sender, message.text) for message in take_in()] == [
        ("+491701234567", "Missed call from +491701234567")
    ]


def test_slack_is_answered_its_challenge_and_its_event_is_a_message(house: Flask) -> None:
    known = {"signing_secret": slack.SIGNING_SECRET, "bot_token": slack.TOKEN}
    channel = open_channel("slack", **known)
    event = {"type": "message", "user": "U1", "text": "Hello", "ts": "1795424401.000200", "channel": "C1"}
    answers = []
    for body in (
        {"type": "url_verification", "challenge": "3eZb"},
        {"type": "event_callback", "event_id": "Ev1", "event": event},
    ):
        call = slack.signed(known, json.dumps(body).encode())
        answers.append(
            house.test_client().post(f"/webhooks/slack/{channel.token}", data=call.body, headers=dict(call.headers))
        )
    assert [one.status_code for one in answers] == [200, 200]
    assert answers[0].text == "3eZb"
    assert [(message.sender, message.text) for message in take_in()] == [("U1", "Hello")]
    assert connector_for(channel.kind).capabilities.push
