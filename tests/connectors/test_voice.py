"""Telephone calls: what ended is logged once, readably; callbacks are signed; recordings come with the account's name."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors import _http
from connectors._twilio_signing import twilio_signature
from connectors.base import InboundMessage, RawDelivery, RemoteFile, WebRequest
from connectors.errors import BadCredentials, ConnectorError, Malformed, Rejected, Transient
from connectors.registry import connector_for
from tests.connectors.test_contract import check_message
from tests.fakes.provider import Said
from tests.fakes.voice import ACCOUNT, MP3, SECRET, TOKEN, Twilio, credentials_for, twilio

VOICE = connector_for("voice")
FIXTURES = Path(__file__).parent.parent / "fixtures" / "voice"
NOW = datetime(2026, 11, 22, tzinfo=UTC)
URL = "https://desk.example/webhooks/voice/tok"
KNOWN = {"secret": SECRET, "auth_token": TOKEN}


@pytest.fixture(name="provider")
def _provider() -> Iterator[Twilio]:
    with twilio() as running:
        yield running


def callback(fields: dict[str, str], url: str = URL, signed_as: str = "") -> WebRequest:
    made = twilio_signature(TOKEN, signed_as or url, list(fields.items()))
    query = dict(parse_qsl(url.partition("?")[2]))
    headers = {"x-twilio-signature": made, "content-type": "application/x-www-form-urlencoded; charset=utf-8"}
    return WebRequest("POST", "/webhooks/voice/tok", query, headers, urlencode(fields).encode(), url=url)


def heard(request: WebRequest) -> list[InboundMessage]:
    VOICE.verify(KNOWN, request)
    return [m for delivery in VOICE.receive(KNOWN, request, NOW).deliveries for m in VOICE.parse(delivery)]


ENDED = {
    "CallSid": "CA1",
    "CallStatus": "completed",
    "Direction": "inbound",
    "From": "+491701234567",
    "To": "+4930",
    "CallDuration": "61",
}


# ---------------------------------------------------------------- who may call


def test_the_signature_of_the_documentation_is_accepted() -> None:
    # the example of www.twilio.com/docs/usage/security
    url = "https://example.com/myapp.php?foo=1&bar=2"
    fields = {
        "CallSid": "CA1234567890ABCDE",
        "Caller": "+14158675310",
        "Digits": "1234",
        "From": "+14158675310",
        "To": "+18005551212",
    }
    assert twilio_signature("12345", url, list(fields.items())) == "L/OH5YylLD5NRKLltdqwSvS0BnU="
    VOICE.verify(KNOWN, callback(fields, url))


@pytest.mark.parametrize("signed_as", ["https://desk.example:443/webhooks/voice/tok", URL])
def test_the_scheme_s_own_port_makes_no_difference(signed_as: str) -> None:
    VOICE.verify(KNOWN, callback(ENDED, URL, signed_as))
    VOICE.verify(KNOWN, callback(ENDED, "https://desk.example:443/webhooks/voice/tok", signed_as))


def test_another_address_other_fields_or_another_token_are_refused() -> None:
    genuine = callback(ENDED)
    for forged in (
        callback(ENDED, URL, "https://desk.example:444/webhooks/voice/tok"),
        replace(genuine, url=URL + "?From=%2B1"),
        replace(genuine, body=genuine.body + b"&X=1"),
        replace(genuine, body=b"\xff"),
        replace(genuine, headers={**genuine.headers, "x-twilio-signature": "é"}),
    ):
        with pytest.raises(BadCredentials):
            VOICE.verify(KNOWN, forged)
    for known in ({"secret": SECRET}, {**KNOWN, "auth_token": "12346"}):
        with pytest.raises(BadCredentials):
            VOICE.verify(known, genuine)


def test_a_body_of_json_is_signed_by_its_hash() -> None:
    body = json.dumps(ENDED).encode()
    url = f"{URL}?bodySHA256={sha256(body).hexdigest()}"
    headers = {"x-twilio-signature": twilio_signature(TOKEN, url, []), "content-type": "application/json"}
    request = WebRequest("POST", "/", {}, headers, body, url=url)
    assert heard(request)[0].text == "Incoming call from +491701234567, 1 min 1 s"
    with pytest.raises(BadCredentials):
        VOICE.verify(KNOWN, replace(request, body=body + b" "))


def test_a_callback_by_get_is_read_from_its_address() -> None:
    url = f"{URL}?{urlencode(ENDED)}"
    headers = {"x-twilio-signature": twilio_signature(TOKEN, url, [])}
    (call,) = heard(WebRequest("GET", "/", ENDED, headers, b"", url=url))
    assert call.external_id == "CA1"


# ---------------------------------------------------------------- what is logged


def test_a_recording_is_the_caller_s_where_the_address_says_who_called() -> None:
    url = f"{URL}?From=%2B491701234567&To=%2B4930&Direction=inbound"
    fields = {
        "CallSid": "CA1",
        "RecordingSid": "RE1",
        "RecordingStatus": "completed",
        "RecordingUrl": f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/Recordings/RE1",
    }
    (recording,) = heard(callback(fields, url))
    (call,) = heard(callback(ENDED))
    assert (recording.sender, recording.thread_key) == (call.sender, call.thread_key)
    assert recording.in_reply_to == call.external_id
    assert recording.remote_files[0].url.endswith("/RE1.mp3")


@pytest.mark.parametrize("status", ["queued", "initiated", "ringing", "in-progress"])
def test_a_call_on_its_way_is_no_message_yet(status: str) -> None:
    assert heard(callback({**ENDED, "CallStatus": status})) == []


def test_twilio_is_answered_with_nothing_to_play() -> None:
    answer = VOICE.receive(KNOWN, callback(ENDED), NOW).answer
    assert (answer.status, answer.content_type) == (200, "text/xml")
    assert answer.body.endswith(b"<Response/>")


def test_the_same_callback_again_is_the_same_delivery_and_message() -> None:
    first, second = (VOICE.receive(KNOWN, callback(ENDED), NOW).deliveries[0] for _ in range(2))
    assert first == second
    assert VOICE.parse(first) == VOICE.parse(second)


def test_a_person_s_two_equal_entries_are_two_calls_and_a_repeated_key_is_one() -> None:
    entry = WebRequest(
        "POST", "/", {}, {"content-type": "application/x-www-form-urlencoded"}, b"number=%2B4930&status=missed"
    )
    ids = {VOICE.receive(KNOWN, entry, NOW).deliveries[0].external_id for _ in range(2)}
    assert len(ids) == 2
    keyed = replace(entry, headers={**entry.headers, "idempotency-key": "k"})
    assert VOICE.receive(KNOWN, keyed, NOW).deliveries[0].external_id == "k"
    (call,) = VOICE.parse(VOICE.receive(KNOWN, keyed, NOW).deliveries[0])
    assert (call.external_id, call.text) == ("k", "Missed call from +4930")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"number": ""}, '"number"'),
        ({"number": "+4930", "direction": "sideways"}, '"direction"'),
        ({"number": "+4930", "status": "ringing"}, '"status"'),
        ({"number": "+4930", "duration": -1}, '"duration"'),
        ({"number": "+4930", "recording_url": "ftp://x"}, '"recording_url"'),
        ({"number": "+4930", "started_at": "noon"}, '"started_at"'),
        ({"number": "+4930", "transcript": []}, '"transcript"'),
    ],
)
def test_a_mistake_is_answered_in_one_sentence(body: dict[str, object], words: str) -> None:
    headers = {"content-type": "application/json"}
    received = VOICE.receive(KNOWN, WebRequest("POST", "/", {}, headers, json.dumps(body).encode()), NOW)
    assert received.answer.status == 422
    assert received.deliveries == ()
    assert words in json.loads(received.answer.body)["error"]


@pytest.mark.parametrize(
    ("said", "address"),
    [
        ("0049 30 99", "+493099"),
        ("+1 (415) 867-5310", "+14158675310"),
        ("030 99", "03099"),
        ("sip:kim@pbx.example", "sip:kim@pbx.example"),
    ],
)
def test_a_number_is_written_as_the_provider_writes_it(said: str, address: str) -> None:
    (call,) = VOICE.parse(RawDelivery(json.dumps({"number": said}).encode(), NOW))
    assert call.sender.address == address
    assert (call.sender.kind == "phone") is address.lstrip("+").isdigit()


@pytest.mark.parametrize("path", sorted(FIXTURES.glob("*.malformed")), ids=lambda path: path.stem)
def test_captured_nonsense_is_malformed(path: Path) -> None:
    with pytest.raises(Malformed):
        VOICE.parse(RawDelivery(path.read_bytes(), NOW))


FORMS = [
    dict(parse_qsl(p.read_text(), keep_blank_values=True)) for p in sorted(FIXTURES.glob("twilio_[cdnortw]*.body"))
]


@given(fields=st.sampled_from(FORMS), data=st.data())
@settings(max_examples=100, deadline=None)
def test_callbacks_with_odd_values_are_calls_or_malformed(fields: dict[str, str], data: st.DataObject) -> None:
    name = data.draw(st.sampled_from([*fields, "DialCallStatus", "RecordingStatus"]))
    odd = {
        **fields,
        name: data.draw(st.sampled_from(["", "x" * 3_000, "\0\r\n", "-1", "9" * 40, "é😀", "http://", "completed"])),
    }
    try:
        messages = VOICE.parse(RawDelivery(urlencode(odd).encode(), NOW))
    except Malformed:
        return
    for message in messages:
        check_message(message)


# ---------------------------------------------------------------- recordings, sign-in


def test_a_recording_is_fetched_with_the_account_s_name_at_twilio_only(provider: Twilio) -> None:
    known = credentials_for(provider)
    path = f"/2010-04-01/Accounts/{ACCOUNT}/Recordings/RE1.mp3"
    got = VOICE.download(known, RemoteFile("recording.mp3", "audio/mpeg", url=provider.url + path), _http.reachable)
    assert (got.filename, got.content_type, got.data) == ("recording.mp3", "audio/mpeg", MP3)
    elsewhere = RemoteFile("recording.mp3", "audio/mpeg", url=provider.url.replace("127.0.0.1", "localhost") + path)
    with pytest.raises(Rejected):
        VOICE.download(known, elsewhere, _http.reachable)
    assert "authorization" not in provider.calls[-1].headers
    with pytest.raises(Rejected, match="may not be reached"):
        VOICE.download(known, elsewhere, lambda _address: False)


@pytest.mark.parametrize(
    ("status", "error"), [(401, BadCredentials), (404, Rejected), (429, Transient), (503, Transient)]
)
def test_why_a_recording_did_not_come(provider: Twilio, status: int, error: type[ConnectorError]) -> None:
    provider.trouble = lambda _call: Said({"message": "no"}, status)
    with pytest.raises(error) as caught:
        VOICE.download(credentials_for(provider), RemoteFile("a", "b", url=f"{provider.url}/a"), _http.reachable)
    assert TOKEN not in caught.value.reason


def test_check_signs_in_where_there_is_an_account(provider: Twilio) -> None:
    assert VOICE.check(credentials_for(provider)) == "Signed in to Twilio as Acme Support."
    assert VOICE.check({"secret": SECRET}) == "Calls can be posted in with the secret."
    for wrong in (
        {},
        {"account_sid": ACCOUNT},
        credentials_for(provider, auth_token="x"),
        credentials_for(provider, account_sid="AC/../x"),
    ):
        with pytest.raises(BadCredentials):
            VOICE.check(wrong)
    provider.trouble = lambda _call: Said({}, 503)
    with pytest.raises(Transient):
        VOICE.check(credentials_for(provider))


def test_what_an_admin_copies_names_the_address() -> None:
    texts = [text for _, text in VOICE.snippets("https://desk.example", "tok")]  # type: ignore[attr-defined]  # optional part
    assert all(URL in text for text in texts)
    assert any("From={{From}}" in text for text in texts)
