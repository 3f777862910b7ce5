"""Web chat: what a visitor sent becomes one message; who they are comes from us alone."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.base import Address, Identity, InboundMessage, OutboundMessage, RawDelivery
from connectors.errors import BadCredentials, Malformed
from connectors.origins import frame_ancestors, is_allowed, normal_origin, origins_of
from connectors.registry import connector_for
from connectors.webchat import is_signed_user

CHAT = connector_for("webchat")
CAPTURED = sorted((Path(__file__).parent.parent / "fixtures" / "webchat").glob("*.body"))
VISITOR = {"visitor": "0123456789abcdef", "email_verified": "0"}


def one(raw: bytes, external_id: str | None = "0123456789abcdef:c1", **meta: str) -> InboundMessage:
    received = datetime(2026, 11, 22, tzinfo=UTC)
    (message,) = CHAT.parse(RawDelivery(raw=raw, received_at=received, external_id=external_id, meta=meta))
    return message


@pytest.mark.parametrize("path", CAPTURED, ids=lambda path: path.stem)
def test_what_the_widget_really_sent_reads_as_expected(path: Path) -> None:
    expected = json.loads(path.with_suffix(".json").read_text())
    message = one(path.read_bytes(), **expected["meta"])
    assert message.text == expected["text"]
    assert [[f.filename, f.content_type, hashlib.sha256(f.data).hexdigest()] for f in message.attachments] == expected[
        "files"
    ]
    assert message.thread_key == expected["meta"]["visitor"]


def test_there_are_captured_requests() -> None:
    assert len(CAPTURED) >= 2


def test_an_anonymous_visitor_is_their_visitor_id_alone() -> None:
    message = one(b'{"type": "message", "client_id": "c1", "text": "Hello\\r\\nyou"}', **VISITOR)
    assert message.sender == Identity("visitor", "0123456789abcdef", "Visitor 0123")
    assert message.also == ()
    assert (message.text, message.thread_key, message.external_id) == (
        "Hello\nyou",
        "0123456789abcdef",
        "0123456789abcdef:c1",
    )


def test_a_customer_the_website_vouched_for_brings_a_verified_address() -> None:
    who = {
        "visitor": "v1",
        "name": "Ada",
        "email": "Ada@Example.com",
        "email_verified": "1",
        "page": "https://shop.example/a",
    }
    message = one(b'{"type": "message", "text": "hi"}', **who)
    assert message.also == (Identity("email", "ada@example.com", "Ada", verified=True),)
    assert message.sender.verified
    assert message.custom == {"page": "https://shop.example/a"}


def test_who_somebody_is_never_comes_from_what_they_sent() -> None:
    raw = b'{"type": "message", "text": "hi", "visitor": "other", "email": "boss@example.com", "email_verified": "1"}'
    message = one(raw, **VISITOR)
    assert message.sender == Identity("visitor", "0123456789abcdef", "Visitor 0123")
    assert message.also == ()


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b"null",
        b"{}",
        b'{"type": "message"}',
        b'{"type": "message", "text": 5}',
        b'{"type": "identify", "text": "x"}',
        b'{"type": "message", "text": " \\u0000 "}',
        b"\xff\xfe",
        b"[" * 100_000,
    ],
)
def test_unusable_bytes_are_malformed(raw: bytes) -> None:
    with pytest.raises(Malformed):
        one(raw, **VISITOR)


def test_without_a_visitor_nothing_is_a_message() -> None:
    with pytest.raises(Malformed):
        one(b'{"type": "message", "text": "hi"}')


@settings(max_examples=200, deadline=None)
@given(
    raw=st.binary(max_size=200),
    content_type=st.sampled_from(["application/json", "multipart/form-data; boundary=x", "x"]),
)
def test_any_bytes_give_a_message_or_malformed(raw: bytes, content_type: str) -> None:
    try:
        one(raw, **VISITOR, content_type=content_type)
    except Malformed:
        return


@settings(max_examples=100, deadline=None)
@given(text=st.text(min_size=1))
def test_any_text_arrives_in_a_form_the_database_holds(text: str) -> None:
    raw = json.dumps({"type": "message", "text": text}).encode()
    try:
        message = one(raw, **VISITOR)
    except Malformed:
        assert not text.replace("\0", "").strip()
        return
    assert "\0" not in message.text
    message.text.encode()


def test_sending_the_same_reply_twice_gives_the_same_receipt() -> None:
    reply = OutboundMessage(idempotency_key="reply-1", to=(Address("v1"),), text="Hi")
    assert CHAT.send({}, reply) == CHAT.send({}, reply)
    assert CHAT.send({}, reply).external_id == "reply-1"


def test_checking_names_a_line_that_is_no_website() -> None:
    assert CHAT.check({"origins": "https://shop.example"}) == "The chat can be shown on https://shop.example."
    assert CHAT.check({}) == "The chat is shown in the preview only."
    with pytest.raises(BadCredentials, match=r"'shop\.example'"):
        CHAT.check({"origins": "https://a.example\nshop.example"})


def signature(secret: str, user_id: str, email: str) -> str:
    return hmac.new(secret.encode(), f"{user_id}|{email}".encode(), hashlib.sha256).hexdigest()


def test_only_the_websites_own_signature_counts() -> None:
    good = signature("s3cret", "42", "ada@example.com")
    assert is_signed_user("s3cret", "42", "ada@example.com", good)
    assert is_signed_user("s3cret", "42", "ada@example.com", f" {good.upper()} ")
    for secret, user_id, email, given_signature in [
        ("other", "42", "ada@example.com", good),
        ("s3cret", "43", "ada@example.com", good),
        ("s3cret", "42", "eve@example.com", good),
        ("s3cret", "42", "ada@example.com", good[:-1] + ("0" if good[-1] != "0" else "1")),
        ("s3cret", "42", "ada@example.com", ""),
        ("s3cret", "42", "ada@example.com", "ü" * 64),
        ("", "42", "ada@example.com", signature("", "42", "ada@example.com")),
    ]:
        assert not is_signed_user(secret, user_id, email, given_signature)


def test_a_bar_in_the_id_cannot_move_the_border_between_id_and_address() -> None:
    assert not is_signed_user("s3cret", "4|2", "a@b.example", signature("s3cret", "4|2", "a@b.example"))


@pytest.mark.parametrize(
    ("line", "origin"),
    [
        ("https://Shop.Example/", "https://shop.example"),
        ("https://shop.example:443", "https://shop.example"),
        ("http://localhost:8000/path", "http://localhost:8000"),
        ("https://*.shop.example", "https://*.shop.example"),
        ("shop.example", ""),
        ("https://shop.example; script-src *", ""),
        ("https://shop.example *", ""),
        ("https://*", ""),
        ("javascript:alert(1)", ""),
        ("https://shop.example\r\nX: y", ""),
        ("", ""),
    ],
)
def test_origins_are_normalised_and_nothing_else_gets_into_a_header(line: str, origin: str) -> None:
    assert normal_origin(line) == origin


def test_which_origins_are_allowed() -> None:
    allowed = origins_of("https://shop.example\nhttps://*.acme.example\nnonsense\nhttps://shop.example")
    assert allowed == ("https://shop.example", "https://*.acme.example")
    for origin in ("https://shop.example", "https://www.acme.example", "https://a.b.acme.example"):
        assert is_allowed(origin, allowed)
    for origin in (
        "",
        "null",
        "http://shop.example",
        "https://shop.example.evil.example",
        "https://evilacme.example",
        "https://acme.example",
        "https://shop.example:8443",
        "https://evil.example/.acme.example#",
    ):
        assert not is_allowed(origin, allowed)
    assert frame_ancestors(allowed) == "'self' https://shop.example https://*.acme.example"
