"""What comes from Bluesky, by way of the real library against a server that keeps Bluesky's rules."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors import _bluesky_client
from connectors import _bluesky_watch as watching
from connectors.base import Batch, Credentials, InboundMessage, RawDelivery
from connectors.bluesky import BlueskyConnector
from connectors.errors import BadCredentials, Malformed
from tests.connectors.test_contract import check_message
from tests.fakes.bluesky import ANA, ME, Bluesky, example, open_server

CONNECTOR = BlueskyConnector()
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
SINCE = {"newest": NOON.isoformat(), "log": "2222222aaaaaa"}
Running = tuple[Bluesky, Credentials]


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "POLL_SECONDS", 0.01)
    monkeypatch.setattr(watching, "LOOK_EVERY", 1)
    monkeypatch.setattr(_bluesky_client, "_sessions", {})  # a port may be used again


@pytest.fixture
def bluesky() -> Iterator[Running]:
    with open_server() as running:
        yield running


def note(number: int, minutes: float, reason: str = "mention") -> dict[str, Any]:
    made: dict[str, Any] = copy.deepcopy(example("mention")["notification"])
    indexed_at = (NOON + timedelta(minutes=minutes)).isoformat()
    return made | {"uri": f"at://{ANA}/app.bsky.feed.post/{number}", "indexedAt": indexed_at, "reason": reason}


def put(server: Bluesky, *entries: dict[str, Any]) -> None:
    server.notifications += entries
    server.posts |= {entry["uri"]: {**entry, "viewer": {}} for entry in entries}


def heard(batches: Iterator[Batch], most: int) -> tuple[list[InboundMessage], Any]:
    """Return what so many batches bring, and the last cursor as it is stored."""
    cursor: Any = None
    messages: list[InboundMessage] = []
    for batch in islice(batches, most):
        cursor = json.loads(json.dumps(batch.cursor)) if batch.cursor is not None else cursor
        messages += [message for delivery in batch.deliveries for message in CONNECTOR.parse(delivery)]
    return messages, cursor


def keys(messages: list[InboundMessage]) -> list[str]:
    return [message.external_id.rpartition("/")[2] for message in messages]


# ---------------------------------------------------------------- notifications


def test_a_first_run_begins_now(bluesky: Running) -> None:
    server, credentials = bluesky
    put(server, note(1, -60))
    messages, cursor = heard(CONNECTOR.fetch(credentials, {}), 3)
    assert messages == []
    assert cursor["log"] == "2222222aaaaaa"
    assert datetime.fromisoformat(cursor["newest"]).tzinfo is not None


def test_an_outage_is_filled_over_pages_oldest_first_and_once(bluesky: Running) -> None:
    server, credentials = bluesky
    server.page_size = 7
    put(server, *(note(number, number / 2) for number in range(60)), note(99, -30), note(98, 3, "like"))
    messages, cursor = heard(CONNECTOR.fetch(credentials, SINCE), 15)
    assert keys(messages) == [str(number) for number in range(60)]
    assert messages[0].sender.profile is not None
    assert messages[0].sender.profile.followers == 1204
    assert heard(CONNECTOR.fetch(credentials, cursor), 4)[0] == []


def test_what_is_indexed_late_is_not_lost(bluesky: Running) -> None:
    server, credentials = bluesky
    put(server, note(1, 5))
    _, cursor = heard(CONNECTOR.fetch(credentials, SINCE), 3)
    put(server, note(2, 4))
    assert keys(heard(CONNECTOR.fetch(credentials, cursor), 3)[0]) == ["2"]


def test_a_post_that_is_gone_is_told_once(bluesky: Running) -> None:
    server, credentials = bluesky
    put(server, note(1, 1), note(2, 2))
    _, cursor = heard(CONNECTOR.fetch(credentials, SINCE), 3)
    del server.posts[f"at://{ANA}/app.bsky.feed.post/1"]
    messages, cursor = heard(CONNECTOR.fetch(credentials, cursor), 4)
    assert [(m.kind, m.target, m.sender.address) for m in messages] == [
        ("delete", f"at://{ANA}/app.bsky.feed.post/1", ANA)
    ]
    assert [uri.rpartition("/")[2] for uri, _ in cursor["watched"]] == ["2"]


def test_what_is_stored_is_exactly_what_the_server_said(bluesky: Running) -> None:
    server, credentials = bluesky
    odd = note(1, 1) | {
        "record": {"$type": "app.bsky.feed.post", "text": "x", "createdAt": "yesterday", "odd": [1, None]}
    }
    put(server, odd)
    batch = next(batch for batch in CONNECTOR.fetch(credentials, SINCE) if batch.deliveries)
    assert json.loads(batch.deliveries[0].raw)["notification"] == odd


# ---------------------------------------------------------------- direct messages


def test_direct_messages_come_with_who_wrote_them_and_our_own_do_not(bluesky: Running) -> None:
    server, credentials = bluesky
    for name, rev in (("direct_message", "2222222b"), ("direct_message_own", "2222222c"), ("reaction", "2222222d")):
        server.logs.append(example(name)["log"] | {"rev": rev})
    messages, cursor = heard(CONNECTOR.fetch(credentials, SINCE), 4)
    assert [(m.kind, m.text or m.reaction, m.thread_key) for m in messages] == [
        ("text", "my phone number is 0151 2345678", "convo:3l7xconvo"),
        ("reaction", "👍", "convo:3l7xconvo"),
    ]
    assert {m.sender.name for m in messages} == {"Ana Lindqvist"}
    assert cursor["log"] == "2222222d"
    assert len(server.heard("GET", "/xrpc/chat.bsky.convo.getConvo")) == 1
    assert heard(CONNECTOR.fetch(credentials, cursor), 4)[0] == []


def test_without_access_to_direct_messages_the_rest_still_comes(bluesky: Running) -> None:
    server, credentials = bluesky
    server.has_chat = False
    put(server, note(1, 1))
    messages, _ = heard(CONNECTOR.fetch(credentials, {"newest": NOON.isoformat()}), 3)
    assert keys(messages) == ["1"]
    assert "does not open direct messages" in CONNECTOR.check(credentials)
    server.calls.clear()
    heard(CONNECTOR.fetch({**credentials, "direct_messages": False}, SINCE), 3)
    assert not server.heard("GET", "/xrpc/chat.*")


# ---------------------------------------------------------------- sessions


def test_signing_in_happens_once_and_the_session_is_renewed(bluesky: Running) -> None:
    server, credentials = bluesky
    assert CONNECTOR.check(credentials) == "Signed in as @acme.example, 1,204 followers."
    CONNECTOR.check(credentials)
    assert len(server.heard("POST", "/xrpc/com.atproto.server.createSession")) == 1
    server.seconds_valid = 60.0  # less than the quarter of an hour before which the library renews
    server._session()
    with pytest.raises(BadCredentials):
        CONNECTOR.check({**credentials, "app_password": "wrong-pass"})


def test_processes_that_live_for_one_job_go_on_with_the_kept_session(
    bluesky: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, credentials = bluesky
    connector: Any = CONNECTOR
    assert connector.renews_at(credentials) == 0.0  # now: there is none yet
    kept = {**credentials, **connector.renewed(credentials)}
    for _ in range(3):
        monkeypatch.setattr(_bluesky_client, "_sessions", {})  # another process
        CONNECTOR.check(kept)
    assert len(server.heard("POST", "/xrpc/com.atproto.server.createSession")) == 1
    assert connector.renews_at(kept) > datetime.now(UTC).timestamp() + 3000
    assert connector.renews_at({**kept, "app_password": "another"}) == 0.0
    assert connector.renews_at({}) is None


def test_a_kept_session_that_was_revoked_costs_one_sign_in(bluesky: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    server, credentials = bluesky
    connector: Any = CONNECTOR
    kept = {**credentials, **connector.renewed(credentials)}
    server.access = server.refresh = "revoked"
    monkeypatch.setattr(_bluesky_client, "_sessions", {})
    assert CONNECTOR.check(kept).startswith("Signed in")
    assert len(server.heard("POST", "/xrpc/com.atproto.server.createSession")) == 2


def test_a_session_that_ended_is_made_anew(bluesky: Running) -> None:
    server, credentials = bluesky
    CONNECTOR.check(credentials)
    server.access = server.refresh = "revoked"
    assert CONNECTOR.check(credentials).startswith("Signed in")
    assert len(server.heard("POST", "/xrpc/com.atproto.server.createSession")) == 2


def test_a_session_about_to_end_is_renewed_by_its_own_token(bluesky: Running) -> None:
    server, credentials = bluesky
    server.seconds_valid = 60.0
    CONNECTOR.check(credentials)
    server.seconds_valid = 7200.0
    CONNECTOR.check(credentials)
    assert server.heard("POST", "/xrpc/com.atproto.server.refreshSession")
    assert len(server.heard("POST", "/xrpc/com.atproto.server.createSession")) == 1


# ---------------------------------------------------------------- parse


@pytest.mark.parametrize(
    "body",
    [None, {}, [{}], "x", {"notification": {"reason": "reply", "record": {}}}, {"record": {}, "author": {}},
     {"log": {"$type": "chat.bsky.convo.defs#logCreateMessage", "message": {"text": "x"}}}, {"deleted": {}}],
)  # fmt: skip
def test_what_is_no_message_is_malformed(body: Any) -> None:
    with pytest.raises(Malformed):
        CONNECTOR.parse(RawDelivery(json.dumps(body).encode(), NOON))


def test_facets_that_lie_about_their_place_change_nothing() -> None:
    payload = example("mention_with_short_link")
    text = payload["notification"]["record"]["text"]
    for start, end in ((-1, 5), (5, 4), (0, 10_000), ("0", "x"), (None, 3), (27, 29)):
        payload["notification"]["record"]["facets"][0]["index"] = {"byteStart": start, "byteEnd": end}
        (message,) = CONNECTOR.parse(RawDelivery(json.dumps(payload).encode(), NOON))
        assert message.text == text


ODD: st.SearchStrategy[Any] = (
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just([]) | st.just({}) | st.just("\ud800\0")
)
NAMES = ["mention_with_short_link", "quote_with_media", "direct_message", "reaction", "deleted_post", "reply", "video"]


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
        messages = CONNECTOR.parse(RawDelivery(json.dumps(payload).encode(), NOON, meta={"me": ME}))
    except Malformed:
        return
    for message in messages:
        check_message(message)
