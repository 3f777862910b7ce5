"""SMS by Twilio: calls become messages and states, missed ones are fetched, replies leave from the right number."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.base import Batch, InboundMessage, OutboundAttachment, RawDelivery, RemoteFile, WebRequest
from connectors.errors import BadCredentials, Malformed, Rejected, Transient
from connectors.sms import Pace, SmsConnector
from tests.connectors.test_contract import check_message
from tests.fakes.provider import Said, serving
from tests.fakes.sms import ADDRESS, CUSTOMER, OWN, REPLY, SID, STOPPED, TOKEN, Twilio, signed, signed_form, too_many

CONNECTOR = SmsConnector(Pace(look_seconds=0))
NOW = datetime(2026, 11, 22, tzinfo=UTC)
FORMS = [
    dict(parse_qsl(path.read_text(), keep_blank_values=True))
    for path in sorted((Path(__file__).parent.parent / "fixtures" / "sms").glob("*.body"))
    if not path.read_bytes().startswith((b"{", b"["))
]


@pytest.fixture
def twilio() -> Iterator[Twilio]:
    provider = Twilio()
    with serving(provider):
        yield provider


def parse(**fields: str) -> list[InboundMessage]:
    return CONNECTOR.parse(RawDelivery(urlencode(fields).encode(), NOW))


def listed(number: int, **more: Any) -> dict[str, Any]:
    sent = f"Sun, 22 Nov 2026 14:00:{number:02d} +0000"
    return {"sid": f"SM{number:032x}", "direction": "inbound", "body": f"missed {number}", "from": CUSTOMER, "to": OWN,
            "status": "received", "num_media": "0", "date_sent": sent, "date_created": sent, **more}  # fmt: skip


def first_full(twilio: Twilio) -> Batch:
    """Return the first batch with something in it."""
    batches = CONNECTOR.fetch(twilio.credentials, {"since": "2026-11-22T13:59:00+00:00"})
    return next(batch for batch in batches if batch.deliveries)


# ---------------------------------------------------------------- parse


def test_a_person_is_the_same_phone_by_sms_and_by_whatsapp_in_two_conversations() -> None:
    (sms,) = parse(MessageSid="SM1", From="+34600111222", To=OWN, Body="a")
    (whatsapp,) = parse(MessageSid="SM2", From="whatsapp:+34600111222", To="whatsapp:+14155238886", Body="b")
    assert sms.sender.kind == whatsapp.sender.kind == "phone"
    assert sms.sender.address == whatsapp.sender.address == "+34600111222"
    assert sms.thread_key != whatsapp.thread_key


def test_a_plus_that_was_not_encoded_is_found_again() -> None:
    raw = b"MessageSid=SM1&From=whatsapp:+34600111222&To=+15558675310&Body=a+b"
    (message,) = CONNECTOR.parse(RawDelivery(raw, NOW))
    assert (message.sender.kind, message.sender.address) == ("phone", "+34600111222")
    assert message.thread_key == "whatsapp:+34600111222 +15558675310"


def test_a_page_of_the_api_is_read_message_by_message() -> None:
    page = json.dumps({"messages": [listed(2), listed(1)], "page": 0, "next_page_uri": None}).encode()
    assert [message.text for message in CONNECTOR.parse(RawDelivery(page, NOW))] == ["missed 2", "missed 1"]


def test_each_state_is_an_event_of_its_own_about_the_reply() -> None:
    states = [parse(MessageSid="SM9", MessageStatus=state, To=CUSTOMER, From=OWN) for state in ("sent", "delivered")]
    assert [message.external_id for (message,) in states] == ["SM9:sent", "SM9:delivered"]
    assert {message.target for (message,) in states} == {"SM9"}


def test_a_message_without_an_id_keeps_one_made_of_what_it_says() -> None:
    ids = [parse(From=CUSTOMER, To=OWN, Body=body)[0].external_id for body in ("a", "a", "b")]
    assert ids[0] == ids[1] != ids[2]


def test_what_a_customer_says_of_stopping_is_no_withdrawal_unless_it_is_the_word_alone() -> None:
    words = {"STOP": "withdrawn", "Quit!": "withdrawn", "stop it": None, "START": "given", "yes": "given", "no": None}
    for body, wanted in words.items():
        (message,) = parse(MessageSid="SM1", From=CUSTOMER, To=OWN, Body=body)
        assert message.custom.get("consent") == wanted
        assert message.text == body


@pytest.mark.parametrize("raw", [b"", b"x", b"a=b&c=d", b"{}", b"[{}]", b"{", b"\xff\xfe", b"MessageSid=SM1", b"[1]"])
def test_what_is_no_call_of_twilio_is_malformed(raw: bytes) -> None:
    with pytest.raises(Malformed):
        CONNECTOR.parse(RawDelivery(raw, NOW))


@settings(max_examples=100, deadline=None)
@given(form=st.sampled_from(FORMS), choose=st.data())
def test_damaged_calls_give_whole_messages_or_malformed(form: dict[str, str], choose: st.DataObject) -> None:
    odd = st.sampled_from(["", "\0", "９９", "-1", "9" * 30, "whatsapp:", "https://[", "\r\n"])
    kept = {key: choose.draw(odd) if choose.draw(st.integers(0, 5)) == 0 else value for key, value in form.items()}
    dropped = choose.draw(st.sets(st.sampled_from(sorted(kept)), max_size=5))
    try:
        for message in parse(**{key: value for key, value in kept.items() if key not in dropped}):
            check_message(message)
    except Malformed as error:
        assert error.reason  # noqa: PT017 - one of two allowed ends


# ---------------------------------------------------------------- calls

BODY = urlencode({"MessageSid": "SM1", "From": CUSTOMER, "To": OWN, "Body": "a+b & c=d é", "NumMedia": "0"}).encode()


def test_a_signed_form_is_taken_and_answered_with_nothing_to_say(twilio: Twilio) -> None:
    call = signed_form(twilio.credentials, BODY)
    CONNECTOR.verify(twilio.credentials, call)
    received = CONNECTOR.receive(twilio.credentials, call, NOW)
    assert received.answer.content_type == "text/xml"
    assert received.answer.body.endswith(b"<Response/>")
    assert [message.text for message in CONNECTOR.parse(received.deliveries[0])] == ["a+b & c=d é"]


def test_a_form_with_another_field_address_or_token_is_refused(twilio: Twilio) -> None:
    call = signed_form(twilio.credentials, BODY)
    for other in (
        replace(call, body=BODY + b"&More=x"),
        replace(call, body=BODY.replace(b"SM1", b"SM2")),
        replace(call, url=ADDRESS + "?x=1"),
        replace(call, headers={}),
    ):
        with pytest.raises(BadCredentials):
            CONNECTOR.verify(twilio.credentials, other)
    with pytest.raises(BadCredentials):
        CONNECTOR.verify({**twilio.credentials, "auth_token": "another"}, call)
    CONNECTOR.verify(twilio.credentials, replace(call, url=ADDRESS.replace("example/", "example:443/")))


def test_a_call_by_get_is_read_from_its_address(twilio: Twilio) -> None:
    query = dict(parse_qsl(BODY.decode()))
    call = WebRequest("GET", "/", query, {}, b"", url=ADDRESS)
    (delivery,) = CONNECTOR.receive(twilio.credentials, call, NOW).deliveries
    assert CONNECTOR.parse(delivery)[0].external_id == "SM1"


def test_a_body_that_is_no_form_is_signed_by_its_hash(twilio: Twilio) -> None:
    CONNECTOR.verify(twilio.credentials, signed(twilio.credentials, b'{"a": 1}'))


# ---------------------------------------------------------------- fetch


def test_a_first_run_begins_now(twilio: Twilio) -> None:
    batch = next(CONNECTOR.fetch(twilio.credentials, {}))
    assert batch.deliveries == ()
    assert batch.cursor
    assert twilio.calls == []


def test_what_calls_missed_comes_oldest_first_over_all_pages(twilio: Twilio) -> None:
    twilio.messages = [listed(n) for n in (5, 4, 3)] + [listed(9, direction="outbound-api"), listed(2), listed(1)]
    batch = first_full(twilio)
    heard = [CONNECTOR.parse(delivery)[0] for delivery in batch.deliveries]
    assert [message.text for message in heard] == [f"missed {n}" for n in (1, 2, 3, 4, 5)]
    assert batch.cursor == {"since": "2026-11-22T14:00:05+00:00"}
    assert twilio.heard("GET", ".*/Messages.json")[0].query["DateSent>"] == "2026-11-22T13:49:00Z"


def test_messages_to_other_numbers_of_the_account_are_left_to_their_channels(twilio: Twilio) -> None:
    twilio.messages = [listed(3, to="+15550009999"), listed(2, messaging_service_sid="MG1"), listed(1)]
    since = {"since": "2026-11-22T13:59:00+00:00"}

    def missed(**known: str) -> list[str]:
        batches = islice(CONNECTOR.fetch({**twilio.credentials, **known}, since), 8)
        return [CONNECTOR.parse(delivery)[0].text for batch in batches for delivery in batch.deliveries]

    assert missed()[:2] == ["missed 1", "missed 2"]
    assert set(missed(number="", messaging_service="MG1")) == {"missed 2"}
    assert missed(number="") == []


def test_a_missed_message_is_the_same_as_the_call_that_came_late(twilio: Twilio) -> None:
    twilio.messages = [listed(1)]
    batch = first_full(twilio)
    (by_call,) = parse(MessageSid=f"SM{1:032x}", From=CUSTOMER, To=OWN, Body="missed 1", SmsStatus="received")
    (by_list,) = CONNECTOR.parse(batch.deliveries[0])
    assert (by_call.external_id, by_call.thread_key) == (by_list.external_id, by_list.thread_key)


def test_files_of_a_missed_message_come_with_it_and_are_fetched_without_telling_others_who_we_are(
    twilio: Twilio,
) -> None:
    twilio.messages = [listed(1, num_media="1")]
    twilio.media["ME7"] = ("image/png", b"\x89PNG")
    batch = first_full(twilio)
    (message,) = CONNECTOR.parse(batch.deliveries[0])
    assert message.kind == "image"
    found = CONNECTOR.download(twilio.credentials, message.remote_files[0], lambda _address: True)
    assert (found.content_type, found.data) == ("image/png", b"\x89PNG")


def test_an_empty_batch_between_looks_and_none_where_it_is_switched_off(twilio: Twilio) -> None:
    batches = list(islice(CONNECTOR.fetch(twilio.credentials, {"since": "2026-11-22T13:59:00+00:00"}), 3))
    assert all(batch.deliveries == () for batch in batches)
    assert list(CONNECTOR.fetch({**twilio.credentials, "fetches_missed": False}, {})) == []


# ---------------------------------------------------------------- files


def test_a_file_elsewhere_is_fetched_only_where_it_may_be_and_without_our_name(twilio: Twilio) -> None:
    twilio.media["ME7"] = ("image/png", b"\x89PNG")
    elsewhere = RemoteFile("a.png", "image/png", url=f"{twilio.url.replace('127.0.0.1', 'localhost')}/cdn/ME7")
    assert CONNECTOR.download(twilio.credentials, elsewhere, lambda _address: True).data == b"\x89PNG"
    with pytest.raises(Rejected):
        CONNECTOR.download(twilio.credentials, elsewhere, lambda _address: False)


def test_a_file_that_is_gone_is_refused_for_good(twilio: Twilio) -> None:
    gone = RemoteFile("a", "image/png", url=f"{twilio.url}/2010-04-01/Accounts/{SID}/Messages/MM1/Media/ME0")
    with pytest.raises(Rejected):
        CONNECTOR.download(twilio.credentials, gone, lambda _address: True)


# ---------------------------------------------------------------- send


def test_a_reply_leaves_from_the_number_that_was_written_to(twilio: Twilio) -> None:
    answer = replace(REPLY, thread_key="whatsapp:+34600111222 whatsapp:+14155238886")
    receipt = CONNECTOR.send({**twilio.credentials, "webhook": ADDRESS}, answer)
    assert receipt.external_id.startswith("SM")
    assert twilio.sent == [
        {
            "To": "whatsapp:+34600111222",
            "From": "whatsapp:+14155238886",
            "Body": "Good news",
            "StatusCallback": ADDRESS,
        }
    ]


def test_without_a_thread_the_channels_own_number_or_service_sends(twilio: Twilio) -> None:
    fresh = replace(REPLY, thread_key=None)
    CONNECTOR.send(twilio.credentials, fresh)
    CONNECTOR.send({**twilio.credentials, "messaging_service": "MG1"}, fresh)
    assert twilio.sent[0]["From"] == OWN
    assert (twilio.sent[1]["MessagingServiceSid"], "From" in twilio.sent[1]) == ("MG1", False)
    with pytest.raises(BadCredentials, match="number"):
        CONNECTOR.send({**twilio.credentials, "number": ""}, fresh)


def test_a_recipient_who_said_stop_is_a_reason_people_understand(twilio: Twilio) -> None:
    with pytest.raises(Rejected, match="has unsubscribed by STOP"):
        CONNECTOR.send(twilio.credentials, replace(REPLY, thread_key=f"{STOPPED} {OWN}"))


def test_files_and_replies_to_nobody_are_refused_before_anything_is_sent(twilio: Twilio) -> None:
    pdf = OutboundAttachment("a.pdf", "application/pdf", b"%PDF")
    for message in (replace(REPLY, attachments=(pdf,)), replace(REPLY, thread_key=None, recipient="")):
        with pytest.raises(Rejected):
            CONNECTOR.send(twilio.credentials, message)
    assert twilio.sent == []


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (Said({"code": 20003, "message": "Authenticate", "status": 401}, 401), BadCredentials),
        (Said({"code": 20429, "message": "Too many", "status": 429}, 429), Transient),
        (Said({"code": 20500, "message": "Oops", "status": 500}, 500), Transient),
        (Said(b"<html>", 503), Transient),
        (Said({"code": 21211, "message": "Invalid 'To'", "status": 400}, 400), Rejected),
        (Said({"code": 63038, "message": "Exceeded the daily limit", "status": 403}, 403), Rejected),
    ],
)
def test_each_refusal_is_the_error_that_fits(twilio: Twilio, said: Said, kind: type[Exception]) -> None:
    twilio.trouble = lambda _call: said
    with pytest.raises(kind) as caught:
        CONNECTOR.send(twilio.credentials, REPLY)
    assert TOKEN not in str(caught.value)


def test_a_limit_of_calls_says_when_to_come_again(twilio: Twilio) -> None:
    twilio.trouble = lambda _call: too_many()
    with pytest.raises(Transient) as caught:
        CONNECTOR.send(twilio.credentials, REPLY)
    assert caught.value.retry_after_seconds == 9


def test_checking_names_the_account(twilio: Twilio) -> None:
    assert CONNECTOR.check(twilio.credentials) == "Signed in to Acme (active)."
    with pytest.raises(BadCredentials):
        CONNECTOR.check({**twilio.credentials, "auth_token": "wrong"})
    assert CONNECTOR.address(twilio.credentials) == OWN


def test_files_leave_as_addresses_that_twilio_fetches(twilio: Twilio) -> None:
    png = OutboundAttachment("a.png", "image/png", b"x", url="https://desk.acme.example/files/t0k3n/file.png")
    CONNECTOR.send(twilio.credentials, replace(REPLY, attachments=(png, png)))
    CONNECTOR.send(twilio.credentials, replace(REPLY, text="", attachments=(png,)))
    assert [(sent.get("Body", ""), sent["media"]) for sent in twilio.sent] == [
        ("Good news", f"{png.url} {png.url}"),
        ("", png.url),
    ]


def test_whatsapp_takes_one_file_in_a_message(twilio: Twilio) -> None:
    png = OutboundAttachment("a.png", "image/png", b"x", url="https://desk.acme.example/files/t0k3n/file.png")
    with pytest.raises(Rejected, match="one file"):
        CONNECTOR.send(
            twilio.credentials, replace(REPLY, thread_key=f"whatsapp:{CUSTOMER} {OWN}", attachments=(png, png))
        )
    assert twilio.sent == []
