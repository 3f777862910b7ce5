"""Where providers call: whoever calls and whatever they send, the answer is a sentence, and what was taken is stored."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from app.db import reading, transaction
from app.models import Channel, ChannelState, DeliveryState
from app.web import channel_webhooks
from connectors._signing import hmac_hex
from connectors.registry import connector_for, kinds
from tests.public_channels import deliveries, open_channel, take_in

SECRET = "hidden"
HELLO = {"id": "1", "from": {"kind": "handle", "address": "ana"}, "text": "Hello"}


class Provider:
    """Somebody who calls a sandbox's address, knowing its secret."""

    def __init__(self, house: Flask, folder: Path) -> None:
        self.channel = open_channel("sandbox", folder=str(folder), webhook_secret=SECRET)
        self.client: FlaskClient = house.test_client()
        self.path = f"/webhooks/sandbox/{self.channel.token}"

    def post(self, body: bytes | Any, **headers: str) -> TestResponse:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        signed = {"X-Sandbox-Signature": f"sha256={hmac_hex(SECRET, raw)}", **headers}
        return self.client.post(self.path, data=raw, headers=signed, content_type="application/json")


@pytest.fixture
def provider(house: Flask, tmp_path: Path) -> Provider:
    return Provider(house, tmp_path / "sandbox")


def set_state(channel: Channel, state: ChannelState) -> None:
    with transaction() as session:
        session.get_one(Channel, channel.id).state = state


def test_a_signed_call_is_stored_before_it_is_answered_and_becomes_a_message(provider: Provider) -> None:
    answered = provider.post(HELLO)
    assert answered.status_code == 200
    assert [delivery.state for delivery in deliveries()] == [DeliveryState.STORED]
    (message,) = take_in()
    assert (message.sender, message.text) == ("ana", "Hello")
    with reading() as session:
        channel = session.get_one(Channel, provider.channel.id)
    assert channel.last_delivery_at is not None


def test_a_call_may_bring_several_messages_and_a_replayed_one_brings_nothing_new(provider: Provider) -> None:
    calls = [HELLO, {**HELLO, "id": "2", "text": "Are you there?"}]
    assert provider.post(calls).status_code == 200
    assert provider.post(calls).status_code == 200
    assert len(deliveries()) == 2
    assert [message.text for message in take_in()] == ["Hello", "Are you there?"]


def test_a_handshake_is_answered_with_its_challenge_and_stores_nothing(provider: Provider) -> None:
    answered = provider.client.get(provider.path, query_string={"secret": SECRET, "challenge": "<b>42</b>"})
    assert (answered.status_code, answered.text) == (200, "<b>42</b>")
    assert answered.mimetype == "text/plain"
    assert answered.headers["X-Content-Type-Options"] == "nosniff"
    assert provider.client.get(provider.path, query_string={"secret": "guess"}).status_code == 403
    assert deliveries() == []


@pytest.mark.parametrize("signature", ["", "sha256=", "sha256=" + "0" * 64, "\xff"])
def test_a_wrong_signature_is_refused_with_one_sentence_and_stores_nothing(provider: Provider, signature: str) -> None:
    answered = provider.post(HELLO, **{"X-Sandbox-Signature": signature})
    assert answered.status_code == 403
    assert answered.text == "The signature of this call is missing or wrong.\n"
    assert deliveries() == []


def test_what_the_connector_cannot_take_apart_is_refused_and_what_it_cannot_parse_is_parked(provider: Provider) -> None:
    assert provider.post(b"{").status_code == 400
    assert provider.post([{"text": "from nobody"}]).status_code == 200
    assert take_in() == []
    (delivery,) = deliveries()
    assert delivery.state is DeliveryState.PARKED


@pytest.mark.parametrize("state", [ChannelState.PAUSED, ChannelState.REMOVED])
def test_a_channel_that_is_not_active_is_not_there(provider: Provider, state: ChannelState) -> None:
    set_state(provider.channel, state)
    assert provider.post(HELLO).status_code == 404


@pytest.mark.parametrize("kind", ["nonsense", "%00", "webchat"])
def test_a_kind_that_is_not_the_channels_is_not_there(provider: Provider, kind: str) -> None:
    assert provider.client.post(f"/webhooks/{kind}/{provider.channel.token}", data=b"{}").status_code == 404


