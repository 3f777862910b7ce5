"""SMS by Vonage: signed calls become messages and states, replies leave by the channel they answer."""

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

from connectors.base import InboundMessage, OutboundAttachment, OutboundMessage, RawDelivery, RemoteFile
from connectors.errors import BadCredentials, Malformed, Rejected, Transient
from connectors.registry import connector_for
from tests.connectors.broken import ODD, broken, places
from tests.connectors.test_contract import check_message
from tests.fakes.provider import Said, serving
from tests.fakes.sms_vonage import CUSTOMER, OWN, SECRET, Vonage, problem, signed

CONNECTOR = connector_for("sms")
NOW = datetime(2026, 11, 22, tzinfo=UTC)
FIXTURES = sorted((Path(__file__).parent.parent / "fixtures" / "sms").glob("vonage_*.body"))
REPLY = OutboundMessage("reply-77", (), "Good news", recipient=CUSTOMER, thread_key=f"{CUSTOMER} {OWN}")


@pytest.fixture
def vonage() -> Iterator[Vonage]:
    provider = Vonage()
    with serving(provider):
        yield provider


def parse(said: object) -> list[InboundMessage]:
    return CONNECTOR.parse(RawDelivery(json.dumps(said).encode(), NOW))


def test_a_reply_to_a_message_goes_back_to_its_number_and_channel(vonage: Vonage) -> None:
    for channel, shown in (("sms", CUSTOMER), ("whatsapp", f"whatsapp:{CUSTOMER}")):
        call = {"message_uuid": "u", "channel": channel, "from": "447700900001", "to": "447700900000", "text": "hi",
                "message_type": "text"}  # fmt: skip
        (message,) = parse(call)
        assert (message.sender.kind, message.sender.address) == ("phone", CUSTOMER)
        assert (message.thread_key or "").startswith(f"{shown} ")
        CONNECTOR.send(vonage.credentials, replace(REPLY, thread_key=message.thread_key))
    wanted = {"to": "447700900001", "from": "447700900000", "message_type": "text", "text": "Good news"}
    assert vonage.sent == [{**wanted, "channel": "sms"}, {**wanted, "channel": "whatsapp"}]


def test_a_call_is_taken_only_with_the_right_signature_over_its_body(vonage: Vonage) -> None:
    body = b'{"message_uuid": "u", "from": "447700900001"}'
    CONNECTOR.verify(vonage.credentials, signed(body))
    received = CONNECTOR.receive(vonage.credentials, signed(body), NOW)
    assert (received.deliveries[0].raw, received.answer.body) == (body, b"")
    wrong = [
        replace(signed(body), body=body + b" "),
        signed(body, secret="another"),
        signed(body, alg="none"),
        signed(body, payload_hash=""),
        replace(signed(body), headers={}),
        replace(signed(body), headers={"authorization": "Bearer "}),
        replace(signed(body), headers={"authorization": "Bearer ..é"}),
        replace(
            signed(body), headers={"authorization": signed(body).headers["authorization"].replace("Bearer", "Basic")}
        ),
    ]
    for call in wrong:
        with pytest.raises(BadCredentials):
            CONNECTOR.verify(vonage.credentials, call)
    with pytest.raises(BadCredentials):
        CONNECTOR.verify({**vonage.credentials, "signature_secret": ""}, signed(body))


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (problem(401, "Unauthorised", "You did not provide correct credentials."), BadCredentials),
        (problem(402, "Low balance", "Your balance is low."), Rejected),
        (problem(403, "Forbidden", "Not allowed."), Rejected),
        (problem(422, "Invalid params", "The value of one or more parameters is invalid."), Rejected),
        (problem(429, "Throttled", "Please wait."), Transient),
        (problem(500, "Internal error", "Oops."), Transient),
        (Said({}, 202), Rejected),
    ],
)
def test_each_refusal_is_the_error_that_fits(vonage: Vonage, said: Said, kind: type[Exception]) -> None:
    vonage.trouble = lambda _call: said
    with pytest.raises(kind) as caught:
        CONNECTOR.send(vonage.credentials, REPLY)
    assert SECRET not in str(caught.value)


