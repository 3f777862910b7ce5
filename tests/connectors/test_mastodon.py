"""The Mastodon channel against a server that keeps Mastodon's rules, by way of the real library."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors import _mastodon_watch as watching
from connectors import mastodon
from connectors._http import reachable
from connectors._mastodon_client import Server, streaming_client
from connectors.base import Action, Batch, Credentials, InboundMessage, OutboundAttachment, RawDelivery, RemoteFile
from connectors.errors import BadCredentials, Malformed, Rejected, Transient
from tests.connectors.test_contract import check_message
from tests.fakes.mastodon import TOKEN, Mastodon, example, open_server

CONNECTOR = mastodon.MastodonConnector()
ANSWERED = "111445823400112233"
PICTURE = OutboundAttachment("torn.png", "image/png", b"\x89PNG\r\n\x1a\n")


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "POLL_SECONDS", 0.01)
    monkeypatch.setattr(mastodon, "LOOK_SECONDS", 0.01)


@pytest.fixture
def server() -> Iterator[Mastodon]:
    with open_server() as (running, _):
        yield running


def credentials(server: Mastodon, **more: Any) -> Credentials:
    return {"api_url": server.url, "access_token": TOKEN, "streaming": False, **more}


def note(number: int, **status: Any) -> dict[str, Any]:
    made: dict[str, Any] = copy.deepcopy(example("mention_public"))
    made["id"] = str(number)
    made["status"] |= {"id": f"9{number}", **status}
    return made


def heard(batches: Iterator[Batch], most: int = 12) -> tuple[list[InboundMessage], Any]:
    """Return what so many batches bring, and the last cursor."""
    cursor: Any = None
    messages: list[InboundMessage] = []
    for batch in islice(batches, most):
        cursor = batch.cursor or cursor
        for delivery in batch.deliveries:
            messages += CONNECTOR.parse(delivery)
    return messages, cursor


# ---------------------------------------------------------------- fetch


def test_a_first_run_begins_now_and_an_outage_is_filled_oldest_first(server: Mastodon) -> None:
    server.notifications = [note(1), note(2)]
    messages, cursor = heard(CONNECTOR.fetch(credentials(server), {}), 3)
    assert messages == []
    assert cursor["notifications"] == "2"
    server.notifications += [note(number) for number in range(3, 80)]
    server.statuses |= {n["status"]["id"]: n["status"] for n in server.notifications}
    messages, cursor = heard(CONNECTOR.fetch(credentials(server), json.loads(json.dumps(cursor))), 7)
    assert [message.external_id for message in messages] == [f"9{number}" for number in range(3, 80)]
    assert cursor["notifications"] == "79"
    assert heard(CONNECTOR.fetch(credentials(server), cursor), 4)[0] == []


def test_what_is_stored_is_exactly_what_the_server_said(server: Mastodon) -> None:
    wanted = note(5, favourites_count=3)
    server.notifications = [wanted]
    batch = next(iter(CONNECTOR.fetch(credentials(server), {"notifications": "4"})))
    assert json.loads(batch.deliveries[0].raw) == wanted


def test_a_reply_belongs_to_the_thread_it_began_with(server: Mastodon) -> None:
    server.notifications = [note(7, in_reply_to_id="95"), note(8, in_reply_to_id="94")]
    server.ancestors["97"] = [{"id": "90"}, {"id": "95"}]
    messages, _ = heard(CONNECTOR.fetch(credentials(server), {"notifications": "6"}), 1)
    assert [(message.thread_key, message.in_reply_to) for message in messages] == [("90", "95"), ("94", "94")]


def test_edits_and_deletions_of_what_was_said_are_noticed_once(server: Mastodon) -> None:
    server.notifications = [note(5), note(6)]
    server.statuses |= {"95": note(5)["status"], "96": note(6)["status"]}
    _, cursor = heard(CONNECTOR.fetch(credentials(server), {"notifications": "4"}), 3)
    server.statuses["95"] |= {"content": "<p>It came after all</p>", "edited_at": "2026-11-20T10:00:00.000Z"}
    del server.statuses["96"]
    messages, cursor = heard(CONNECTOR.fetch(credentials(server), cursor), 4)
    assert [(m.kind, m.target, m.text) for m in sorted(messages, key=lambda m: m.kind)] == [
        ("delete", "96", ""),
        ("edit", "95", "It came after all"),
    ]
    assert {message.sender.address for message in messages} == {example("mention_public")["account"]["id"]}
    assert list(cursor["watched"]) == ["95"]


def test_only_the_last_statuses_are_watched(server: Mastodon) -> None:
    server.notifications = [note(number) for number in range(1, 60)]
    server.statuses |= {n["status"]["id"]: n["status"] for n in server.notifications}
    _, cursor = heard(CONNECTOR.fetch(credentials(server), {"notifications": "0"}), 4)
    assert len(cursor["watched"]) == watching.WATCHED


def test_the_server_wakes_a_channel_that_waits(server: Mastodon, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "POLL_SECONDS", 600.0)  # only being woken ends the wait
    server.stream = b"event: notification\ndata: {}\n\n"
    batches = CONNECTOR.fetch(credentials(server, streaming=True), {"notifications": "4"})
    assert next(batches).deliveries == ()
    server.notifications = [note(5)]
    assert len(next(batches).deliveries) == 1
    batches.close()  # type: ignore[attr-defined]  # it is a generator


def test_signs_of_life_wake_nobody(server: Mastodon) -> None:
    server.stream = b":thump\n"
    bell = watching.Bell(Server(credentials(server)))
    streaming_client(Server(credentials(server))).stream_user_notifications(bell._ears())
    assert not bell._rung.is_set()


def test_too_many_calls_are_told_with_the_time_to_wait(server: Mastodon) -> None:
    server.calls_left = 1
    batches = CONNECTOR.fetch(credentials(server), {})
    next(batches)
    with pytest.raises(Transient) as caught:
        next(batches)
    assert caught.value.retry_after_seconds == 3600


# ---------------------------------------------------------------- the rest


def test_checking_says_who_is_signed_in(server: Mastodon) -> None:
    assert CONNECTOR.check(credentials(server)) == "Signed in as @acme@127.0.0.1, 1,204 followers."
    with pytest.raises(BadCredentials):
        CONNECTOR.check(credentials(server, access_token="wrong"))
    with pytest.raises(BadCredentials):
        CONNECTOR.check(credentials(server, api_url="ftp://x"))


def test_a_like_can_be_taken_back_and_twice_is_once(server: Mastodon) -> None:
    for kind, liked in (("like", {ANSWERED}), ("like", {ANSWERED}), ("unlike", set()), ("unlike", set())):
        CONNECTOR.act(credentials(server), Action(kind, ANSWERED))  # type: ignore[arg-type]  # both are kinds
        assert server.favourites == liked
    with pytest.raises(Rejected):
        CONNECTOR.act(credentials(server), Action("hide", ANSWERED))


def test_files_come_guarded(server: Mastodon) -> None:
    server.files["a.png"] = PICTURE.data
    file = RemoteFile("a.png", "image/png", url=f"{server.url}/files/a.png")
    assert CONNECTOR.download(credentials(server), file, reachable).data == PICTURE.data
    with pytest.raises(Rejected):
        CONNECTOR.download(credentials(server), file, lambda _: False)
    with pytest.raises(Rejected):
        CONNECTOR.download(credentials(server), replace(file, url=f"{server.url}/files/gone.png"), reachable)
    assert not any("authorization" in call.headers for call in server.heard("GET", "/files/.*"))


@pytest.mark.parametrize(
    "raw",
    [b"", b"{}", b"[{}]", b'"x"', b'{"event": "delete", "payload": {}}', b'{"event": "notification", "payload": "{"}',
     b'{"type": "mention", "account": {}, "status": {"id": "1"}}', b'{"content": "x", "account": []}'],
)  # fmt: skip
def test_what_is_no_message_is_malformed(raw: bytes) -> None:
    with pytest.raises(Malformed):
        CONNECTOR.parse(RawDelivery(raw, datetime(2026, 11, 22, tzinfo=UTC)))


ODD: st.SearchStrategy[Any] = (
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just([]) | st.just({}) | st.just("\ud800\0")
)
NAMES = ["mention_public", "gifv_audio_unknown", "quote", "content_warning_and_poll", "stream_notification", "deleted"]


@given(name=st.sampled_from(NAMES), data=st.data())
@settings(max_examples=80, deadline=None)
def test_a_field_of_another_type_breaks_nothing(name: str, data: st.DataObject) -> None:
    payload = example(name)
    place = payload
    while isinstance(place, dict) and place:
        key = data.draw(st.sampled_from(sorted(place)))
        if not isinstance(place[key], dict) or data.draw(st.booleans()):
            place[key] = data.draw(ODD)
            break
        place = place[key]
    try:
        messages = CONNECTOR.parse(RawDelivery(json.dumps(payload).encode(), datetime(2026, 11, 22, tzinfo=UTC)))
    except Malformed:
        return
    for message in messages:
        check_message(message)
