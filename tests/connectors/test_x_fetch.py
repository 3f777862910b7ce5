"""X is asked for everything once, oldest first, from where it stopped, and no oftener than it allows."""

from __future__ import annotations

import json
import time
from collections.abc import Generator, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from connectors._x_fetch import Pace, id_at
from connectors.base import Batch, Cursor, RawDelivery
from connectors.errors import BadCredentials, Transient
from connectors.x import XConnector
from tests.fakes.provider import Said
from tests.fakes.x import ACCOUNT, HANDLE, X, message, post, problem, x_service

QUICK = Pace(poll_seconds=0.01, heartbeat_seconds=0.0, step_seconds=0.005, stream_again_seconds=0.01)
OLD = id_at((datetime.now(UTC) - timedelta(days=1)).timestamp())
SINCE = {"mentions": OLD, "quotes": OLD, "direct": OLD}
MENTIONS = f"/2/users/{ACCOUNT}/mentions"
x = XConnector(QUICK)


@pytest.fixture
def service() -> Iterator[X]:
    with x_service() as running:
        yield running


def opened(credentials: Any, cursor: Cursor, connector: XConnector = x) -> closing[Generator[Batch, None, None]]:
    return closing(cast("Generator[Batch, None, None]", connector.fetch(credentials, cursor)))


def one_round(service: X, cursor: Cursor, **more: Any) -> list[Batch]:
    """Fetch until everything was asked for once and the mentions are asked for again."""
    found = []
    with opened({**service.credentials, **more}, cursor) as batches:
        for batch in batches:
            found.append(batch)
            firsts = [call for call in service.heard("GET", MENTIONS) if "pagination_token" not in call.query]
            if len(firsts) >= 2:
                break
    return found


def ids(batches: list[Batch]) -> list[str]:
    return [str(delivery.external_id) for batch in batches for delivery in batch.deliveries]


def kept(batches: list[Batch], cursor: Cursor) -> Cursor:
    return [cursor, *(batch.cursor for batch in batches if batch.cursor is not None)][-1]


def test_a_first_start_begins_now_and_says_so(service: X) -> None:
    service.mentions.append(post(OLD + 5))
    batches = one_round(service, {})
    assert ids(batches) == []
    start = kept(batches, {})
    now = id_at(datetime.now(UTC).timestamp())
    assert set(start) == {"mentions", "quotes", "direct"}
    assert all(now - (120_000 << 22) < value <= now for value in start.values())
    assert batches[0].cursor == start


def test_everything_of_an_outage_comes_oldest_first_over_all_pages(service: X) -> None:
    service.page_size = 3
    service.mentions += [post(OLD + number) for number in range(1, 9)]
    service.direct += [message(OLD + 100 + number) for number in range(-5, 8)]
    batches = one_round(service, {**SINCE, "direct": OLD + 100})
    mentions = [f"post:{OLD + number}" for number in range(1, 9)]
    direct = [f"dm:{OLD + 100 + number}" for number in range(1, 8)]
    assert ids(batches) == mentions + direct
    assert kept(batches, {}) == {"mentions": OLD + 8, "quotes": OLD, "direct": OLD + 107}
    # the known ones were reached on the third page: no more was asked for
    pages = {call.query.get("pagination_token") for call in service.heard("GET", "/2/dm_events")}
    assert pages == {None, "p3", "p6"}


def test_a_restart_goes_on_where_it_stopped(service: X) -> None:
    service.mentions += [post(OLD + 1), post(OLD + 2)]
    cursor = kept(one_round(service, SINCE), SINCE)
    service.mentions += [post(OLD + 3)]
    service.calls.clear()
    assert ids(one_round(service, json.loads(json.dumps(cursor)))) == [f"post:{OLD + 3}"]


def test_the_cursor_stays_when_a_later_page_fails(service: X) -> None:
    service.page_size = 2
    service.mentions += [post(OLD + number) for number in range(1, 6)]
    found: list[Batch] = []
    with opened(service.credentials, SINCE) as batches:
        while not service.heard("GET", MENTIONS):
            found.append(next(batches))
        service.trouble = lambda _: problem(503, "Service Unavailable", "Over capacity")
        with pytest.raises(Transient, match="Over capacity"):
            found.extend(batches)
    assert ids(found) == []
    assert kept(found, SINCE) == SINCE


def test_what_we_wrote_ourselves_is_left_out_but_moves_the_cursor(service: X) -> None:
    service.mentions += [post(OLD + 1), post(OLD + 2, author=ACCOUNT)]
    service.direct += [message(OLD + 3), message(OLD + 4, sender=ACCOUNT)]
    batches = one_round(service, SINCE)
    assert ids(batches) == [f"post:{OLD + 1}", f"dm:{OLD + 3}"]
    assert kept(batches, {}) == {"mentions": OLD + 2, "quotes": OLD, "direct": OLD + 4}


def test_quotes_are_searched_by_the_links_to_our_posts(service: X) -> None:
    service.quotes.append(post(OLD + 9, "wow https://t.co/abc", referenced_tweets=[{"type": "quoted", "id": "77"}]))
    assert ids(one_round(service, SINCE)) == [f"post:{OLD + 9}"]
    query = service.heard("GET", "/2/tweets/search/recent")[0].query["query"]
    assert f'url:"x.com/{HANDLE}/status"' in query
    assert query.endswith(f"is:quote -is:retweet -from:{HANDLE}")


