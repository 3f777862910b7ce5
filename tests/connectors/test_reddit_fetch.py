"""Reddit is asked for everything once, oldest first, from where it stopped, and for what became of it."""

from __future__ import annotations

import json
import time
from collections.abc import Generator, Iterator
from contextlib import closing
from typing import Any, cast

import pytest

from connectors._reddit_fetch import Pace, matches
from connectors.base import Batch, Cursor, RawDelivery
from connectors.errors import BadCredentials, Transient
from connectors.reddit import RedditConnector
from tests.fakes.provider import Said
from tests.fakes.reddit import OWN, Reddit, comment, message, post, reddit_service

QUICK = Pace(poll_seconds=0.01, heartbeat_seconds=0.0, step_seconds=0.005, again_seconds=0.0)
NOW = int(time.time())
OLD = NOW - 60_000  # within the day in which changes are looked for, however long the other tests take
WATCHING = {"communities": "gadgets", "words": "acme"}
r = RedditConnector(QUICK)


@pytest.fixture
def service() -> Iterator[Reddit]:
    with reddit_service() as running:
        yield running


def since(at: float) -> dict[str, Any]:
    place = {"at": at, "from": at, "names": []}
    return {"listings": {"inbox": place, "new": place, "comments": place}, "watched": {}}


def opened(credentials: Any, cursor: Cursor) -> closing[Generator[Batch, None, None]]:
    return closing(cast("Generator[Batch, None, None]", r.fetch(credentials, cursor)))


def one_round(service: Reddit, cursor: Cursor, **more: Any) -> list[Batch]:
    """Fetch until everything was asked for once and the inbox is asked for again."""
    found = []
    begun = len(inbox_calls(service))
    with opened({**service.credentials, **more}, cursor) as batches:
        for batch in batches:
            found.append(batch)
            if len(inbox_calls(service)) >= begun + 2:
                break
    return found


def inbox_calls(service: Reddit) -> list[Any]:
    return [call for call in service.heard("GET", "/message/inbox") if "after" not in call.query]


def deliveries(batches: list[Batch]) -> list[RawDelivery]:
    return [delivery for batch in batches for delivery in batch.deliveries]


def ids(batches: list[Batch]) -> list[str]:
    return [str(delivery.external_id) for delivery in deliveries(batches)]


def kept(batches: list[Batch], cursor: Cursor) -> Cursor:
    last = [cursor, *(batch.cursor for batch in batches if batch.cursor is not None)][-1]
    return cast("Cursor", json.loads(json.dumps(last)))


def test_a_first_start_begins_now(service: Reddit) -> None:
    began = time.time()
    service.inbox.append(message("old", began - 5))
    batches = one_round(service, {})
    assert ids(batches) == []
    assert began - 1 <= kept(batches, {})["listings"]["inbox"]["at"] <= time.time()
    service.inbox.append(message("new", time.time() + 2))
    assert ids(one_round(service, kept(batches, {}))) == ["t4_new"]


def test_everything_of_an_outage_comes_oldest_first_over_all_pages(service: Reddit) -> None:
    service.page_size = 2
    service.inbox += [message(f"m{number}", OLD + number) for number in range(1, 8)]
    batches = one_round(service, since(OLD))
    assert ids(batches) == [f"t4_m{number}" for number in range(1, 8)]
    again = one_round(service, kept(batches, {}))
    assert ids(again) == []


def test_pages_are_turned_only_as_far_as_needed(service: Reddit) -> None:
    service.page_size = 2
    service.inbox += [message(f"m{number}", OLD - 10_000 + number) for number in range(20)]
    service.inbox += [message("new", OLD + 1)]
    assert ids(one_round(service, since(OLD))) == ["t4_new"]
    assert {call.query.get("after") for call in service.heard("GET", "/message/inbox")} == {None}


def test_a_thing_that_a_listing_shows_late_is_still_found_and_no_other_comes_twice(service: Reddit) -> None:
    service.inbox += [message("a", OLD + 100), message("c", OLD + 300)]
    batches = one_round(service, since(OLD))
    service.inbox.insert(1, message("b", OLD + 200))
    assert ids(one_round(service, kept(batches, {}))) == ["t4_b"]


def test_of_watched_communities_only_what_holds_a_word_is_taken(service: Reddit) -> None:
    service.posts += [
        post("p1", OLD + 1, "ACME is down", ""),
        post("p2", OLD + 2, "Cats", "nothing else"),
        post("p3", OLD + 3, "Cats", "and acme, too"),
        post("p4", OLD + 4, "Acme elsewhere", subreddit="cats"),
        post("p5", OLD + 5, "Acme says", author=OWN.upper()),
    ]
    service.comments += [comment("c1", OLD + 6, "acmeology"), comment("c2", OLD + 7, "hey, Acme!")]
    service.inbox += [message("m1", OLD + 8, "no word of it, still ours")]
    assert ids(one_round(service, since(OLD), **WATCHING)) == ["t4_m1", "t3_p1", "t3_p3", "t1_c2"]
    assert service.heard("GET", "/r/gadgets/new")


