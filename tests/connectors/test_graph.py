"""The Graph API, whatever the kind of channel: handshake, signature, proof of the token, what its refusals mean."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors._graph import GraphWebhook, graph, made_id, multipart
from connectors._graph_errors import explain, regained_seconds
from connectors._json_api import Reply
from connectors.base import Credentials, OutboundAttachment, RawDelivery
from connectors.errors import BadCredentials, Malformed, Rejected, Transient
from connectors.registry import connector_for, kinds
from tests.fakes.graph import (
    APP_SECRET,
    PROOF,
    TOKEN,
    VERIFY_TOKEN,
    VERSION,
    GraphApi,
    credentials_of,
    handshake,
    refusal,
    signed,
)
from tests.fakes.provider import Call, Said, serving

KINDS = [kind for kind in kinds() if isinstance(connector_for(kind), GraphWebhook)]
NOW = datetime(2026, 11, 22, tzinfo=UTC)
SECRETS = {"app_secret": APP_SECRET, "verify_token": VERIFY_TOKEN}

every_kind = pytest.mark.parametrize("kind", KINDS)


@every_kind
def test_a_handshake_is_answered_with_its_challenge_alone(kind: str) -> None:
    call = handshake(challenge="<b>1158201444</b>")
    connector_for(kind).verify(SECRETS, call)
    received = connector_for(kind).receive(SECRETS, call, NOW)
    assert received.deliveries == ()
    assert received.answer.body == b"<b>1158201444</b>"
    assert received.answer.content_type.startswith("text/plain")


@every_kind
@pytest.mark.parametrize("token", ["", "open sesam", "open sesame ", "\u00f6pen"])
def test_a_handshake_with_another_token_is_refused(kind: str, token: str) -> None:
    with pytest.raises(BadCredentials):
        connector_for(kind).verify(SECRETS, handshake(token))


@every_kind
def test_a_handshake_is_refused_while_no_token_is_set(kind: str) -> None:
    with pytest.raises(BadCredentials):
        connector_for(kind).verify({"app_secret": APP_SECRET, "verify_token": ""}, handshake(""))


@every_kind
@pytest.mark.parametrize(
    "query",
    [
        {},
        {"hub.mode": "unsubscribe", "hub.challenge": "1"},
        {"hub.mode": "subscribe"},
        {"hub.mode": "subscribe", "hub.challenge": "1" * 201},
    ],
)
def test_a_get_that_is_no_handshake_is_malformed(kind: str, query: dict[str, str]) -> None:
    with pytest.raises(Malformed):
        connector_for(kind).receive(SECRETS, replace(handshake(), query=query), NOW)


@every_kind
def test_a_signed_call_is_one_delivery_with_exactly_its_bytes(kind: str) -> None:
    body = '{"object": "x",  "entry": [{"text": "Grüße \\u00e4"}]}'.encode()
    call = signed(SECRETS, body)
    connector_for(kind).verify(SECRETS, call)
    received = connector_for(kind).receive(SECRETS, call, NOW)
    assert [delivery.raw for delivery in received.deliveries] == [body]
    assert received.answer.status == 200


@every_kind
@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_the_verify_token_opens_no_delivery(kind: str, method: str) -> None:
    with pytest.raises(BadCredentials):
        connector_for(kind).verify(SECRETS, replace(handshake(), method=method))


@every_kind
def test_a_sha1_signature_is_not_enough(kind: str) -> None:
    call = signed(SECRETS, b"{}")
    old = {"x-hub-signature": call.headers["x-hub-signature-256"]}
    with pytest.raises(BadCredentials):
        connector_for(kind).verify(SECRETS, replace(call, headers=old))


@every_kind
def test_a_body_that_is_no_json_is_refused_before_it_is_stored(kind: str) -> None:
    with pytest.raises(Malformed):
        connector_for(kind).receive(SECRETS, signed(SECRETS, b"{"), NOW)


@every_kind
@pytest.mark.parametrize("entry", [[], [{"id": "1", "time": 2}], [{"id": "1", "changes": []}]])
def test_a_call_that_tells_nothing_is_no_trouble(kind: str, entry: list[Any]) -> None:
    raw = json.dumps({"object": kind, "entry": entry}).encode()
    assert connector_for(kind).parse(RawDelivery(raw, NOW)) == []


def called(said: Said) -> Any:
    """What a call of `GET me` ends as where the API answers so."""
    api = GraphApi()
    api.node("GET", "me", lambda _: said)
    with serving(api):
        return graph(credentials_of(api), "Meta").get("me")


def test_a_call_carries_the_token_in_a_header_and_the_proof_in_the_address() -> None:
    api = GraphApi()
    api.node("GET", "me", lambda call: Said({"id": "1", "asked": call.query["fields"]}))
    with serving(api):
        assert graph(credentials_of(api), "Meta").get("me", fields="id,name") == {"id": "1", "asked": "id,name"}
    (call,) = api.calls
    assert (call.path, call.bearer, call.query["appsecret_proof"]) == (f"/{VERSION}/me", TOKEN, PROOF)
    assert TOKEN not in str(call.query)


@pytest.mark.parametrize("missing", ["access_token", "api_url"])
def test_credentials_that_cannot_work_are_bad(missing: str) -> None:
    credentials: Credentials = {
        "access_token": "t",
        "api_url": "https://graph.example",
        missing: "\0" if missing == "access_token" else "ftp://x",
    }
    with pytest.raises(BadCredentials):
        graph(credentials, "Meta")


@pytest.mark.parametrize("code", [4, 17, 32, 613, 80004, 80007, 130429, 131048, 131056])
def test_a_limit_of_calls_is_transient_and_says_when_to_come_back(code: int) -> None:
    with pytest.raises(Transient) as caught:
        called(refusal(code, "Application request limit reached"))
    assert caught.value.retry_after_seconds is not None
    assert caught.value.retry_after_seconds >= 5


def test_the_usage_header_says_how_long_to_wait() -> None:
    usage = {
        "102290129340398": [
            {
                "type": "messenger",
                "call_count": 100,
                "total_cputime": 25,
                "total_time": 25,
                "estimated_time_to_regain_access": 19,
            }
        ]
    }
    with pytest.raises(Transient) as caught:
        called(
            refusal(80006, "There have been too many calls", headers={"X-Business-Use-Case-Usage": json.dumps(usage)})
        )
    assert caught.value.retry_after_seconds == 19 * 60


@pytest.mark.parametrize(
    "told", ["", "[]", "{", '{"1": [{"estimated_time_to_regain_access": 0}]}', '{"1": 5}', '{"1": [[]]}', "[" * 30_000]
)
def test_a_usage_header_that_says_nothing_is_ignored(told: str) -> None:
    assert regained_seconds({"x-business-use-case-usage": told}) is None


def test_a_usage_header_cannot_make_us_wait_for_ever() -> None:
    told = json.dumps({"1": [{"estimated_time_to_regain_access": 10**15}]})
    assert regained_seconds({"x-business-use-case-usage": told}) == 6 * 3600


@pytest.mark.parametrize(
    ("code", "status"), [(190, 401), (190, 400), (102, 400), (0, 401), (10, 403), (200, 403), (230, 403), (3, 400)]
)
def test_a_token_that_is_not_accepted_is_bad_credentials(code: int, status: int) -> None:
    with pytest.raises(BadCredentials):
        called(refusal(code, "Error validating access token: Session has expired", status=status))


@pytest.mark.parametrize(
    ("code", "subcode"),
    [
        (131047, None),
        (10, 2018278),
        (100, 2534022),
        (131026, None),
        (200, 1545041),
        (551, None),
        (100, 33),
        (131049, None),
        (368, None),
    ],
)
def test_what_concerns_one_message_never_pauses_the_channel(code: int, subcode: int | None) -> None:
    with pytest.raises(Rejected) as caught:
        called(refusal(code, "(#1) This cannot be done.", subcode=subcode, status=403))
    assert caught.value.reason.endswith(".")


@pytest.mark.parametrize(
    "said",
    [
        refusal(2, "Service temporarily unavailable", status=500),
        refusal(1, "An unknown error"),
        refusal(9_999, "x", is_transient=True),
        Said(b"<html>", 502),
        Said(b"", 503),
    ],
)
def test_what_may_pass_is_transient(said: Said) -> None:
    with pytest.raises(Transient):
        called(said)


def test_the_details_are_what_a_person_reads() -> None:
    with pytest.raises(Rejected, match=r"Re-engage them with a template \(code 131999\)\.$"):
        called(refusal(131999, "(#131999) Nope", error_data={"details": "Re-engage\nthem with a template."}))


@pytest.mark.parametrize("data", [None, [], {"error": "no"}, {"error": {"code": True}}, {"error": {"message": "x"}}])
def test_an_answer_without_an_error_object_is_left_to_its_status(data: Any) -> None:
    assert explain("Meta", Reply(400, data)) is None


def test_a_file_name_cannot_leave_its_part() -> None:
    file = OutboundAttachment('a"\r\ncontent-type: text/html\r\n\r\n.png', "image/png\r\nx: y", b"\x89PNG")
    body = multipart("q", {"type": "image/png"}, "file", file)
    heads = body.split(b"\r\n\r\n")
    assert body.count(b"\r\n--q") == 2
    assert b"a%22 content-type: text/html .png" in heads[1]
    assert b"content-type: image/png x: y" in heads[1]


def test_an_event_without_an_id_is_known_again() -> None:
    assert made_id("x", {"a": 1, "b": [2]}) == made_id("x", {"b": [2], "a": 1}) != made_id("x", {"a": 1})


def test_trouble_never_shows_a_secret() -> None:
    def trouble(_: Call) -> Said:
        return refusal(190, "Invalid OAuth access token", status=401)

    api = GraphApi()
    api.trouble = trouble
    with serving(api), pytest.raises(BadCredentials) as caught:
        graph(credentials_of(api), "Meta").post("me/messages", {"text": "x"})
    assert not any(secret in caught.value.reason for secret in (TOKEN, PROOF, APP_SECRET))
