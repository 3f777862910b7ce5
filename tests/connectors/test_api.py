"""The open channel: what any system posts becomes messages, what it gets wrong one sentence, replies reach it once."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors import _http
from connectors._standard_webhooks import signed_headers
from connectors.base import InboundMessage, RawDelivery, Received, RemoteFile, WebRequest
from connectors.errors import BadCredentials, ConnectorError, Malformed, Rejected, Transient
from connectors.registry import connector_for
from tests.fakes.api import REPLY, REPLY_SECRET, SECRET, Shop, credentials_for, shop, signed
from tests.fakes.provider import Said

API = connector_for("api")
FIXTURES = Path(__file__).parent.parent / "fixtures" / "api"
NOW = datetime(2026, 11, 22, tzinfo=UTC)
KNOWN = {"secret": SECRET}


@pytest.fixture(name="system")
def _system() -> Iterator[Shop]:
    with shop() as running:
        yield running


def call(body: Any, **headers: str) -> Received:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return API.receive(KNOWN, WebRequest("POST", "/", {}, named, raw), NOW)


def heard(received: Received) -> list[InboundMessage]:
    return [message for delivery in received.deliveries for message in API.parse(delivery)]


def said(received: Received) -> Any:
    return json.loads(received.answer.body)


# ---------------------------------------------------------------- who may call


def test_the_secret_as_bearer_is_enough_unless_the_channel_wants_signatures() -> None:
    bearer = WebRequest("POST", "/", {}, {"authorization": f"Bearer {SECRET}"}, b"{}")
    API.verify(KNOWN, bearer)
    with pytest.raises(BadCredentials, match="signed calls only"):
        API.verify({**KNOWN, "signed_only": True}, bearer)
    for wrong in (f"Bearer {SECRET}x", "Bearer ", f"Basic {SECRET}", SECRET):
        with pytest.raises(BadCredentials):
            API.verify(KNOWN, replace(bearer, headers={"authorization": wrong}))


def test_the_signature_of_the_documentation_is_accepted() -> None:
    stamp, body = str(int(time.time())), b'{"text": "hi"}'
    made = hmac.new(SECRET.encode(), b"call-1." + stamp.encode() + b"." + body, hashlib.sha256).digest()
    headers = {
        "webhook-id": "call-1",
        "webhook-timestamp": stamp,
        "webhook-signature": "v1,AAAA v1," + base64.b64encode(made).decode(),
    }
    API.verify({**KNOWN, "signed_only": True}, WebRequest("POST", "/", {}, headers, body))


def test_the_program_in_the_documentation_signs_a_call_that_is_taken(
    system: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    system.on("POST", "/webhooks/api/TOKEN", lambda _call: Said({"ids": []}, 202))
    page = (Path(__file__).parents[2] / "docs" / "api-channel.md").read_text()
    program = page.partition("```python\n")[2].partition("```")[0].replace("https://desk.example", system.url)
    exec(compile(program, "docs/api-channel.md", "exec"), {})
    assert "ids" in capsys.readouterr().out
    (heard_call,) = system.heard("POST", "/webhooks/api/TOKEN")
    request = WebRequest("POST", "/", {}, heard_call.headers, heard_call.body)
    API.verify({"secret": "THE_SECRET", "signed_only": True}, request)
    assert [message.text for message in heard(API.receive(KNOWN, request, NOW))] == ["Where is my order?"]


@pytest.mark.parametrize("away", [-301, 301])
def test_an_old_signature_is_refused(away: int) -> None:
    headers = signed_headers(SECRET, id_="c", timestamp=int(time.time()) + away, body=b"{}")
    with pytest.raises(BadCredentials, match="five minutes"):
        API.verify(KNOWN, WebRequest("POST", "/", {}, headers, b"{}"))


@pytest.mark.parametrize("stamp", ["", "soon", "1" * 40, "-5", "²"])
def test_a_timestamp_that_is_none_is_refused(stamp: str) -> None:
    genuine = signed(KNOWN, b"{}")
    with pytest.raises(BadCredentials, match="webhook-timestamp"):
        API.verify(KNOWN, replace(genuine, headers={**genuine.headers, "webhook-timestamp": stamp}))


def test_a_secret_of_the_standard_stands_for_its_bytes() -> None:
    # the example of the Standard Webhooks specification
    secret, body = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", b'{"test": 2432232314}'
    made = signed_headers(secret, id_="msg_p5jXN8AQM9LWM0D4loKWxJek", timestamp=1614265330, body=body)
    assert made["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    with pytest.raises(BadCredentials, match="Base64"):
        signed_headers("whsec_?", id_="m", timestamp=1, body=b"")


# ---------------------------------------------------------------- what is posted


def test_an_accepted_call_answers_with_the_ids() -> None:
    received = call(
        [{"id": "a", "sender": {"id": "1"}, "text": "x"}, {"sender": {"id": "1"}, "text": "y"}], idempotency_key="k"
    )
    assert received.answer.status == 202
    assert said(received) == {"ids": ["a", "k:1"]}
    assert [message.external_id for message in heard(received)] == ["a", "k:1"]
    assert received.deliveries[0].external_id == "k"


def test_the_same_call_made_again_with_its_key_or_id_is_the_same_delivery() -> None:
    named = {"id": "a", "sender": {"id": "1"}, "text": "x"}
    for received, again in (
        (call(named), call(named)),
        (call({"sender": {"id": "1"}, "text": "x"}, idempotency_key="k"),) * 2,
        (call({"sender": {"id": "1"}, "text": "x"}, webhook_id="w"),) * 2,
    ):
        assert received.deliveries[0].external_id == again.deliveries[0].external_id
        assert heard(received) == heard(again)


def test_two_equal_calls_without_key_and_id_are_two_messages() -> None:
    first, second = (call({"sender": {"id": "1"}, "text": "ok"}) for _ in range(2))
    assert first.deliveries[0].external_id != second.deliveries[0].external_id
    assert said(first) != said(second)


def test_a_repeated_edit_is_another_edit_but_a_deletion_happens_once() -> None:
    edit = {"type": "edit", "target": "a", "sender": {"id": "1"}, "text": "x"}
    assert said(call(edit)) != said(call(edit))
    delete = {"type": "delete", "target": "a", "sender": {"id": "1"}}
    assert said(call(delete)) == said(call(delete)) == {"ids": ["a:delete"]}


ONE = {"sender": {"id": "1"}, "text": "x"}


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        (b"", 400, "not JSON"),
        (b"\xff", 400, "not JSON"),
        (b"[" * 100_000, 400, "not JSON"),
        ([], 422, "1 to 100"),
        ({"messages": []}, 422, "1 to 100"),
        ([ONE] * 101, 422, "1 to 100"),
        ("hello", 422, "one message"),
        ([1], 422, "one message"),
        ({**ONE, "type": "call"}, 422, '"type"'),
        ({**ONE, "type": []}, 422, '"type"'),
        ({"sender": {"id": "1"}}, 422, '"text" or "attachments"'),
        ({"sender": {"id": "1"}, "text": " \0 "}, 422, '"text" or "attachments"'),
        ({"text": "x"}, 422, '"sender"'),
        ({"sender": {"name": "Kim"}, "text": "x"}, 422, "an id, an email"),
        ({"sender": {"email": "kim"}, "text": "x"}, 422, "no e-mail address"),
        ({"sender": {"phone": "call me"}, "text": "x"}, 422, "no phone number"),
        ({"sender": {"id": "x" * 256}, "text": "x"}, 422, "longer than 255"),
        ({**ONE, "text": 5}, 422, '"text" is a text'),
        ({**ONE, "text": "x" * 100_001}, 422, "longer than 100,000"),
        ({**ONE, "sent_at": "yesterday"}, 422, '"sent_at"'),
        ({**ONE, "public": "yes"}, 422, "true or false"),
        ({**ONE, "custom": {"a": []}}, 422, '"custom"'),
        ({**ONE, "url": "javascript:alert(1)"}, 422, '"url"'),
        ({**ONE, "attachments": {}}, 422, '"attachments"'),
        ({**ONE, "attachments": [{"filename": "a"}]}, 422, "either"),
        ({**ONE, "attachments": [{"data": "", "url": "https://a.example"}]}, 422, "either"),
        ({**ONE, "attachments": [{"data": "é"}]}, 422, "not Base64"),
        ({**ONE, "attachments": [{"url": "file:///etc/passwd"}]}, 422, '"url"'),
        ({**ONE, "attachments": [{"data": "", "filename": "a"}] * 21}, 422, "at most 20"),
        ({**ONE, "type": "edit"}, 422, '"target"'),
        ({"sender": {"id": "1"}, "type": "edit", "target": "a"}, 422, 'new "text"'),
        ({"sender": {"id": "1"}, "type": "status", "target": "a", "status": "seen"}, 422, '"status"'),
        ([ONE, {**ONE, "text": None}], 422, "Message 2 of 2: "),
    ],
    ids=lambda value: None if isinstance(value, (bytes, int)) else str(value)[:40],
)
def test_a_mistake_is_answered_in_one_sentence_and_stores_nothing(body: Any, status: int, words: str) -> None:
    received = call(body)
    assert received.answer.status == status
    assert received.deliveries == ()
    assert words in said(received)["error"]
    assert "\n" not in said(received)["error"]
    assert said(received)["error"].endswith(".")


def test_a_key_that_cannot_be_kept_and_a_wrong_method_are_refused() -> None:
    assert call(ONE, idempotency_key="k" * 246).answer.status == 400
    assert call(ONE, idempotency_key="ключ").answer.status == 400
    assert API.receive(KNOWN, WebRequest("GET", "/", {}, {}, b""), NOW).answer.status == 405


def test_typing_an_address_vouches_for_nobody_but_the_caller_may() -> None:
    (unsure,) = heard(call({"sender": {"email": "boss@example.com"}, "text": "x"}))
    assert not unsure.sender.verified
    (sure,) = heard(call({"sender": {"id": "7", "email": "boss@example.com", "email_verified": True}, "text": "x"}))
    assert (sure.sender.kind, sure.sender.address, sure.sender.verified) == ("api", "7", True)
    assert [(one.kind, one.address, one.verified) for one in sure.also] == [("email", "boss@example.com", True)]


@pytest.mark.parametrize("path", sorted(FIXTURES.glob("*.malformed")), ids=lambda path: path.stem)
def test_captured_nonsense_is_malformed(path: Path) -> None:
    with pytest.raises(Malformed):
        API.parse(RawDelivery(path.read_bytes(), NOW))


CAPTURED = [json.loads(path.read_text()) for path in sorted(FIXTURES.glob("*.body"))]
ODD: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, -1, 10**30, 1.5, float("nan"), "", "\ud800\0", "x" * 600, [], [{}], {}, {"id": {}}]
)


@given(body=st.sampled_from(CAPTURED), data=st.data())
@settings(max_examples=100, deadline=None)
def test_captured_calls_with_odd_values_are_taken_whole_or_refused(body: Any, data: st.DataObject) -> None:
    body = json.loads(json.dumps(body))
    one = body[0] if isinstance(body, list) else body
    inner = data.draw(st.sampled_from([one, one.get("sender", one), *one.get("attachments", [])]))
    inner[data.draw(st.sampled_from([*inner, "extra"]))] = data.draw(ODD)
    received = call(body)
    assert received.answer.status in {202, 400, 422}
    assert [message.external_id for message in heard(received)] == (said(received).get("ids") or [])


# ---------------------------------------------------------------- replies


def test_a_reply_arrives_signed_once_and_whole(system: Shop) -> None:
    for _ in range(2):
        assert API.send(credentials_for(system), REPLY).external_id == "shop-0"
    assert list(system.replies.values()) == [
        {
            "type": "reply",
            "id": "reply-77",
            "recipient": "customer-42",
            "thread": "order-10442",
            "in_reply_to": "shop-10442-1",
            "subject": "",
            "text": "Good news",
            "from_name": "",
            "automatic": False,
            "public": False,
            "attachments": [{"filename": "a.txt", "content_type": "text/plain", "size": 2, "data": "SGk="}],
        }
    ]


def test_a_receiver_that_answers_nothing_gets_the_key_as_id(system: Shop) -> None:
    system.trouble = lambda _call: Said(b"", 204)
    assert API.send(credentials_for(system), REPLY).external_id == "reply-77"


@pytest.mark.parametrize(
    ("status", "error", "wait"),
    [
        (401, BadCredentials, None),
        (403, BadCredentials, None),
        (404, Rejected, None),
        (409, Transient, 7.0),
        (422, Rejected, None),
        (429, Transient, 7.0),
        (500, Transient, 7.0),
        (503, Transient, 7.0),
        (302, Rejected, None),
    ],
)
def test_refusals_become_our_errors(system: Shop, status: int, error: type[ConnectorError], wait: float | None) -> None:
    system.trouble = lambda _call: Said({"error": "no such order"}, status, {"retry-after": "7", "location": "/x"})
    with pytest.raises(error) as caught:
        API.send(credentials_for(system), REPLY)
    assert REPLY_SECRET not in caught.value.reason
    if isinstance(caught.value, Transient):
        assert caught.value.retry_after_seconds == wait


def test_without_an_address_nothing_is_sent() -> None:
    with pytest.raises(Rejected, match="No address"):
        API.send(KNOWN, REPLY)


def test_a_system_that_is_not_there_is_transient() -> None:
    with pytest.raises(Transient):
        API.send({**KNOWN, "reply_url": "http://127.0.0.1:9/replies"}, REPLY)


def test_check_says_what_works(system: Shop) -> None:
    assert API.check(credentials_for(system)) == "Your system at 127.0.0.1 takes replies."
    assert API.check(KNOWN).startswith("Messages can be posted in")
    with pytest.raises(BadCredentials):
        API.check(credentials_for(system, reply_secret="other"))
    with pytest.raises(BadCredentials, match="no web address"):
        API.check({**KNOWN, "reply_url": "shop.example"})
    with pytest.raises(BadCredentials, match="no secret"):
        API.check({})


# ---------------------------------------------------------------- files


def test_a_file_is_fetched_from_its_address_unless_that_may_not_be_reached(system: Shop) -> None:
    system.on("GET", "/a/photo.jpg", lambda _call: Said(b"\xff\xd8", 200, {"content-type": "image/jpeg"}))
    file = RemoteFile("", "image/jpeg", url=f"{system.url}/a/photo.jpg")
    got = API.download(KNOWN, file, _http.reachable)
    assert (got.filename, got.content_type, got.data) == ("file.jpg", "image/jpeg", b"\xff\xd8")
    with pytest.raises(Rejected, match="may not be reached"):
        API.download(KNOWN, file, lambda _address: False)
    with pytest.raises(Rejected, match="404"):
        API.download(KNOWN, replace(file, url=f"{system.url}/gone"), _http.reachable)


@pytest.mark.parametrize(("status", "error"), [(403, Rejected), (500, Transient), (429, Transient)])
def test_why_a_file_did_not_come(system: Shop, status: int, error: type[ConnectorError]) -> None:
    system.trouble = lambda _call: Said(b"", status, {"retry-after": "5"} if status == 429 else {})
    with pytest.raises(error):
        API.download(KNOWN, RemoteFile("a", "b", url=f"{system.url}/a"), _http.reachable)


def test_what_an_admin_copies_names_the_address() -> None:
    (label, url), (_, curl) = API.snippets("https://desk.example", "tok")  # type: ignore[attr-defined]  # optional part
    assert label
    assert url == "https://desk.example/webhooks/api/tok"
    assert url in curl
