"""Matrix against a fake homeserver: nothing is missed and nothing told twice, replies are sent once.

The same against a real one: synapse_check.py, `make test-matrix`.
"""

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

from connectors import _http, _matrix_client
from connectors._matrix_parse import room_and_root, thread_key
from connectors.base import InboundMessage, OutboundAttachment, RawDelivery, RemoteFile
from connectors.errors import BadCredentials, ConnectorError, Malformed, Rejected, Transient
from connectors.registry import connector_for
from tests.connectors.test_contract import check_message
from tests.fakes.matrix import ANA, REPLY, ROOM, TOKEN, Homeserver, credentials_for, homeserver
from tests.fakes.provider import Said

MATRIX = connector_for("matrix")
FIXTURES = Path(__file__).parent.parent / "fixtures" / "matrix"
NOW = datetime(2026, 11, 22, tzinfo=UTC)
PICTURE = OutboundAttachment("cat.png", "image/png", b"\x89PNG1")


@pytest.fixture(name="server")
def _server() -> Iterator[Homeserver]:
    with homeserver() as running:
        yield running


def heard(known: Any, cursor: Any, syncs: int = 1) -> tuple[list[InboundMessage], Any]:
    """Return the messages of so many rounds of /sync, and the cursor after them."""
    found: list[InboundMessage] = []
    for batch in MATRIX.fetch(known, cursor):
        found += [message for delivery in batch.deliveries for message in MATRIX.parse(delivery)]
        if batch.cursor:
            cursor, syncs = batch.cursor, syncs - 1
        if not syncs:
            break
    return found, cursor


# ---------------------------------------------------------------- fetch


def test_the_first_run_begins_now(server: Homeserver) -> None:
    server.say("long ago")
    assert heard(credentials_for(server), {}) == ([], {"since": "s1"})


def test_what_is_new_comes_once_with_the_sender_s_name(server: Homeserver) -> None:
    known = credentials_for(server)
    _, cursor = heard(known, {})
    id_ = server.say("Hello")
    server.ephemeral[1] = {id_: {"m.read": {ANA: {"ts": 1}}}}
    (hello, read), cursor = heard(known, cursor)
    assert (hello.external_id, hello.text, hello.sender.name, hello.thread_key) == (id_, "Hello", "Ana", ROOM)
    assert (read.status, read.target) == ("read", id_)
    server.say("Again")
    ((again,), _) = heard(known, cursor)
    assert again.text == "Again"


def test_a_long_outage_leaves_no_gap_and_keeps_the_order(server: Homeserver) -> None:
    _, cursor = heard(credentials_for(server), {})
    ids = [server.say(f"number {number}") for number in range(350)]
    found, cursor = heard(credentials_for(server), cursor)
    assert [one.external_id for one in found] == ids
    assert heard(credentials_for(server), cursor)[0] == []


def test_an_invitation_is_accepted_and_what_was_said_meanwhile_is_heard(server: Homeserver) -> None:
    room = "!new:example.org"
    _, cursor = heard(credentials_for(server), {})
    server.say("not for us", room=room)
    server.invite(room)
    ids = [server.say(f"waiting {number}", room=room) for number in range(150)]
    found, _ = heard(credentials_for(server), cursor, syncs=2)
    assert [one.external_id for one in found] == ids
    assert {one.thread_key for one in found} == {room}


def test_invitations_are_left_alone_where_the_admin_says_so(server: Homeserver) -> None:
    _, cursor = heard(credentials_for(server), {})
    server.invite("!new:example.org")
    heard(credentials_for(server, join_invites=False), cursor)
    assert server.joined == {ROOM}


def test_a_dead_server_s_invitation_stops_nobody_and_is_tried_five_times(server: Homeserver) -> None:
    _, cursor = heard(credentials_for(server), {})
    server.dead_rooms = {"!dead:example.org"}
    server.invite("!dead:example.org")
    server.say("Hello")
    (hello,), cursor = heard(credentials_for(server), cursor)
    assert hello.text == "Hello"
    assert cursor["invited"] == {"!dead:example.org": 1}
    _, cursor = heard(credentials_for(server), cursor, syncs=6)
    assert "invited" not in cursor
    assert len(server.heard("POST", ".*/join/.*")) == 5


def test_many_invitations_are_accepted_a_few_at_a_time(server: Homeserver) -> None:
    _, cursor = heard(credentials_for(server), {})
    for number in range(5):
        server.invite(f"!n{number}:example.org")
    for number in range(5):
        server.say(f"hello {number}", room=f"!n{number}:example.org")
    found, cursor = heard(credentials_for(server), cursor, syncs=5)
    assert sorted(one.text for one in found) == [f"hello {number}" for number in range(5)]
    assert "invited" not in cursor


