"""What every kind of channel must keep, run over the registry.

Captured payloads lie in tests/fixtures/KIND/: NAME.eml or NAME.body is what arrived, NAME.json beside it holds its
`meta` where there is any, NAME.expected.json is the whole result. To write the expected result of a new capture, run
this file as a program (`python -m tests.connectors.test_contract`) and read what it wrote before you commit it.

What each kind sends to, and how its provider signs calls, is told by its module in tests/fakes/ (see provider.py there).
How a kind maps its provider's refusals is tested beside it (test_mail_send.py).
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import UTC, datetime
from hashlib import sha256
from importlib import import_module
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import Any, get_args

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from connectors.base import (
    Auto,
    InboundMessage,
    MessageKind,
    OutboundMessage,
    RawDelivery,
    WebRequest,
)
from connectors.errors import BadCredentials, ConnectorError, Malformed, Rejected
from connectors.protocol import Connector
from connectors.registry import connector_for, kinds
from tests.connectors.broken import broken, places
from tests.fakes.mail import mail_credentials
from tests.smtp import SmtpServer

FIXTURES = Path(__file__).parent.parent / "fixtures"
CAPTURED = sorted(path for kind in kinds() for path in (FIXTURES / kind).glob("*") if path.suffix in {".eml", ".body"})
RARELY = {"until": None, "deleted_by": "customer"}  # what few have is left out of the others' results
NAIVE_DEFAULTS = {
    "text": str,
    "secret": str,
    "lines": str,
    "choice": str,
    "integer": int,
    "boolean": bool,
    "kept": type(None),
}
HEAVY = ("imapclient", "inscriptis", "nh3", "icalendar", "charset_normalizer", "authres", "httpx", "lxml")

every_kind = pytest.mark.parametrize("kind", kinds())
every_capture = pytest.mark.parametrize("path", CAPTURED, ids=lambda path: f"{path.parent.name}-{path.stem}")


def delivery_of(path: Path) -> RawDelivery:
    beside = path.with_suffix(".json")
    meta = json.loads(beside.read_text("utf-8"))["meta"] if beside.exists() else {}
    return RawDelivery(path.read_bytes(), datetime(2026, 11, 22, tzinfo=UTC), external_id="captured:1", meta=meta)


def parsed(path: Path) -> list[InboundMessage]:
    return connector_for(path.parent.name).parse(delivery_of(path))


def as_json(message: InboundMessage) -> Any:
    """Everything a message holds; files by size and hash."""

    def plain(value: Any) -> Any:
        if isinstance(value, bytes):
            return {"bytes": len(value), "sha256": sha256(value).hexdigest()}
        return value.isoformat()

    told = {name: value for name, value in asdict(message).items() if value != RARELY.get(name, ...)}
    return json.loads(json.dumps(told, default=plain, ensure_ascii=False))


# ---------------------------------------------------------------- the connectors themselves


@every_kind
def test_a_kind_is_what_the_registry_calls_it(kind: str) -> None:
    connector: Connector = connector_for(kind)
    assert connector.kind == kind
    assert connector.label
    assert connector.capabilities.push or connector.capabilities.pull
    assert connector_for(kind) is connector


@every_kind
def test_the_settings_form_is_sane(kind: str) -> None:
    form = connector_for(kind).settings
    keys = [setting.key for setting in form]
    assert len(keys) == len(set(keys))
    for setting in form:
        assert setting.key.isidentifier()
        assert setting.label
        assert (setting.kind == "choice") == bool(setting.choices)
        assert setting.default is None or type(setting.default) is NAIVE_DEFAULTS[setting.kind]
        assert not setting.choices or setting.default in {value for value, _ in setting.choices}
        sounds_secret = any(word in setting.key for word in ("password", "secret", "private", "api_key"))
        assert (setting.kind in {"secret", "kept"}) or not sounds_secret
        assert setting.kind != "secret" or setting.default is None


@every_kind
def test_nothing_but_our_errors_comes_from_empty_or_odd_credentials(kind: str) -> None:
    connector = connector_for(kind)
    for credentials in ({}, {setting.key: "\0 \r\n" for setting in connector.settings}):
        for step in (connector.check, lambda known: list(islice(connector.fetch(known, {}), 1))):
            try:
                step(credentials)
            except ConnectorError as error:
                assert error.reason.endswith((".", "!", "?", ")"))  # noqa: PT017 - one of several allowed ends


@every_kind
def test_what_is_not_pulled_yields_nothing_and_what_is_not_pushed_refuses_requests(kind: str) -> None:
    connector = connector_for(kind)
    if not connector.capabilities.pull:
        assert list(connector.fetch({}, {})) == []
    if not connector.capabilities.push:
        with pytest.raises(BadCredentials):
            connector.verify({}, WebRequest("POST", "/", {}, {}, b"{}"))


def test_the_registry_loads_no_library_of_a_provider() -> None:
    program = (
        "import sys; from connectors.registry import connector_for, kinds; [connector_for(kind) for kind in kinds()];"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# ---------------------------------------------------------------- parse


@every_kind
def test_every_kind_has_captured_payloads(kind: str) -> None:
    assert sum(path.parent.name == kind for path in CAPTURED) >= 2


@every_capture
def test_a_captured_payload_becomes_exactly_what_is_expected(path: Path) -> None:
    expected = json.loads(path.with_suffix(".expected.json").read_text("utf-8"))
    assert [as_json(message) for message in parsed(path)] == expected


@every_capture
def test_parsing_twice_gives_the_same(path: Path) -> None:
    assert parsed(path) == parsed(path)


@every_capture
def test_messages_are_whole(path: Path) -> None:
    for message in parsed(path):
        check_message(message)


def check_message(message: InboundMessage) -> None:
    """The promises of connectors/base.py that types cannot make."""
    assert message.external_id
    assert message.sender.address
    assert message.sender.kind.isidentifier()
    assert message.auto in get_args(Auto)
    assert message.sent_at is None or message.sent_at.tzinfo is not None
    assert not any(sign in message.external_id + message.subject for sign in "\r\n")
    texts = [message.external_id, message.subject, message.text, message.quoted, message.signature, message.html or ""]
    texts += [message.sender.address, message.sender.name, *message.references, *message.custom.values()]
    texts += [text for file in message.attachments for text in (file.filename, file.content_type)]
    texts += [
        text for file in message.remote_files for text in (file.filename, file.content_type, file.url, file.media_id)
    ]
    texts += [message.reaction, message.status_reason, message.url, message.target or "", message.thread_key or ""]
    assert message.kind in get_args(MessageKind)
    is_failure_notice = message.auto == "bounce" and message.status == "failed"
    assert message.until is None or (
        message.kind == "status" and not message.target and message.until.tzinfo is not None
    )
    assert bool(message.target or message.until) is (
        message.kind in {"edit", "delete", "reaction", "status"} or is_failure_notice
    )
    assert bool(message.status) is (message.kind == "status" or is_failure_notice)
    assert all(file.url or file.media_id for file in message.remote_files)
    for text in texts:
        assert "\0" not in text  # PostgreSQL refuses it
        text.encode("utf-8")  # half surrogates do not encode


LIKE_MAIL = st.lists(
    st.sampled_from([
        b"From: a@b.example\r\n", b"Subject: x\r\n", b"Content-Type: multipart/mixed; boundary=q\r\n", b"\r\n", b"--q\r\n", b"--q--\r\n",
        b"Content-Type: text/html; charset=undefined\r\n", b"Content-Transfer-Encoding: base64\r\n", b"=?utf-8?q?=ff?=", b"Date: never\r\n",
        b"Content-Type: message/rfc822\r\n", b"Message-ID: <>\r\n", b"> quoted\r\n", b"\x00", b"\xff\xfe",
    ]) | st.binary(max_size=40),
    max_size=20,
).map(b"".join)  # fmt: skip
KEYS = [
    "id",
    "from",
    "subject",
    "text",
    "html",
    "attachments",
    "sent_at",
    "message",
    "email",
    "name",
    "auto",
    "kind",
    "address",
    "files",
]
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["2026-11-22T10:00:00", "\ud800", "a\0b"])
)
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=6)
)
LIKE_JSON = st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=8).map(lambda value: json.dumps(value).encode())
UNCLEAN = b"""{"from": {"address": "x\\ud800"}, "email": "a@b.example", "text": "\\ud800\\u0000x", "message": "\\ud800\\u0000x"}"""
META = st.sampled_from([
    {}, {"content_type": "application/json"}, {"content_type": "message/rfc822"}, {"content_type": "multipart/form-data; boundary=q"},
    {"content_type": "application/x-www-form-urlencoded"}, {"content_type": "text/\0; charset=undefined"},
])  # fmt: skip


@every_kind
@example(raw=UNCLEAN, meta={"content_type": "application/json"})
@given(raw=st.binary(max_size=400) | LIKE_MAIL | LIKE_JSON, meta=META)
@settings(max_examples=80, deadline=None)
def test_any_bytes_give_messages_or_malformed_and_nothing_else(kind: str, raw: bytes, meta: dict[str, str]) -> None:
    delivery = RawDelivery(raw, datetime(2026, 11, 22, tzinfo=UTC), external_id="any:1", meta=meta)
    try:
        messages = connector_for(kind).parse(delivery)
    except Malformed as error:
        assert error.reason  # noqa: PT017 - one of two allowed ends
        return
    assert connector_for(kind).parse(delivery) == messages
    for message in messages:
        check_message(message)


OTHERS: tuple[Any, ...] = ([], {}, 7)


@every_capture
def test_no_value_of_another_type_breaks_a_parser(path: Path) -> None:
    """Each single value of a captured payload in turn is a list, an object, a number: messages or Malformed."""
    try:
        payload = json.loads(path.read_bytes())
    except ValueError:
        return  # not JSON: a mail, a form
    delivery, connector = delivery_of(path), connector_for(path.parent.name)
    for place in places(payload):
        for odd in OTHERS:
            raw = json.dumps(broken(payload, place, odd)).encode()
            try:
                connector.parse(replace(delivery, raw=raw))
            except Malformed:
                continue


@every_kind
def test_depth_and_size_do_not_break_a_parser(kind: str) -> None:
    for raw in (b"[" * 200_000, b'{"from":' * 50_000, b"{" + b'"a":1,' * 100_000, b"9" * 50_000, b"\n" * 500_000):
        for meta in ({}, {"content_type": "application/json"}):
            try:
                connector_for(kind).parse(
                    RawDelivery(raw, datetime(2026, 11, 22, tzinfo=UTC), external_id="x:1", meta=meta)
                )
            except Malformed:
                continue


# ---------------------------------------------------------------- send


def fake(kind: str) -> ModuleType:
    return import_module(f"tests.fakes.{kind}")


@every_kind
def test_sending_the_same_key_twice_gives_the_same_receipt(kind: str) -> None:
    connector = connector_for(kind)
    if not connector.capabilities.send:
        with pytest.raises(Rejected):
            connector.send({}, OutboundMessage("reply-77", (), "Good news"))
        return
    with fake(kind).running() as credentials:
        receipts = [connector.send(credentials, fake(kind).REPLY) for _ in range(2)]
    assert receipts[0].external_id
    assert connector.capabilities.idempotent_send is (receipts[0].external_id == receipts[1].external_id)


@every_kind
def test_a_call_with_one_flipped_bit_is_refused(kind: str) -> None:
    """Where the provider signs its calls; a form and a chat are posted by people, who sign nothing."""
    if not hasattr(fake(kind), "signed"):
        assert not connector_for(kind).capabilities.push or kind in {"webform", "webchat", "sandbox"}
        return
    with fake(kind).running() as credentials:
        body = b'{"said": "hello"}' * 3
        call: WebRequest = fake(kind).signed(credentials, body)
        connector_for(kind).verify(credentials, call)
        signs_the_body = getattr(fake(kind), "SIGNS_THE_BODY", True)  # False: a shared secret travels in a header
        for place in (0, len(call.body) // 2, len(call.body) - 1) if signs_the_body else ():
            flipped = bytearray(call.body)
            flipped[place] ^= 1
            with pytest.raises(BadCredentials):
                connector_for(kind).verify(credentials, replace(call, body=bytes(flipped)))
        with pytest.raises(BadCredentials):
            connector_for(kind).verify(credentials, replace(call, headers={}, query={}))
        with pytest.raises(BadCredentials):
            connector_for(kind).verify({}, call)


def test_a_reply_finds_its_way_back_by_token_and_message_id(smtp_server: SmtpServer) -> None:
    token = "k3jx9abcdefghijklmnopqrstuvw"
    message = replace(fake("mail").REPLY, reply_token=token)
    receipt = connector_for("mail").send(mail_credentials(smtp_server), message)
    sent = smtp_server.wait_for(1)[0].mail
    answer = f"From: ana@example.com\r\nTo: {sent['Reply-To']}\r\nIn-Reply-To: {sent['Message-ID']}\r\n\r\nThanks\r\n"
    (heard,) = connector_for("mail").parse(RawDelivery(answer.encode(), datetime.now(UTC)))
    assert heard.tokens == (token,)
    assert heard.in_reply_to == receipt.external_id


def write_expected(say: Callable[[str], None]) -> None:
    for path in CAPTURED:
        target = path.with_suffix(".expected.json")
        text = json.dumps([as_json(message) for message in parsed(path)], ensure_ascii=False, indent=1) + "\n"
        if not target.exists() or target.read_text("utf-8") != text:
            target.write_text(text, "utf-8")
            say(str(target))


if __name__ == "__main__":
    write_expected(print)