def test_files_unknown_numbers_and_missing_settings_are_refused_before_anything_is_sent(vonage: Vonage) -> None:
    pdf = OutboundAttachment("a.pdf", "application/pdf", b"%PDF")
    for message in (replace(REPLY, attachments=(pdf,)), replace(REPLY, thread_key=None, recipient="")):
        with pytest.raises(Rejected):
            CONNECTOR.send(vonage.credentials, message)
    with pytest.raises(BadCredentials, match="number"):
        CONNECTOR.send({**vonage.credentials, "number": ""}, replace(REPLY, thread_key=None))
    with pytest.raises(BadCredentials, match="API key"):
        CONNECTOR.send({**vonage.credentials, "auth_token": ""}, REPLY)
    assert vonage.calls == []


def test_a_file_is_fetched_where_it_may_be_and_the_key_stays_with_vonage(vonage: Vonage) -> None:
    own = RemoteFile("a.jpg", "application/octet-stream", url=f"{vonage.url}/media/a.jpg")
    found = CONNECTOR.download(vonage.credentials, own, lambda _address: True)
    assert (found.content_type, found.data) == ("image/jpeg", b"\xff\xd8")
    elsewhere = replace(own, url=own.url.replace("127.0.0.1", "localhost"))
    with pytest.raises(Rejected, match="401"):  # the other host asked for a key, and was given none
        CONNECTOR.download(vonage.credentials, elsewhere, lambda _address: True)
    with pytest.raises(Rejected):
        CONNECTOR.download(vonage.credentials, elsewhere, lambda _address: False)


def test_checking_signs_in_and_nothing_is_polled(vonage: Vonage) -> None:
    assert CONNECTOR.check(vonage.credentials) == "Signed in to Vonage (3 applications)."
    assert list(CONNECTOR.fetch(vonage.credentials, {})) == []
    with pytest.raises(BadCredentials):
        CONNECTOR.check({**vonage.credentials, "auth_token": "wrong"})


@settings(max_examples=100, deadline=None)
@given(path=st.sampled_from(FIXTURES), choose=st.data(), by=ODD)
def test_damaged_calls_give_whole_messages_or_malformed(path: Path, choose: st.DataObject, by: Any) -> None:
    said = json.loads(path.read_bytes())
    there = choose.draw(st.sampled_from(places(said)))
    try:
        for message in parse(broken(said, there, by)):
            check_message(message)
    except Malformed as error:
        assert error.reason  # noqa: PT017 - one of two allowed ends


def test_a_file_makes_a_text_message_an_mms_and_stays_whatsapp(vonage: Vonage) -> None:
    png = OutboundAttachment("a.png", "image/png", b"x", url="https://desk.acme.example/files/t0k3n/file.png")
    pdf = replace(png, filename="a.pdf", content_type="application/pdf")
    CONNECTOR.send(vonage.credentials, replace(REPLY, attachments=(png,)))
    CONNECTOR.send(
        vonage.credentials,
        replace(REPLY, text="", thread_key="whatsapp:+447700900001 +447700900000", attachments=(pdf,)),
    )
    mms, whatsapp = vonage.sent
    assert (mms["channel"], mms["message_type"]) == ("mms", "image")
    assert mms["image"] == {"url": png.url, "caption": REPLY.text}
    assert (whatsapp["channel"], whatsapp["file"]) == ("whatsapp", {"url": pdf.url, "name": "a.pdf"})


def test_what_no_mms_takes_is_refused(vonage: Vonage) -> None:
    pdf = OutboundAttachment("a.pdf", "application/pdf", b"x", url="https://desk.acme.example/files/t0k3n/file.png")
    card = replace(pdf, content_type="text/vcard")
    for files in ((pdf,), (card,), (card, card)):  # no PDF; no words beside a card; one file
        with pytest.raises(Rejected):
            CONNECTOR.send(vonage.credentials, replace(REPLY, attachments=files))
    assert vonage.sent == []