def test_only_the_rooms_that_were_named_are_heard(server: Homeserver) -> None:
    known = credentials_for(server, rooms="!other:example.org")
    _, cursor = heard(known, {})
    server.say("Hello")
    assert heard(known, cursor)[0] == []


def test_an_answer_that_is_too_long_is_asked_for_in_smaller_pieces(
    server: Homeserver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_matrix_client, "MOST_BYTES", 25_000)
    _, cursor = heard(credentials_for(server), {})
    for number in range(60):
        server.say(f"{number}" + "x" * 500)
    calls = len(server.calls)
    with pytest.raises(
        Transient, match="too long"
    ):  # a page of the gap is too long, too: nothing is lost, it is tried again
        heard(credentials_for(server), cursor)
    limits = [
        json.loads(call.query["filter"])["room"]["timeline"]["limit"]
        for call in server.calls[calls:]
        if call.path.endswith("/sync")
    ]
    assert limits == [100, 10]


@pytest.mark.parametrize(
    ("answer", "error", "wait"),
    [
        (Said({"errcode": "M_LIMIT_EXCEEDED", "error": "Too many", "retry_after_ms": 2500}, 429), Transient, 2.5),
        (Said({"errcode": "M_LIMIT_EXCEEDED", "error": "Too many"}, 429, {"retry-after": "7"}), Transient, 7.0),
        (Said({"errcode": "M_UNKNOWN", "error": "Internal server error"}, 500), Transient, None),
        (Said(b"<html>502 Bad Gateway</html>", 502), Transient, None),
        (Said(b"<html>Welcome</html>", 200), Transient, None),
        (Said({}, 200), BadCredentials, None),
        (Said({"errcode": "M_UNKNOWN_TOKEN", "error": "Token is not active"}, 401), BadCredentials, None),
        (
            Said({"errcode": "M_USER_DEACTIVATED", "error": "This account has been deactivated"}, 403),
            BadCredentials,
            None,
        ),
        (Said({"errcode": "M_UNRECOGNIZED", "error": "Unrecognized request"}, 404), BadCredentials, None),
    ],
)
def test_trouble_while_fetching_ends_in_our_error(
    server: Homeserver, answer: Said, error: type[ConnectorError], wait: float | None
) -> None:
    server.trouble = lambda _call: answer
    with pytest.raises(error) as caught:
        heard(credentials_for(server), {})
    assert TOKEN not in caught.value.reason
    if isinstance(caught.value, Transient):
        assert caught.value.retry_after_seconds == wait


# ---------------------------------------------------------------- send


def test_a_reply_is_sent_once_whatever_is_repeated(server: Homeserver) -> None:
    two = replace(REPLY, attachments=(PICTURE, OutboundAttachment("a.txt", "text/plain", b"hello")))
    receipts = {MATRIX.send(credentials_for(server), two).external_id for _ in range(3)}
    assert receipts == {"$0"}
    words, picture, file = server.sent()
    assert words == {"msgtype": "m.text", "body": "Good news"}
    assert (picture["msgtype"], picture["filename"], picture["info"]) == (
        "m.image",
        "cat.png",
        {"mimetype": "image/png", "size": 5},
    )
    assert file["msgtype"] == "m.file"
    assert server.media[picture["url"].rpartition("/")[2]] == ("image/png", b"\x89PNG1")


def test_a_reply_belongs_to_the_thread_of_what_it_answers(server: Homeserver) -> None:
    root = server.say("root")
    inside = server.say(
        "", content={"msgtype": "m.text", "body": "inside", "m.relates_to": {"rel_type": "m.thread", "event_id": root}}
    )
    newest = server.say("newest")
    cases = [
        (
            replace(REPLY, idempotency_key="a", answers=inside),
            {"rel_type": "m.thread", "event_id": root, "is_falling_back": True, "m.in_reply_to": {"event_id": inside}},
        ),
        (
            replace(REPLY, idempotency_key="b", thread_key=f"{ROOM}|{root}"),
            {"rel_type": "m.thread", "event_id": root, "is_falling_back": True, "m.in_reply_to": {"event_id": root}},
        ),
        (replace(REPLY, idempotency_key="c", answers=root, in_reply_to=newest), {"m.in_reply_to": {"event_id": root}}),
        (replace(REPLY, idempotency_key="d", answers=newest, in_reply_to=newest), None),
        (replace(REPLY, idempotency_key="e", answers="$unknown", in_reply_to="$unknown"), None),
    ]
    for message, wanted in cases:
        MATRIX.send(credentials_for(server), message)
        assert server.sent()[-1].get("m.relates_to") == wanted


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (replace(REPLY, thread_key="!other:example.org"), "not in room"),
        (replace(REPLY, thread_key=None), "no room with this person"),
        (replace(REPLY, text=""), "nothing to send"),
        (replace(REPLY, text="x" * 65_536), "too large"),
    ],
)
def test_what_cannot_be_sent_says_why(server: Homeserver, message: Any, words: str) -> None:
    with pytest.raises(Rejected, match=words):
        MATRIX.send(credentials_for(server), message)


