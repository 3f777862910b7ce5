"""An Instagram account against a Graph API on loopback: direct messages, comments, mentions, and their answers."""

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
from tests.fakes.facebook import GONE, LATE, LONG_AGO
from tests.fakes.graph import refusal
from tests.fakes.instagram import (
    ACCOUNT,
    COMMENT,
    KIM,
    LIVE_COMMENT,
    MEDIA,
    PAGE,
    REPLY,
    InstagramApi,
    serving_instagram,
)
from tests.fakes.provider import Said

INSTAGRAM = connector_for("instagram")
FIXTURES = Path(__file__).parent.parent / "fixtures" / "instagram"
PNG = OutboundAttachment("pot.png", "image/png", b"\x89PNG\r\n\x1a\n")
IN_PUBLIC = replace(REPLY, is_public=True, answers=f"comment:{COMMENT}", thread_key=f"{MEDIA}/{COMMENT}")
Server = tuple[InstagramApi, Credentials]


@pytest.fixture
def server() -> Iterator[Server]:
    with serving_instagram() as running:
        yield running


def parsed(value: Any) -> list[InboundMessage]:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return INSTAGRAM.parse(RawDelivery(raw, datetime(2026, 11, 22, tzinfo=UTC)))


def captured(name: str) -> Any:
    return json.loads((FIXTURES / f"{name}.body").read_bytes())


def sent(api: InstagramApi, home: str = PAGE) -> list[dict[str, Any]]:
    return [call.json for call in api.heard("POST", rf"/v25.0/{home}/messages")]


def anywhere(_: IPv4Address | IPv6Address) -> bool:
    return True


# ---------------------------------------------------------------- parse


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b"{}",
        b"7",
        b'{"object": "instagram"}',
        b'{"entry": [{"id": "1", "time": 2}]}',
    ],
)
def test_what_is_not_instagram_is_malformed(raw: bytes) -> None:
    with pytest.raises(Malformed):
        parsed(raw)


@pytest.mark.parametrize("name", ["echo", "comment_by_us", "story_insights"])
def test_what_nobody_said_to_the_account_is_not_heard(name: str) -> None:
    assert parsed(captured(name)) == []


def test_a_comment_and_a_message_of_one_person_have_one_sender() -> None:
    assert parsed(captured("comment"))[0].sender.address == parsed(captured("text"))[0].sender.address == KIM


def test_a_comment_and_its_answers_share_a_thread() -> None:
    assert {parsed(captured(name))[0].thread_key for name in ("comment", "comment_reply")} == {f"{MEDIA}/{COMMENT}"}


def test_what_a_story_shows_is_never_kept() -> None:
    for name in ("story_mention", "story_reply"):
        (message,) = parsed(captured(name))
        assert message.remote_files == ()
        assert message.custom["story_url"].startswith("https://lookaside.fbsbx.com/")


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
        assert bool(message.target) is (message.kind in {"edit", "delete", "reaction", "status"})
        assert all(file.url for file in message.remote_files)


# ---------------------------------------------------------------- send


def test_a_message_leaves_by_the_linked_page(server: Server) -> None:
    api, credentials = server
    assert INSTAGRAM.send(credentials, REPLY).external_id.startswith("m_")
    assert sent(api) == [{"recipient": {"id": KIM}, "message": {"text": "Good news"}, "messaging_type": "RESPONSE"}]


def test_without_a_page_it_leaves_by_the_account_itself() -> None:
    with serving_instagram(home=ACCOUNT) as (api, credentials):
        assert INSTAGRAM.send(credentials, REPLY).external_id
        with pytest.raises(Rejected, match="set the page id"):
            INSTAGRAM.send(credentials, replace(REPLY, attachments=(PNG,)))
        assert len(sent(api, ACCOUNT)) == 1


def test_a_picture_is_uploaded_for_instagram_and_follows_the_text(server: Server) -> None:
    api, credentials = server
    INSTAGRAM.send(credentials, replace(REPLY, attachments=(PNG,)))
    assert list(api.files.values()) == [("image", "pot.png", PNG.data)]
    assert [sorted(body["message"]) for body in sent(api)] == [["text"], ["attachment"]]