def test_kinds_that_nobody_calls_and_those_with_pages_of_their_own_are_not_there(house: Flask) -> None:
    abilities = {kind: connector_for(kind).capabilities for kind in kinds()}
    elsewhere = [kind for kind, can in abilities.items() if not can.push or can.own_pages]
    assert {"webform", "webchat"} <= set(elsewhere)
    for kind in elsewhere:
        path = f"/webhooks/{kind}/{open_channel(kind).token}"
        assert house.test_client().post(path, data=b"{}").status_code == 404, kind


@pytest.mark.parametrize("kind", [kind for kind in kinds() if connector_for(kind).capabilities.push])
def test_no_kind_is_broken_by_a_strangers_call(house: Flask, kind: str) -> None:
    path, client = f"/webhooks/{kind}/{open_channel(kind).token}", house.test_client()
    for body in (b"", b"{}", b"[]", b"\xff" * 9, b'{"entry": [1]}', b"[" * 5_000):
        for headers in ({}, {"Content-Type": "application/json"}, {"X-Hub-Signature-256": "sha256=\xff"}):
            assert 400 <= client.post(path, data=body, headers=headers).status_code < 500
            assert client.get(path, query_string={"hub.mode": "subscribe", "crc_token": "x"}).status_code < 500
    assert deliveries() == []


def test_more_than_ten_megabytes_are_not_read(provider: Provider) -> None:
    assert provider.post(b" " * (channel_webhooks.MAX_BYTES + 1)).status_code == 413
    assert provider.post(b" " * (channel_webhooks.MAX_BYTES - 1)).status_code == 400


def test_what_comes_in_pieces_is_not_read_beyond_ten_megabytes(provider: Provider) -> None:
    pieces = io.BytesIO(b" " * (channel_webhooks.MAX_BYTES + 1))
    chunked = {"wsgi.input_terminated": True}  # as the server says of a body whose length was not told
    answered = provider.client.post(provider.path, input_stream=pieces, environ_overrides=chunked)
    assert answered.status_code == 413


def test_a_channel_called_too_often_says_so(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channel_webhooks, "EACH_CHANNEL", "2 per minute")
    codes = [provider.post({**HELLO, "id": str(number)}).status_code for number in range(3)]
    assert codes == [200, 200, 429]


def test_a_call_needs_no_token_and_sets_no_cookie(provider: Provider) -> None:
    answered = provider.post(HELLO)
    assert "Set-Cookie" not in answered.headers


def test_the_connector_hears_the_address_that_the_provider_called(house: Flask) -> None:
    with house.test_request_context("/webhooks/x/t?a=%20b&c=d+e", method="POST", data=b"{}"):
        assert channel_webhooks._call().url == "http://localhost/webhooks/x/t?a=%20b&c=d+e"
    with house.test_request_context("/webhooks/x/t", method="POST", data=b"{}"):
        assert channel_webhooks._call().url == "http://localhost/webhooks/x/t"


WORDS = st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=30)
METHODS = st.sampled_from(["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "BREW"])
HEADERS = st.dictionaries(
    st.sampled_from(["X-Sandbox-Signature", "Content-Type", "Content-Encoding", "Accept", "Cookie", "HX-Request"]),
    WORDS,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(method=METHODS, headers=HEADERS, query=st.binary(max_size=30), body=st.binary(max_size=200), sign=st.booleans())
def test_no_call_breaks_the_house(
    provider: Provider, method: str, headers: dict[str, str], query: bytes, body: bytes, *, sign: bool
) -> None:
    if sign:
        headers["X-Sandbox-Signature"] = f"sha256={hmac_hex(SECRET, body)}"
    environ = {"QUERY_STRING": query.decode("latin-1")}
    answered = provider.client.open(provider.path, method=method, data=body, headers=headers, environ_overrides=environ)
    assert answered.status_code < 500


def test_a_refused_call_shows_on_the_channel_until_one_is_taken(provider: Provider) -> None:
    provider.post(HELLO, **{"X-Sandbox-Signature": "sha256=00"})
    with reading() as session:
        told = session.get_one(Channel, provider.channel.id).last_error
    assert told == "A call was refused: The signature of this call is missing or wrong."
    provider.post(HELLO)
    with reading() as session:
        assert session.get_one(Channel, provider.channel.id).last_error == ""