def test_after_more_than_a_week_the_search_asks_for_what_it_may(service: X) -> None:
    """X refuses older ids: the fake does, too."""
    ancient = id_at((datetime.now(UTC) - timedelta(days=30)).timestamp())
    service.quotes.append(post(OLD + 9))
    assert ids(one_round(service, {**SINCE, "quotes": ancient})) == [f"post:{OLD + 9}"]


def test_direct_messages_and_quotes_can_be_left_out(service: X) -> None:
    service.mentions.append(post(OLD + 1))
    one_round(service, SINCE, direct_messages=False, quotes="false")
    assert not service.heard("GET", "/2/dm_events")
    assert not service.heard("GET", "/2/tweets/search/recent")


def test_a_delivery_holds_the_post_as_x_gave_it_with_its_author(service: X) -> None:
    given = post(OLD + 1, "@AcmeSupport hi &amp; bye")
    service.mentions.append(given)
    service.users.append({"id": "999", "name": "Somebody else", "username": "else"})
    (delivery,) = deliveries(one_round(service, SINCE))
    assert json.loads(delivery.raw) == {"data": given, "includes": {"users": service.users[:1]}}
    (said,) = x.parse(delivery)
    assert (said.text, said.sender.name, said.is_public) == ("@AcmeSupport hi & bye", "Ana Ruiz", True)


def test_a_post_edited_before_it_was_seen_is_a_message_and_one_seen_before_is_an_edit(service: X) -> None:
    service.mentions += [
        post(OLD + 2, "new words", edit_history_tweet_ids=[str(OLD + 1), str(OLD + 2)]),
        post(OLD + 4, "newer words", edit_history_tweet_ids=[str(OLD - 7), str(OLD + 4)]),
    ]
    unseen, seen = (x.parse(delivery)[0] for delivery in deliveries(one_round(service, SINCE)))
    assert (unseen.kind, unseen.external_id, unseen.target) == ("text", str(OLD + 1), None)
    assert (seen.kind, seen.external_id, seen.target) == ("edit", str(OLD + 4), str(OLD - 7))


def deliveries(batches: list[Batch]) -> list[RawDelivery]:
    return [delivery for batch in batches for delivery in batch.deliveries]


def test_many_messages_come_in_small_batches_and_only_the_last_moves_the_cursor(service: X) -> None:
    service.mentions += [post(OLD + number) for number in range(1, 121)]
    full = [batch for batch in one_round(service, SINCE) if batch.deliveries]
    assert [len(batch.deliveries) for batch in full] == [50, 50, 20]
    assert [batch.cursor is not None for batch in full] == [False, False, True]


# ---------------------------------------------------------------- limits


def test_a_used_up_limit_is_waited_for_with_signs_of_life(service: X) -> None:
    """The last call of a window is told by its headers: the next one is not made before the window ends."""
    service.left[MENTIONS] = 1
    service.resets_at = int(time.time()) + 600
    with opened(service.credentials, SINCE) as batches:
        for _ in range(40):
            assert next(batches).deliveries == ()
    assert len(service.heard("GET", MENTIONS)) == 1


def test_a_source_that_rests_holds_up_no_other(service: X) -> None:
    service.left["/2/dm_events"] = 1
    service.resets_at = int(time.time()) + 600
    with opened(service.credentials, SINCE) as batches:
        while not service.heard("GET", "/2/dm_events"):
            next(batches)
        service.mentions.append(post(OLD + 1))
        assert ids([next(batch for batch in batches if batch.deliveries)]) == [f"post:{OLD + 1}"]
    assert len(service.heard("GET", "/2/dm_events")) == 1


def test_after_the_window_it_goes_on(service: X) -> None:
    service.left[MENTIONS] = 1
    service.resets_at = int(time.time()) + 1
    with opened(service.credentials, SINCE) as batches:
        next(batches)
        while not service.heard("GET", MENTIONS):
            next(batches)
        service.left[MENTIONS] = 9
        service.mentions.append(post(OLD + 1))
        brought = next(batch for batch in batches if batch.deliveries)
    assert ids([brought]) == [f"post:{OLD + 1}"]


def test_a_limit_met_without_warning_says_when_to_come_again(service: X) -> None:
    service.left["/2/dm_events"] = 0
    with opened(service.credentials, SINCE) as batches, pytest.raises(Transient) as caught:
        list(batches)
    assert 500 < (caught.value.retry_after_seconds or 0) <= 600


def test_an_app_without_this_access_is_told_by_a_pause(service: X) -> None:
    service.on("GET", "/never", lambda _: Said())
    with opened(service.credentials, SINCE) as batches:
        next(batches)
        detail = "You are not permitted to perform this action."
        service.trouble = lambda _: problem(403, "Forbidden", detail, "about:blank")
        with pytest.raises(BadCredentials, match="not permitted"):
            list(batches)


@pytest.mark.parametrize(
    ("path", "words"), [("/2/tweets/search/recent", "quotes can be switched off"), ("/2/dm_events", "switched off")]
)
def test_where_an_app_may_only_do_a_part_an_admin_is_told_what_to_switch_off(service: X, path: str, words: str) -> None:
    """docs.x.com/x-api/fundamentals/response-codes-and-errors: client-forbidden."""
    real, detail = service.answer, "Your client app is not enrolled for this endpoint."

    def answer(call: Any) -> Said:
        return problem(403, "Client Forbidden", detail, "client-forbidden") if call.path == path else real(call)

    service.answer = answer  # type: ignore[method-assign]
    with opened(service.credentials, SINCE) as batches, pytest.raises(BadCredentials, match=words) as caught:
        list(batches)
    assert "not enrolled" in caught.value.reason
