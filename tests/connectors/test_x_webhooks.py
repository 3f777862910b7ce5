"""X's calls prove that they are X's, and its challenges are answered without lending anybody the key."""

from __future__ import annotations

import json
from base64 import b64decode
from datetime import UTC, datetime

import pytest

from connectors.base import WebRequest
from connectors.errors import BadCredentials, Malformed
from connectors.x import XConnector
from tests.fakes import x as fake
from tests.fakes.x import ACCOUNT, KEYS

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
x = XConnector()


def challenge(token: str) -> WebRequest:
    return WebRequest("GET", "/webhooks/x/tok", {"crc_token": token}, {}, b"")


def test_a_challenge_is_answered_with_the_documented_hash() -> None:
    """The hash is that of the key and token, made by another program (openssl dgst -sha256 -hmac)."""
    credentials = {"consumer_secret": "secret"}
    request = challenge("challenge_string")
    x.verify(credentials, request)
    received = x.receive(credentials, request, NOW)
    assert received.deliveries == ()
    assert received.answer.content_type == "application/json"
    digest = json.loads(received.answer.body)["response_token"].removeprefix("sha256=")
    assert b64decode(digest).hex() == "2952d7f4213051d55d7897e62409e5b63fe49e4742ab0649940d6ef7bc5b12bc"


@pytest.mark.parametrize("token", ["", '{"direct_message_events": []}', "[1]", "a" * 201, "ä", '"x"', "a b"])
def test_nobody_has_a_body_signed_by_calling_it_a_challenge(token: str) -> None:
    with pytest.raises(BadCredentials):
        x.verify({"consumer_secret": "secret"}, challenge(token))


def test_a_challenge_needs_a_secret() -> None:
    with pytest.raises(BadCredentials):
        x.verify({}, challenge("abc"))


def test_an_event_is_taken_as_it_came_and_names_the_account() -> None:
    request = fake.signed(KEYS, b'{"for_user_id": "1"}')
    x.verify(KEYS, request)
    received = x.receive(KEYS, request, NOW)
    assert [delivery.raw for delivery in received.deliveries] == [b'{"for_user_id": "1"}']
    assert received.deliveries[0].meta == {"account": ACCOUNT}
    with pytest.raises(Malformed):
        x.receive(KEYS, fake.signed(KEYS, b"no json"), NOW)
