"""Which hours a range means: days of the reader's clock, also where the clock changes, and the time before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from app.queries.sentiment_asked import HOUR, Asked, Period, period

BERLIN, KOLKATA, CHATHAM = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Kolkata"), ZoneInfo("Pacific/Chatham")
NOW = datetime(2026, 11, 22, 10, 20, tzinfo=UTC)


def of(zone: tzinfo = BERLIN, now: datetime = NOW, **told: str) -> Period:
    return period(Asked.of(told), now=now, zone=zone)


def test_today_begins_at_the_readers_midnight_and_is_shown_by_the_hour() -> None:
    today = of(range="today")
    assert today.bucket == "hour"
    assert today.start == datetime(2026, 11, 21, 23, tzinfo=UTC)
    assert len(today.starts) == 24
    assert today.before == (today.start - timedelta(days=1), today.start - timedelta(days=1) + 12 * HOUR)


@pytest.mark.parametrize(
    ("now", "hours"),
    [(datetime(2026, 3, 29, 12, tzinfo=UTC), 23), (datetime(2026, 10, 25, 12, tzinfo=UTC), 25)],
)
def test_days_on_which_the_clock_changes_have_as_many_hours_as_they_have(now: datetime, hours: int) -> None:
    assert len(of(now=now, range="today").starts) == hours
    week = of(now=now, range="7")
    assert len(week.starts) == 7
    assert week.end - week.starts[-1] == hours * HOUR


@pytest.mark.parametrize("zone", [BERLIN, KOLKATA, CHATHAM, UTC])
@pytest.mark.parametrize(
    "told", [{"range": r} for r in ("today", "7", "30", "90", "365")] + [{"range": "7", "bucket": "hour"}]
)
def test_buckets_follow_each_other_without_gap_and_end_with_the_range(zone: tzinfo, told: dict[str, str]) -> None:
    found = period(Asked.of(told), now=NOW, zone=zone)
    assert all(found.bounds(index)[1] == after for index, (_, after) in enumerate(pairwise(found.starts)))
    assert found.bounds(len(found.starts) - 1)[1] == found.end
    assert found.start <= NOW < found.end
    assert found.before[1] <= found.start
    assert found.start.astimezone(zone).hour == 0


def test_weeks_begin_on_monday_but_for_the_first() -> None:
    weeks = of(range="30", bucket="week").starts
    assert [start.astimezone(BERLIN).weekday() for start in weeks[1:]] == [0] * (len(weeks) - 1)
    assert weeks[0] == of(range="30").start


def test_long_ranges_are_not_shown_by_the_hour_and_none_is_longer_than_two_years() -> None:
    assert of(range="30", bucket="hour").bucket == "day"
    assert of(range="365").bucket == "week"
    whole = of(range="custom", since="2001-01-01", until="2026-11-22", bucket="day")
    assert len(whole.starts) == 731


@pytest.mark.parametrize(
    ("since", "until"),
    [("2026-11-10", "2026-11-03"), ("2026-11-03", "2026-11-10")],
)
def test_dates_of_ones_own_count_both_days_in_whichever_order(since: str, until: str) -> None:
    found = of(range="custom", since=since, until=until)
    assert found.start.astimezone(BERLIN).date().isoformat() == "2026-11-03"
    assert len(found.starts) == 8


def test_dates_that_are_none_or_to_come_do_no_harm() -> None:
    for since, until in (("nonsense", ""), ("9999-12-31", "0001-01-01"), ("2999-01-01", "2999-01-02")):
        found = of(range="custom", since=since, until=until)
        assert found.start < found.end


def test_the_house_opens_and_closes_by_its_own_clock() -> None:
    asked = Asked.of({"range": "7", "open": "1"})
    found = period(asked, now=NOW, zone=KOLKATA, house=BERLIN)
    doors = found.doors or ()
    assert list(doors) == sorted(doors)
    local = [door.astimezone(BERLIN) for door in doors]
    assert {door.hour for door in local[::2]} == {9}
    assert {door.hour for door in local[1::2]} == {17}
    assert {door.weekday() for door in local} == {0, 1, 2, 3, 4}
    assert of(range="7").doors is None


def test_a_house_that_never_closes_is_always_open() -> None:
    found = period(Asked.of({"open": "1"}), now=NOW, zone=UTC, week=((0, 24),) * 7)
    doors = found.doors or ()
    assert doors[1:-1:2] == doors[2::2]
    assert doors[0] <= found.before[0]
    assert doors[-1] >= found.end


def test_what_an_address_says_and_nobody_understands_counts_as_not_said() -> None:
    said = {"task": "weather", "by": "moon", "range": "99", "bucket": "year", "agent": "' OR 1=1", "tag": "none"}
    assert Asked.of(said) == Asked(tag="none")
    assert Asked.of({"by": "agent"}).query(task="intent") == "?task=intent&by=agent"
    assert Asked().query() == ""
