"""Viber: signed callbacks become messages and states; a refusal hides in an answer of 200."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.base import OutboundAttachment, RawDelivery, RemoteFile
from connectors.errors import BadCredentials, Malformed, Rejected, Transient
from connectors.viber import ViberConnector
from tests.connectors.broken import ODD, broken, places
from tests.connectors.test_contract import check_message
from tests.fakes.provider import Said, serving
from tests.fakes.viber import CUSTOMER, GONE, REPLY, TOKEN, Viber, said, signed

CONNECTOR = ViberConnector()
NOW = datetime(2026, 11, 22, tzinfo=UTC)
FIXTURES = sorted((Path(__file__).parent.parent / "fixtures" / "viber").glob("*.body"))


@pytest.fixture
def viber() -> Iterator[Viber]:
    provider = Viber()
    with serving(provider):
        yield provider


# ---------------------------------------------------------------- parse


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"[]",
        b"7",
        b"{}",
        b'{"event": 5.5}',
        b'{"event": "message", "message_token": 1, "message": {"type": "text", "text": "x"}}',
        b'{"event": "message", "sender": {"id": "x"}, "message": {"type": "text", "text": "x"}}',
        b'{"event": "seen", "message_token": 1}',
        b'{"event": "failed", "user_id": "x", "message_token": true}',
    ],
)
def test_what_is_no_callback_is_malformed(raw: bytes) -> None:
    with pytest.raises(Malformed):
        CONNECTOR.parse(RawDelivery(raw, NOW))


@settings(max_examples=100, deadline=None)
@given(path=st.sampled_from(FIXTURES), choose=st.data(), by=ODD)
def test_damaged_callbacks_give_whole_messages_or_malformed(path: Path, choose: st.DataObject, by: Any) -> None:
    said = json.loads(path.read_bytes())
    there = choose.draw(st.sampled_from(places(said)))
    raw = json.dumps(broken(said, there, by)).encode()
    try:
        for message in CONNECTOR.parse(RawDelivery(raw, NOW)):
            check_message(message)
    except Malformed as error:
        assert error.reason  # noqa: PT017 - one of two allowed ends


def test_a_state_is_about_the_reply_that_was_sent(viber: Viber) -> None:
    receipt = CONNECTOR.send(viber.credentials, REPLY)
    callback = {"event": "seen", "timestamp": 1, "message_token": int(receipt.external_id), "user_id": CUSTOMER}
    (state,) = CONNECTOR.parse(RawDelivery(json.dumps(callback).encode(), NOW))
    assert (state.target, state.status) == (receipt.external_id, "read")


# ---------------------------------------------------------------- callbacks


def test_setting_the_webhook_is_answered_and_brings_nothing(viber: Viber) -> None:
    call = signed(viber.credentials, b'{"event": "webhook", "timestamp": 1, "message_token": 2}')
    CONNECTOR.verify(viber.credentials, call)
    received = CONNECTOR.receive(viber.credentials, call, NOW)
    assert (received.deliveries, received.answer.status) == ((), 200)


def test_who_opens_the_chat_is_welcomed_where_a_welcome_is_set(viber: Viber) -> None:
    call = signed(viber.credentials, b'{"event": "conversation_started", "message_token": 2, "user": {"id": "x"}}')
    assert CONNECTOR.receive(viber.credentials, call, NOW).answer.body == b""
    answer = CONNECTOR.receive({**viber.credentials, "welcome": "Hello!"}, call, NOW).answer
    assert json.loads(answer.body) == {"sender": {"name": "Acme"}, "type": "text", "text": "Hello!"}


def test_a_callback_is_kept_with_its_bytes_and_one_without_json_is_malformed(viber: Viber) -> None:
    body = b'{ "event":"subscribed" }'
    (delivery,) = CONNECTOR.receive(viber.credentials, signed(viber.credentials, body), NOW).deliveries
    assert delivery.raw == body
    with pytest.raises(Malformed):
        CONNECTOR.receive(viber.credentials, signed(viber.credentials, b"no"), NOW)
    with pytest.raises(BadCredentials):
        CONNECTOR.verify(viber.credentials, signed({"token": "another"}, body))


# ---------------------------------------------------------------- send


def test_a_reply_carries_the_name_people_know(viber: Viber) -> None:
    known = {**viber.credentials, "sender_name": "The support people of Acme Corporation", "sender_avatar": "https://a"}
    CONNECTOR.send(known, REPLY)
    assert viber.sent == [
        {
            "receiver": CUSTOMER,
            "min_api_version": 1,
            "sender": {"name": "The support people of Acme C", "avatar": "https://a"},
            "type": "text",
            "text": "Good news",
        }
    ]
    with pytest.raises(BadCredentials, match="name"):
        CONNECTOR.send({**viber.credentials, "sender_name": " "}, REPLY)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (said(2, "invalidAuthToken"), BadCredentials),
        (said(9, "publicAccountSuspended"), BadCredentials),
        (said(10, "webhookNotSet"), BadCredentials),
        (said(3, "badData"), Rejected),
        (said(11, "receiverNoSuitableDevice"), Rejected),
        (said(24, "noBalance"), Rejected),
        (said(12, "tooManyRequests"), Transient),
        (said(-1, "generalError"), Transient),
        (Said(b"", 200), Transient),
        (Said(b"", 503), Transient),
        (Said({"status_message": "x"}, 429), Transient),
    ],
)
def test_each_refusal_is_the_error_that_fits(viber: Viber, answer: Said, kind: type[Exception]) -> None:
    viber.trouble = lambda _call: answer
    with pytest.raises(kind) as caught:
        CONNECTOR.send(viber.credentials, REPLY)
    assert TOKEN not in str(caught.value)


def test_somebody_who_left_the_bot_is_a_reason_people_understand(viber: Viber) -> None:
    with pytest.raises(Rejected, match="has not subscribed to the bot, or has left it"):
        CONNECTOR.send(viber.credentials, replace(REPLY, thread_key=GONE))


def test_files_and_replies_to_nobody_are_refused(viber: Viber) -> None:
    png = OutboundAttachment("a.png", "image/png", b"x")
    for message in (replace(REPLY, attachments=(png,)), replace(REPLY, thread_key=None, recipient="")):
        with pytest.raises(Rejected):
            CONNECTOR.send(viber.credentials, message)
    assert viber.calls == []


# ---------------------------------------------------------------- files and settings


def test_a_picture_is_fetched_guarded_and_without_the_token(viber: Viber) -> None:
    file = RemoteFile("a.jpg", "image/jpeg", url=f"{viber.url}/media/a.jpg")
    assert CONNECTOR.download(viber.credentials, file, lambda _address: True).data == b"\xff\xd8"
    with pytest.raises(Rejected):
        CONNECTOR.download(viber.credentials, file, lambda _address: False)


def test_a_picture_whose_hour_is_over_does_not_pause_the_channel(viber: Viber) -> None:
    for name in ("old.jpg", "none.jpg"):
        file = RemoteFile("a.jpg", "image/jpeg", url=f"{viber.url}/media/{name}")
        with pytest.raises(Rejected):
            CONNECTOR.download(viber.credentials, file, lambda _address: True)


def test_checking_tells_viber_whom_to_call(viber: Viber) -> None:
    assert CONNECTOR.check(viber.credentials).startswith("Signed in as Acme, 1,204 subscribers.")
    ((_, address),) = CONNECTOR.snippets("https://desk.acme.example", "t0k3n")
    CONNECTOR.check({**viber.credentials, "webhook": address})
    assert viber.webhook["url"] == "https://desk.acme.example/webhooks/viber/t0k3n"
    assert {"delivered", "seen", "failed"} <= set(viber.webhook["event_types"])
    with pytest.raises(Rejected, match="invalidUrl"):
        CONNECTOR.check({**viber.credentials, "webhook": "http://x.example"})
    with pytest.raises(BadCredentials):
        CONNECTOR.check({**viber.credentials, "token": "old"})


@pytest.mark.parametrize(
    ("content_type", "size", "text", "said"),
    [
        ("image/png", 5, "Look", {"type": "picture", "text": "Look"}),
        ("image/png", 1_000_001, "", {"type": "file", "size": 1_000_001, "file_name": "a"}),
        ("video/mp4", 5, "", {"type": "video", "size": 5}),
        ("application/pdf", 5, "", {"type": "file", "size": 5, "file_name": "a"}),
    ],
)
def test_a_file_leaves_as_an_address_that_viber_fetches(
    viber: Viber, content_type: str, size: int, text: str, said: dict[str, object]
) -> None:
    file = OutboundAttachment("a", content_type, b"x" * size, url="https://desk.acme.example/files/t0k3n/file.png")
    CONNECTOR.send(viber.credentials, replace(REPLY, text=text, attachments=(file,)))
    (sent,) = viber.sent
    assert sent["media"] == file.url
    assert said.items() <= sent.items()


def test_only_a_picture_goes_with_words(viber: Viber) -> None:
    pdf = OutboundAttachment("a.pdf", "application/pdf", b"x", url="https://desk.acme.example/files/t0k3n/file.png")
    with pytest.raises(Rejected, match="on its own"):
        CONNECTOR.send(viber.credentials, replace(REPLY, attachments=(pdf,)))
    assert viber.sent == []