def test_the_limit_is_counted_in_bytes(server: Server) -> None:
    api, credentials = server
    assert INSTAGRAM.send(credentials, replace(REPLY, text="x" * 1000)).external_id
    with pytest.raises(Rejected, match="1,000 bytes"):
        INSTAGRAM.send(credentials, replace(REPLY, text="ж" * 501))
    assert len(sent(api)) == 1


def test_after_a_day_only_a_person_may_answer_and_only_where_meta_allows_it(server: Server) -> None:
    api, credentials = server
    late = replace(REPLY, recipient=LATE)
    human = {**credentials, "human_agent": True}
    with pytest.raises(Rejected, match="time to answer freely is over"):
        INSTAGRAM.send(credentials, late)
    with pytest.raises(Rejected):
        INSTAGRAM.send(human, replace(late, automatic=True))
    assert INSTAGRAM.send(human, late).external_id
    assert [body.get("tag") for body in sent(api)] == [None, None, None, "HUMAN_AGENT"]


@pytest.mark.parametrize("to", [LONG_AGO, GONE, ""])
def test_who_cannot_be_reached_is_a_final_refusal_that_pauses_nothing(server: Server, to: str) -> None:
    with pytest.raises(Rejected):
        INSTAGRAM.send({**server[1], "human_agent": True}, replace(REPLY, recipient=to))


def test_a_comment_is_answered_in_private_once(server: Server) -> None:
    api, credentials = server
    reply = replace(REPLY, answers=f"comment:{COMMENT}")
    INSTAGRAM.send(credentials, reply)
    assert sent(api) == [{"recipient": {"comment_id": COMMENT}, "message": {"text": "Good news"}}]
    with pytest.raises(Rejected, match="already answered in private"):
        INSTAGRAM.send(credentials, reply)


def test_a_mention_is_not_answered_in_private(server: Server) -> None:
    with pytest.raises(Rejected):
        INSTAGRAM.send(server[1], replace(REPLY, answers=f"mention:{MEDIA}:{COMMENT}"))
    assert server[0].calls == []


@pytest.mark.parametrize(
    ("answers", "wanted"),
    [
        (f"comment:{COMMENT}", {"target": COMMENT, "message": "Good news"}),
        (None, {"target": COMMENT, "message": "Good news"}),
        (f"mention:{MEDIA}:77", {"media_id": MEDIA, "comment_id": "77", "message": "Good news"}),
        (f"mention:{MEDIA}", {"media_id": MEDIA, "message": "Good news"}),
    ],
)
def test_a_public_answer_stands_under_what_it_answers(
    server: Server, answers: str | None, wanted: dict[str, str]
) -> None:
    api, credentials = server
    receipt = INSTAGRAM.send(credentials, replace(IN_PUBLIC, answers=answers))
    assert api.comments == [wanted]
    assert receipt.external_id == "comment:17873440459142001"


@pytest.mark.parametrize(
    "change", [{"attachments": (PNG,)}, {"answers": None, "thread_key": None}, {"answers": f"comment:{LIVE_COMMENT}"}]
)
def test_what_instagram_does_not_take_in_public_is_rejected(server: Server, change: dict[str, Any]) -> None:
    with pytest.raises(Rejected):
        INSTAGRAM.send(server[1], replace(IN_PUBLIC, **change))
    assert server[0].comments == []


@pytest.mark.parametrize(
    ("said", "error"),
    [
        (refusal(613, "(#613) Calls to this API have exceeded the rate limit."), Transient),
        (refusal(80002, "There have been too many calls to this Instagram account."), Transient),
        (refusal(190, "Error validating access token", status=401), BadCredentials),
        (refusal(100, "(#100) No matching user found", subcode=2534014), Rejected),
        (Said(b"", 500), Transient),
        (Said({}), Rejected),
    ],
)
def test_every_refusal_has_its_error(server: Server, said: Said, error: type[Exception]) -> None:
    server[0].trouble = lambda _: said
    with pytest.raises(error):
        INSTAGRAM.send(server[1], REPLY)
    with pytest.raises(error):
        INSTAGRAM.send(server[1], IN_PUBLIC)


