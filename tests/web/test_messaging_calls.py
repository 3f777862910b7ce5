"""Calls as messaging providers sign them, at the channel's own address: taken, stored, and read as what was said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from app.clock import now
from app.db import transaction
from app.models import Channel
from app.services.ingest import keep_all, store_batch
from connectors.base import RawDelivery, WebRequest
from tests.fakes import line, sms, sms_vonage, telegram, viber
from tests.fakes.provider import serving
from tests.public_channels import answer, deliveries, open_channel, take_in
from tests.rooms import add_user

FIXTURES = Path(__file__).parent.parent / "fixtures"
TELEGRAM = {"token": telegram.TOKEN, "webhook_secret": telegram.SECRET, "groups": "addressed"}
TWILIO = {"account_sid": sms.SID, "auth_token": sms.TOKEN, "number": sms.OWN}
VONAGE = {"provider": "vonage", "signature_secret": sms_vonage.SIGNATURE_SECRET}
LINE = {"channel_secret": line.SECRET, "access_token": line.TOKEN}
VIBER = {"token": viber.TOKEN, "sender_name": "Acme"}
CASES = [
    ("telegram", TELEGRAM, "text", "Hola, mi pedido 4711 no llegó.\n¿Dónde está? 📦"),
    ("telegram", TELEGRAM, "group_small_talk_left_out", None),
    ("sms", TWILIO, "whatsapp_text", "Hola, ¿dónde está mi pedido?"),
    ("sms", VONAGE, "vonage_sms", "Where is my order? 📦"),
    ("line", LINE, "text_that_quotes", "これです"),
    ("viber", VIBER, "text", "Где мой заказ 4711?\n📦"),
]


def signed(kind: str, known: dict[str, Any], body: bytes, url: str) -> WebRequest:
    if known is VONAGE:
        return sms_vonage.signed(body)
    if kind == "sms":
        return sms.signed_form(known, body, url)
    fakes = {"telegram": telegram.signed, "line": line.signed, "viber": viber.signed}
    return fakes[kind](known, body)


@pytest.mark.parametrize(("kind", "known", "name", "text"), CASES, ids=lambda value: str(value)[:20])
def test_a_signed_call_becomes_what_was_said(
    house: Flask, kind: str, known: dict[str, Any], name: str, text: str | None
) -> None:
    path = f"/webhooks/{kind}/{open_channel(kind, **known).token}"
    call = signed(kind, known, (FIXTURES / kind / f"{name}.body").read_bytes(), f"http://localhost{path}")
    client = house.test_client()
    forged = {name: value if name == "content-type" else "a guess" for name, value in call.headers.items()}
    assert client.post(path, data=call.body, headers=forged).status_code == 403
    assert deliveries() == []
    for _ in range(2):  # a call that comes again is taken and brings nothing new
        assert client.post(path, data=call.body, headers=dict(call.headers)).status_code == 200
    messages = take_in()
    assert [message.text for message in messages] == ([text] if text else [])


def answered(kind: str, known: dict[str, Any], name: str, address: str) -> None:
    """Take in one call on a channel whose provider is at an address, and answer it."""
    channel = open_channel(kind, **known, api_url=address)
    body = (FIXTURES / kind / f"{name}.body").read_bytes()
    kept = keep_all([RawDelivery(body, now())])
    with transaction() as session:
        store_batch(session, channel=session.get_one(Channel, channel.id), deliveries=kept, cursor=None)
    take_in(channel)
    answer(add_user(), "It left today.", channel=channel)


def test_an_answer_reaches_the_chat_the_message_came_from(house: Flask) -> None:
    provider = telegram.Telegram()
    with serving(provider):
        answered("telegram", TELEGRAM, "comment_on_channel_post", provider.url)
    (sent,) = provider.sent
    assert (sent["chat_id"], sent["message_thread_id"], sent["text"]) == (-1001662890417, 300, "It left today.")


def test_an_answer_by_text_message_leaves_from_the_number_that_was_written_to(house: Flask) -> None:
    provider = sms.Twilio()
    with serving(provider):
        answered("sms", TWILIO, "whatsapp_text", provider.url)
    (sent,) = provider.sent
    assert (sent["To"], sent["From"]) == ("whatsapp:+34600111222", "whatsapp:+14155238886")


def test_an_answer_on_line_reaches_the_person(house: Flask) -> None:
    provider = line.Line()
    with serving(provider):
        answered("line", LINE, "text", provider.url)
    assert [sent["to"] for sent in provider.sent] == ["U4af4980629abcdef0123456789abcdef"]


def test_an_answer_on_viber_reaches_the_person(house: Flask) -> None:
    provider = viber.Viber()
    with serving(provider):
        answered("viber", VIBER, "text", provider.url)
    assert [sent["receiver"] for sent in provider.sent] == ["01234567890A="]