def test_what_was_passed_over_is_not_looked_at_forever(service: Reddit) -> None:
    service.posts += [post("p1", OLD + 50, "Cats", "")]
    assert kept(one_round(service, since(OLD), **WATCHING), {})["listings"]["new"]["at"] == OLD + 50


def test_without_words_everything_of_a_community_is_taken(service: Reddit) -> None:
    service.posts += [post("p1", OLD + 1, "Cats", "")]
    assert ids(one_round(service, since(OLD), communities=["r/Gadgets"])) == ["t3_p1"]


@pytest.mark.parametrize(
    ("said", "words", "is_ours"),
    [
        ("Acme's support", ("acme",), True),
        ("ACME", ("acme",), True),
        ("acmes", ("acme",), False),
        ("the Acme  Cloud\nis down", ("acme cloud",), True),
        ("cloud acme", ("acme cloud",), False),
        ("Straße gesperrt", ("STRASSE",), True),
        ("anything", (), True),
        ("anything", ("?!",), False),
    ],
)
def test_words_are_found_as_whole_words_in_any_case(said: str, words: tuple[str, ...], is_ours: bool) -> None:
    assert matches(said, words) is is_ours


def test_what_is_edited_or_deleted_later_is_told(service: Reddit) -> None:
    service.comments = [
        comment("c1", OLD + 1, "acme one"),
        comment("c2", OLD + 2, "acme two"),
        comment("c3", OLD + 3, "acme three"),
    ]
    cursor = kept(one_round(service, since(OLD), **WATCHING), {})
    service.comments[0]["data"].update(body="acme one, corrected", edited=float(NOW))
    service.comments[1]["data"].update(body="[deleted]", author="[deleted]")
    batches = one_round(service, cursor, **WATCHING)
    edited, deleted = (r.parse(delivery)[0] for delivery in deliveries(batches))
    assert (edited.kind, edited.target, edited.text) == ("edit", "t1_c1", "acme one, corrected")
    assert (deleted.kind, deleted.target, deleted.sender.kind) == ("delete", "t1_c2", "provider")
    assert edited.external_id != "t1_c1"
    assert ids(one_round(service, kept(batches, cursor), **WATCHING)) == []


def test_private_messages_are_not_looked_up_again(service: Reddit) -> None:
    service.inbox.append(message("m1", OLD + 1))
    one_round(service, kept(one_round(service, since(OLD)), {}))
    assert not service.heard("GET", "/api/info")


def test_a_delivery_holds_the_thing_as_reddit_gave_it(service: Reddit) -> None:
    given = comment("c1", OLD + 1, "Grüße & <acme>")
    service.comments.append(given)
    (delivery,) = deliveries(one_round(service, since(OLD), **WATCHING))
    assert json.loads(delivery.raw) == given
    assert service.heard("GET", "/r/gadgets/comments")[0].query["raw_json"] == "1"
    assert r.parse(delivery)[0].text == "Grüße & <acme>"


def test_many_come_in_small_batches_and_only_the_last_moves_the_cursor(service: Reddit) -> None:
    service.inbox += [message(f"m{number}", OLD + number) for number in range(1, 121)]
    full = [batch for batch in one_round(service, since(OLD)) if batch.deliveries]
    assert [len(batch.deliveries) for batch in full] == [50, 50, 20]
    assert [batch.cursor is not None for batch in full] == [False, False, True]


def test_a_used_up_limit_is_waited_for_with_signs_of_life(service: Reddit) -> None:
    service.left = 1  # for who we are; the headers then say that none is left
    with opened(service.credentials, since(OLD)) as batches:
        for _ in range(30):
            assert next(batches).deliveries == ()
    assert inbox_calls(service) == []


@pytest.mark.parametrize(
    "odd", [{}, {"listings": 7}, {"listings": {"inbox": {"at": "x"}}, "watched": {"a": 1, "b": ["x", 2]}}]
)
def test_an_odd_cursor_begins_now(service: Reddit, odd: Any) -> None:
    service.inbox.append(message("old", OLD))
    assert ids(one_round(service, odd)) == []


def test_a_closed_community_pauses_the_channel_and_says_which(service: Reddit) -> None:
    service.closed.add("gadgets")
    with pytest.raises(BadCredentials, match="r/gadgets/new is closed"):
        one_round(service, since(OLD), **WATCHING)


def test_trouble_at_reddit_passes(service: Reddit) -> None:
    service.trouble = lambda _: Said(b"<html>", 500)
    with opened(service.credentials, since(OLD)) as batches, pytest.raises(Transient):
        list(batches)


@pytest.mark.parametrize(("failures", "works"), [(1, True), (2, False)])
def test_a_question_is_asked_twice_and_not_more(service: Reddit, failures: int, works: bool) -> None:
    real, left = service.answer, [failures]

    def answer(call: Any) -> Said:
        if call.path == "/api/v1/me" and left[0]:
            left[0] -= 1
            service.calls.append(call)
            return Said(b"", 502)
        return real(call)

    service.answer = answer  # type: ignore[method-assign]
    if works:
        assert r.check(service.credentials)
    else:
        with pytest.raises(Transient):
            r.check(service.credentials)
    assert len(service.heard("GET", "/api/v1/me")) == 2