# ---------------------------------------------------------------- act, files, check


@pytest.mark.parametrize(
    ("kind", "state", "value"), [("hide", "hidden", True), ("unhide", "hidden", False), ("delete", "deleted", True)]
)
def test_a_comment_is_hidden_and_deleted(server: Server, kind: ActionKind, state: str, value: object) -> None:
    api, credentials = server
    api.states[state] = not value
    for _ in range(2):
        INSTAGRAM.act(credentials, Action(kind, f"comment:{COMMENT}"))
    assert api.states[state] is value


@pytest.mark.parametrize(
    ("kind", "target"),
    [("hide", "m_1"), ("hide", f"mention:{MEDIA}"), ("hide", "comment:404"), ("like", f"comment:{COMMENT}")],
)
def test_what_instagram_does_not_offer_is_rejected(server: Server, kind: ActionKind, target: str) -> None:
    with pytest.raises(Rejected):
        INSTAGRAM.act(server[1], Action(kind, target))


def test_a_file_is_fetched_without_the_token_and_typed_by_who_serves_it(server: Server) -> None:
    api, credentials = server
    api.on(
        "GET",
        "/cdn",
        lambda call: Said(call.headers.get("authorization", "none").encode(), headers={"content-type": "video/mp4"}),
    )
    found = INSTAGRAM.download(
        credentials, RemoteFile("shared", "application/octet-stream", url=f"{api.url}/cdn?asset_id=1"), anywhere
    )
    assert (found.data, found.content_type) == (b"none", "video/mp4")


def test_check_says_which_account_it_is(server: Server) -> None:
    assert INSTAGRAM.check(server[1]) == "Signed in as @luckyshrub, 1,204 followers."
    assert INSTAGRAM.address(server[1]) == "@luckyshrub"


@pytest.mark.parametrize(
    "change",
    [{"access_token": "other"}, {"account_id": "12345"}, {"account_id": "@luckyshrub"}, {"app_secret": "other"}],
)
def test_check_finds_wrong_credentials(server: Server, change: dict[str, str]) -> None:
    with pytest.raises(BadCredentials):
        INSTAGRAM.check({**server[1], **change})


# ---------------------------------------------------------------- who somebody is


def test_who_wrote_is_looked_up(server: Server) -> None:
    api, credentials = server
    picture = "https://fbcdn-profile.example/kim"
    api.people[KIM] = {"name": None, "username": "kim_paints", "profile_pic": picture, "follower_count": 1234}
    shown = Profile("@kim_paints", "https://www.instagram.com/kim_paints/", picture, 1234)
    assert INSTAGRAM.look_up(credentials, KIM, None) == Identity(
        "instagram", KIM, "kim_paints", verified=True, profile=shown
    )
    api.people[KIM] |= {"name": "Kim Park"}
    found = INSTAGRAM.look_up(credentials, KIM, None)
    assert found is not None
    assert found.name == "Kim Park"


@pytest.mark.parametrize(
    ("said", "error"),
    [
        (refusal(190, "Error validating access token", status=401), BadCredentials),
        (refusal(80002, "There have been too many calls to this Instagram account."), Transient),
        (refusal(230, "(#230) User consent is required to access user profile", status=403), None),
        (refusal(100, "(#100) No profile available for this user.", subcode=2018218), None),
    ],
)
def test_who_did_not_write_directly_stays_unknown(server: Server, said: Said, error: type[Exception] | None) -> None:
    server[0].trouble = lambda _: said
    if error:
        with pytest.raises(error):
            INSTAGRAM.look_up(server[1], KIM, None)
    else:
        assert INSTAGRAM.look_up(server[1], KIM, None) is None