def test_the_longest_text_fits_an_event_in_any_script(server: Homeserver) -> None:
    MATRIX.send(credentials_for(server), replace(REPLY, text="漢" * MATRIX.capabilities.max_text))


def test_a_homeserver_that_is_not_there_is_transient() -> None:
    with pytest.raises(Transient):
        MATRIX.send({"homeserver": "http://127.0.0.1:9", "access_token": TOKEN}, REPLY)


def test_check_signs_in(server: Homeserver) -> None:
    assert MATRIX.check(credentials_for(server)) == "Signed in as @support:acme.example, in 1 room."
    for wrong in (
        {"access_token": "other"},
        {"access_token": "a\r\nb"},
        {"homeserver": ""},
        {"homeserver": "acme.example"},
    ):
        with pytest.raises(BadCredentials):
            MATRIX.check(credentials_for(server, **wrong))


# ---------------------------------------------------------------- files


@pytest.mark.parametrize("has_new_media", [True, False])
def test_a_file_comes_through_the_homeserver(server: Homeserver, has_new_media: bool) -> None:
    server.has_new_media = has_new_media
    server.media["abc"] = ("image/png", b"\x89PNG")
    file = RemoteFile("cat.png", "image/png", media_id="mxc://example.org/abc")
    got = MATRIX.download(credentials_for(server), file, _http.reachable)
    assert (got.filename, got.content_type, got.data) == ("cat.png", "image/png", b"\x89PNG")
    for media_id in (
        "mxc://example.org/gone",
        "mxc://example.org/../abc",
        "mxc://example.org",
        "https://example.org/abc",
        "mxc:///abc",
    ):
        with pytest.raises(Rejected):
            MATRIX.download(credentials_for(server), replace(file, media_id=media_id), _http.reachable)
    server.trouble = lambda _call: Said({"errcode": "M_UNKNOWN"}, 503)
    with pytest.raises(Transient):
        MATRIX.download(credentials_for(server), file, _http.reachable)


# ---------------------------------------------------------------- parse


@pytest.mark.parametrize("path", sorted(FIXTURES.glob("*.malformed")), ids=lambda path: path.stem)
def test_captured_nonsense_is_malformed(path: Path) -> None:
    with pytest.raises(Malformed):
        MATRIX.parse(RawDelivery(path.read_bytes(), NOW))


@pytest.mark.parametrize(
    "key", ["!a:b.example", "!a|b:c.example", "!v12room", "!a:b.example|$root", "!a|b:c.example|$root:c.example"]
)
def test_a_thread_s_key_is_taken_apart_as_it_was_made(key: str) -> None:
    assert thread_key(*room_and_root(key)) == key


@pytest.mark.parametrize("depth", range(440, 500, 2))
def test_no_depth_that_json_allows_breaks_the_parser(depth: int) -> None:
    with pytest.raises(Malformed):
        MATRIX.parse(RawDelivery(b'{"chunk":[' * depth + b"{}" + b"]}" * depth, NOW))


BODIES = [json.loads(path.read_text()) for path in sorted(FIXTURES.glob("*.body"))]
ODD: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, -1, 10**30, 1.5, "", "\ud800\0\n", "x" * 600, [], [{}], {}, {"id": {}}]
)


@given(body=st.sampled_from(BODIES), data=st.data())
@settings(max_examples=100, deadline=None)
def test_events_with_odd_values_are_messages_or_malformed(body: Any, data: st.DataObject) -> None:
    body = json.loads(json.dumps(body))
    one = body[0] if isinstance(body, list) else body
    event = one.get("event", one)
    content = event.get("content", {})
    inner = [one, event, *(part for part in (content, content.get("info"), content.get("m.relates_to")) if part)]
    place = data.draw(st.sampled_from(inner))
    place[data.draw(st.sampled_from([*place, "type"]))] = data.draw(ODD)
    try:
        messages = MATRIX.parse(RawDelivery(json.dumps(body).encode(), NOW))
    except Malformed:
        return
    for message in messages:
        check_message(message)
