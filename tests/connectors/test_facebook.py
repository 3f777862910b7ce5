"""A Facebook page against a Graph API on loopback: what is written to it, in private and in public, and its answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.base import (
    Action,
    ActionKind,
    Credentials,
    Identity,
    InboundMessage,
    OutboundAttachment,
    Profile,
    RawDelivery,
    RemoteFile,
)
from connectors.errors import BadCredentials, Malformed, Rejected, Transient
from connectors.registry import connector_for
from tests.fakes.facebook import ANA, COMMENT, GONE, LATE, LONG_AGO, PAGE, POST, REPLY, FacebookApi, serving_facebook
from tests.fakes.graph import refusal
from tests.fakes.provider import Call, Said

FACEBOOK = connector_for("facebook")
FIXTURES = Path(__file__).parent.parent / "fixtures" / "facebook"
PNG = OutboundAttachment("pot.png", "image/png", b"\x89PNG\r\n\x1a\n")
PDF = OutboundAttachment("Rechnung.pdf", "application/pdf", b"%PDF-1.7")
IN_PUBLIC = replace(REPLY, is_public=True, answers=f"comment:{COMMENT}", thread_key=f"{POST}/{COMMENT}")
Server = tuple[FacebookApi, Credentials]


@pytest.fixture
def server() -> Iterator[Server]:
    with serving_facebook() as running:
        yield running


def parsed(value: Any) -> list[InboundMessage]:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return FACEBOOK.parse(RawDelivery(raw, datetime(2026, 11, 22, tzinfo=UTC)))


def captured(name: str) -> Any:
    return json.loads((FIXTURES / f"{name}.body").read_bytes())


def sent(api: FacebookApi) -> list[dict[str, Any]]:
    return [call.json for call in api.heard("POST", rf"/v25.0/{PAGE}/messages")]


def anywhere(_: IPv4Address | IPv6Address) -> bool:
    return True


# ---------------------------------------------------------------- parse


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b"{}",
        b"null",
        b'{"object": "page"}',
        b'{"object": "page", "entry": 5}',
        b'{"entry": [{"id": "1"}]}',
        b'{"update_id": 5, "message": {"text": "x"}}',
    ],
)
def test_what_is_not_facebook_is_malformed(raw: bytes) -> None:
    with pytest.raises(Malformed):
        parsed(raw)


@pytest.mark.parametrize("name", ["echo", "comment_by_page", "page_post", "like_on_post", "comment_hidden", "optin"])
def test_what_nobody_said_to_the_page_is_not_heard(name: str) -> None:
    assert parsed(captured(name)) == []


def test_a_message_of_nobody_takes_no_neighbour_with_it() -> None:
    call = captured("text")
    events = call["entry"][0]["messaging"]
    events.append({**events[0], "sender": {}})
    assert len(parsed(call)) == 1
    events.pop(0)
    with pytest.raises(Malformed):
        parsed(call)


def test_a_comment_and_its_answers_share_a_thread() -> None:
    threads = {
        message.thread_key
        for name in ("comment", "comment_reply", "comment_edited", "comment_removed")
        for message in parsed(captured(name))
    }
    assert threads == {f"{PAGE}_900/900_901"}


def test_a_comment_and_a_message_of_one_person_have_one_sender() -> None:
    assert parsed(captured("comment"))[0].sender.address == parsed(captured("text"))[0].sender.address == ANA


def test_a_removal_by_the_page_is_the_providers() -> None:
    (message,) = parsed(captured("comment_removed_by_page"))
    assert (message.sender.kind, message.kind, message.target) == ("provider", "delete", "comment:900_901")


def test_payloads_come_in_any_envelope() -> None:
    for name in ("text", "comment"):
        whole = captured(name)
        entry = whole["entry"][0]
        inner = entry.get("messaging") or entry["changes"]
        ids = [
            [message.external_id for message in parsed(form)]
            for form in (whole, [whole], whole["entry"], entry, inner, inner[0])
        ]
        assert ids == [ids[0]] * 6
        assert len(ids[0]) == 1


WRONG: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, -1, 1e308, 10**30, "", "\0\ud800", [], {}, [[]], [None], {"id": {}}]
)


def broken(value: Any, pick: Callable[[int], int], wrong: Any) -> Any:
    """One place of a payload, however deep, gets something else."""
    if isinstance(value, dict) and value:
        key = sorted(value)[pick(len(value))]
        return (
            {**value, key: broken(value[key], pick, wrong)} if pick(6) else {k: v for k, v in value.items() if k != key}
        )
    if isinstance(value, list) and value:
        place = pick(len(value))
        return [*value[:place], broken(value[place], pick, wrong), *value[place + 1 :]]
    return wrong


@given(name=st.sampled_from(sorted(path.stem for path in FIXTURES.glob("*.body"))), data=st.data(), wrong=WRONG)
@settings(max_examples=100, deadline=None)
def test_a_payload_with_anything_wrong_in_it_is_read_or_malformed(name: str, data: st.DataObject, wrong: Any) -> None:
    raw = json.dumps(broken(captured(name), lambda size: data.draw(st.integers(0, size - 1)), wrong)).encode()
    try:
        messages = parsed(raw)
    except Malformed:
        return
    for message in messages:
        assert message.external_id
        assert message.sender.address
        assert bool(message.target or message.until) is (message.kind in {"edit", "delete", "reaction", "status"})
        assert all(file.url for file in message.remote_files)


# ---------------------------------------------------------------- send in private


def test_a_message_goes_to_the_person_as_a_response(server: Server) -> None:
    api, credentials = server
    receipt = FACEBOOK.send(credentials, REPLY)
    assert receipt.external_id.startswith("m_")
    assert sent(api) == [{"recipient": {"id": ANA}, "message": {"text": "Good news"}, "messaging_type": "RESPONSE"}]


def test_files_follow_the_text_each_in_a_message_of_its_own(server: Server) -> None:
    api, credentials = server
    receipt = FACEBOOK.send(credentials, replace(REPLY, attachments=(PNG, PDF)))
    text, picture, document = [body["message"] for body in sent(api)]
    assert text == {"text": "Good news"}
    assert [picture["attachment"]["type"], document["attachment"]["type"]] == ["image", "file"]
    assert [stored[1:] for stored in api.files.values()] == [("pot.png", PNG.data), ("Rechnung.pdf", PDF.data)]
    assert receipt.external_id.endswith("_1")


def test_what_left_is_never_sent_again_when_the_rest_fails(server: Server) -> None:
    api, credentials = server
    heard: list[Call] = []

    def trouble(call: Call) -> Said:
        if call.path.endswith("attachments"):
            return Said({"attachment_id": "1"})
        heard.append(call)
        return (
            Said({"message_id": "m_1"})
            if len(heard) == 1
            else refusal(2, "Service temporarily unavailable", status=503)
        )

    api.trouble = trouble
    with pytest.raises(Rejected, match="Only 1 of 2 parts were sent"):
        FACEBOOK.send(credentials, replace(REPLY, attachments=(PNG,)))


def test_a_file_too_large_stops_everything_before_it_leaves(server: Server) -> None:
    api, credentials = server
    with pytest.raises(Rejected, match="8 MB at most"):
        FACEBOOK.send(credentials, replace(REPLY, attachments=(PDF, replace(PNG, data=b"x" * (8 * 1024 * 1024 + 1)))))
    assert api.calls == []


def test_after_a_day_only_a_person_may_answer_and_only_where_meta_allows_it(server: Server) -> None:
    api, credentials = server
    late = replace(REPLY, recipient=LATE)
    human = {**credentials, "human_agent": True}
    with pytest.raises(Rejected, match="time to answer freely is over"):
        FACEBOOK.send(credentials, late)
    with pytest.raises(Rejected):
        FACEBOOK.send(human, replace(late, automatic=True))
    assert FACEBOOK.send(human, late).external_id
    assert [(body["messaging_type"], body.get("tag")) for body in sent(api)] == [("RESPONSE", None)] * 3 + [
        ("MESSAGE_TAG", "HUMAN_AGENT")
    ]


@pytest.mark.parametrize("to", [LONG_AGO, GONE, ""])
def test_who_cannot_be_reached_is_a_final_refusal_that_pauses_nothing(server: Server, to: str) -> None:
    with pytest.raises(Rejected):
        FACEBOOK.send({**server[1], "human_agent": True}, replace(REPLY, recipient=to))


@pytest.mark.parametrize(("answers", "key"), [(f"comment:{COMMENT}", "comment_id"), (f"post:{POST}", "post_id")])
def test_a_public_message_is_answered_in_private_once(server: Server, answers: str, key: str) -> None:
    api, credentials = server
    reply = replace(REPLY, answers=answers)
    FACEBOOK.send(credentials, reply)
    assert sent(api)[0]["recipient"] == {key: answers.partition(":")[2]}
    with pytest.raises(Rejected, match="already answered in private"):
        FACEBOOK.send(credentials, reply)


def test_a_private_reply_to_a_comment_holds_no_file(server: Server) -> None:
    with pytest.raises(Rejected):
        FACEBOOK.send(server[1], replace(REPLY, answers=f"comment:{COMMENT}", attachments=(PNG,)))
    assert server[0].calls == []


@pytest.mark.parametrize(
    ("said", "error"),
    [
        (refusal(613, "(#613) Calls to this API have exceeded the rate limit."), Transient),
        (refusal(4, "Application request limit reached", status=403), Transient),
        (refusal(190, "Error validating access token", status=401), BadCredentials),
        (refusal(200, "(#200) Requires pages_messaging permission", status=403), BadCredentials),
        (refusal(100, "(#100) No matching user found", subcode=2018001), Rejected),
        (Said(b"", 502), Transient),
        (Said({"recipient_id": "1"}), Rejected),
    ],
)
def test_every_refusal_has_its_error(server: Server, said: Said, error: type[Exception]) -> None:
    server[0].trouble = lambda _: said
    with pytest.raises(error):
        FACEBOOK.send(server[1], REPLY)


# ---------------------------------------------------------------- send in public, act


@pytest.mark.parametrize(
    ("answers", "thread", "target"),
    [(f"comment:{COMMENT}", None, COMMENT), (f"post:{POST}", None, POST), (None, f"{POST}/{COMMENT}", COMMENT)],
)
def test_a_public_answer_stands_under_what_it_answers(
    server: Server, answers: str | None, thread: str | None, target: str
) -> None:
    api, credentials = server
    receipt = FACEBOOK.send(credentials, replace(IN_PUBLIC, answers=answers, thread_key=thread))
    assert api.comments == [(target, "Good news", b"")]
    assert receipt.external_id == "comment:900_951"


def test_a_public_answer_may_hold_one_picture(server: Server) -> None:
    api, credentials = server
    FACEBOOK.send(credentials, replace(IN_PUBLIC, attachments=(PNG,)))
    assert api.comments == [(COMMENT, "Good news", PNG.data)]


@pytest.mark.parametrize("files", [(PNG, PNG), (PDF,)])
def test_a_public_answer_holds_nothing_else(server: Server, files: tuple[OutboundAttachment, ...]) -> None:
    with pytest.raises(Rejected):
        FACEBOOK.send(server[1], replace(IN_PUBLIC, attachments=files))
    assert server[0].calls == []


def test_a_public_answer_to_nothing_is_rejected(server: Server) -> None:
    with pytest.raises(Rejected):
        FACEBOOK.send(server[1], replace(IN_PUBLIC, answers=None, thread_key=None))


def test_our_own_answer_comes_back_under_the_id_of_its_receipt(server: Server) -> None:
    receipt = FACEBOOK.send(server[1], IN_PUBLIC)
    call = captured("comment_by_page")
    value = call["entry"][0]["changes"][0]["value"]
    value["comment_id"], value["from"] = receipt.external_id.removeprefix("comment:"), {"id": "another", "name": "app"}
    assert [message.external_id for message in parsed(call)] == [receipt.external_id]


@pytest.mark.parametrize(
    ("kind", "state", "value"),
    [
        ("like", "liked", True),
        ("unlike", "liked", False),
        ("hide", "hidden", True),
        ("unhide", "hidden", False),
        ("delete", "deleted", True),
    ],
)
def test_a_comment_is_liked_hidden_and_deleted(server: Server, kind: ActionKind, state: str, value: object) -> None:
    api, credentials = server
    api.states[state] = not value
    for _ in range(2):
        FACEBOOK.act(credentials, Action(kind, f"comment:{COMMENT}"))
    assert api.states[state] is value


@pytest.mark.parametrize("target", ["m_1", "comment:1_2"])
def test_what_is_no_comment_or_unknown_is_rejected(server: Server, target: str) -> None:
    with pytest.raises(Rejected):
        FACEBOOK.act(server[1], Action("hide", target))


def test_an_id_never_leads_to_another_path(server: Server) -> None:
    with pytest.raises(Rejected):
        FACEBOOK.act(server[1], Action("delete", f"comment:x/../{COMMENT}"))
    assert server[0].states["deleted"] is False


# ---------------------------------------------------------------- files, check


def test_a_file_is_fetched_without_the_token_and_typed_by_who_serves_it(server: Server) -> None:
    api, credentials = server
    api.on(
        "GET",
        "/v/1.jpg",
        lambda call: Said(call.headers.get("authorization", "none").encode(), headers={"content-type": "image/png"}),
    )
    found = FACEBOOK.download(credentials, RemoteFile("image.jpg", "image/jpeg", url=f"{api.url}/v/1.jpg"), anywhere)
    assert (found.data, found.content_type) == (b"none", "image/png")


@pytest.mark.parametrize(("status", "error"), [(403, Rejected), (404, Rejected), (429, Transient), (500, Transient)])
def test_a_file_that_cannot_be_fetched(server: Server, status: int, error: type[Exception]) -> None:
    api, credentials = server
    api.on("GET", "/v/1.jpg", lambda _: Said(b"", status))
    with pytest.raises(error):
        FACEBOOK.download(credentials, RemoteFile("image.jpg", "image/jpeg", url=f"{api.url}/v/1.jpg"), anywhere)


def test_a_file_is_never_fetched_from_where_it_may_not_be(server: Server) -> None:
    with pytest.raises(Rejected, match="may not be reached"):
        FACEBOOK.download(server[1], RemoteFile("a.jpg", "", url=f"{server[0].url}/v/1.jpg"), lambda _: False)


def test_check_says_which_page_it_is(server: Server) -> None:
    assert FACEBOOK.check(server[1]) == "Signed in as Lucky Shrub, 1,204 followers."
    assert FACEBOOK.address(server[1]) == "facebook.com/luckyshrub"


@pytest.mark.parametrize(
    "change", [{"access_token": "other"}, {"page_id": "12345"}, {"page_id": "luckyshrub"}, {"app_secret": "other"}]
)
def test_check_finds_wrong_credentials(server: Server, change: dict[str, str]) -> None:
    with pytest.raises(BadCredentials):
        FACEBOOK.check({**server[1], **change})


# ---------------------------------------------------------------- who somebody is


def test_who_wrote_is_looked_up(server: Server) -> None:
    api, credentials = server
    api.people[ANA] = {"first_name": "Ana", "last_name": "Lopez", "profile_pic": "https://cdn.example/ana.jpg?oh=1"}
    shown = Profile(avatar_url="https://cdn.example/ana.jpg?oh=1")
    assert FACEBOOK.look_up(credentials, ANA, ANA) == Identity(
        "facebook", ANA, "Ana Lopez", verified=True, profile=shown
    )
    api.people[ANA] |= {"name": "Ana L."}
    found = FACEBOOK.look_up(credentials, ANA, None)
    assert found is not None
    assert found.name == "Ana L."


def test_of_whom_nothing_is_told_there_is_nothing(server: Server) -> None:
    api, credentials = server
    api.people[LATE] = {}
    assert [FACEBOOK.look_up(credentials, who, None) for who in (GONE, LATE)] == [None, None]
    heard = len(api.calls)
    assert [FACEBOOK.look_up(credentials, who, None) for who in (f"comment:{COMMENT}", "", "../me")] == [None] * 3
    assert len(api.calls) == heard


@pytest.mark.parametrize(
    ("said", "error"),
    [
        (refusal(190, "Error validating access token", status=401), BadCredentials),
        (refusal(4, "Application request limit reached"), Transient),
        (Said(b"", 502), Transient),
    ],
)
def test_trouble_with_looking_up_is_told(server: Server, said: Said, error: type[Exception]) -> None:
    server[0].trouble = lambda _: said
    with pytest.raises(error):
        FACEBOOK.look_up(server[1], ANA, None)


def test_a_token_that_may_not_look_up_people_still_writes_to_them(server: Server) -> None:
    server[0].trouble = lambda _: refusal(200, "(#200) Requires Business Asset User Profile Access", status=403)
    assert FACEBOOK.look_up(server[1], ANA, None) is None
