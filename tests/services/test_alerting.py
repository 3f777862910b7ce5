"""The arithmetic of alerts: properties that hold whatever the numbers, and what is known from books."""

from __future__ import annotations

import math
import random
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.models import AlertKind, AlertMetric
from app.services import alerting
from app.services.alert_baseline import (
    NOTHING,
    WEEK,
    Baseline,
    Family,
    Hour,
    Tally,
    anscombe,
    binomial_spreads,
    level_of,
    mean_of,
    value_of,
)
from app.services.alert_learning import fit
from app.services.alert_replay import hours_of, replay
from app.services.alert_terms import LONGEST_TEXT, standing_out, words_of
from app.services.alerting import SENSITIVITIES, WINDOWS, Policy, Quiet, Reading, State, Step

MONDAY = datetime(2026, 11, 2, tzinfo=UTC)
COUNTS = Policy(AlertMetric.VOLUME, AlertKind.THRESHOLD, 20.0, 60, 5)
SHARES = Policy(AlertMetric.NEGATIVE_SHARE, AlertKind.THRESHOLD, 0.5, 120, 5)
NETS = Policy(AlertMetric.NET_SENTIMENT, AlertKind.THRESHOLD, -0.2, 60, 5)
UNUSUAL = Policy(AlertMetric.VOLUME, AlertKind.ANOMALY, SENSITIVITIES["normal"], 60, 5)
POLICIES = (COUNTS, SHARES, NETS, UNUSUAL)
BERLIN = ZoneInfo("Europe/Berlin")

numbers = st.floats(0, 1e6, allow_nan=False)
readings = st.builds(
    Reading,
    value=st.none() | st.floats(-1, 100),
    messages=st.integers(0, 200),
    usual=st.none() | st.floats(-1, 100),
    spreads=st.none() | st.floats(-20, 20),
)


# ---------------------------------------------------------------- opening and closing
@given(st.sampled_from(POLICIES), readings)
def test_what_is_out_is_never_calm(policy: Policy, reading: Reading) -> None:
    assert not (alerting.is_out(policy, reading) and alerting.is_calm(policy, reading))


@given(st.sampled_from(POLICIES), st.lists(st.tuples(readings, st.integers(1, 90)), max_size=60))
def test_incidents_follow_each_other_with_a_pause_between(policy: Policy, told: list[tuple[Reading, int]]) -> None:
    """Opened and closed in turn; closed only after the calm time; a new one only after the cool-down."""
    state, at, moves = State(), MONDAY, []
    for reading, minutes in told:
        at += timedelta(minutes=minutes)
        before = state
        move, state = alerting.step(policy, state, reading, at)
        moves.append((move, at))
        assert state.is_open is (move in {Step.OPEN, Step.REOPEN, Step.GO_ON})
        if move is Step.CLOSE:
            assert before.calm_since is not None
            assert at - before.calm_since >= policy.calm_for
        if move is Step.OPEN and before.closed_at is not None:
            assert at - before.closed_at >= policy.cool_down
        if move in {Step.OPEN, Step.REOPEN}:
            assert alerting.is_out(policy, reading)
    turns = [move for move, _ in moves if move in {Step.OPEN, Step.REOPEN, Step.CLOSE}]
    assert all((one is Step.CLOSE) is not (other is Step.CLOSE) for one, other in pairwise(turns))
    assert not turns or turns[0] is Step.OPEN


def test_a_value_that_trembles_around_the_limit_is_one_incident() -> None:
    state, opened = State(), 0
    for minute in range(600):
        value = 20.0 + (minute % 3 - 1) * 2  # 18, 20, 22: below the limit, and not calm
        move, state = alerting.step(COUNTS, state, Reading(value, int(value)), MONDAY + timedelta(minutes=minute))
        opened += move is Step.OPEN
        assert move is not Step.CLOSE
    assert opened == 1


@pytest.mark.parametrize(
    ("policy", "out", "between", "calm"),
    [(COUNTS, 20.0, 17.0, 15.9), (SHARES, 0.5, 0.47, 0.44), (NETS, -0.2, -0.17, -0.14)],
)
def test_thresholds_have_a_gap(policy: Policy, out: float, between: float, calm: float) -> None:
    assert alerting.is_out(policy, Reading(out, 50))
    assert not alerting.is_out(policy, Reading(between, 50))
    assert not alerting.is_calm(policy, Reading(between, 50))
    assert alerting.is_calm(policy, Reading(calm, 50))


def test_what_is_certain_but_small_is_no_news() -> None:
    assert not alerting.is_out(UNUSUAL, Reading(11_000, 11_000, usual=10_000, spreads=9.0))
    assert alerting.is_out(UNUSUAL, Reading(14_000, 14_000, usual=10_000, spreads=9.0))
    share = Policy(AlertMetric.NEGATIVE_SHARE, AlertKind.ANOMALY, SENSITIVITIES["normal"], 60, 5)
    assert not alerting.is_out(share, Reading(0.24, 9_000, usual=0.20, spreads=9.0))
    assert alerting.is_out(share, Reading(0.30, 9_000, usual=0.20, spreads=9.0))


# ---------------------------------------------------------------- windows and hours
@given(st.sampled_from(WINDOWS), st.integers(0, 10**6), st.sampled_from([UTC, BERLIN, ZoneInfo("Asia/Kolkata")]))
def test_the_parts_of_a_window_add_up_to_its_length(window: int, minutes: int, zone: ZoneInfo) -> None:
    policy = Policy(AlertMetric.VOLUME, AlertKind.THRESHOLD, 1, window, 1)
    at = MONDAY + timedelta(minutes=minutes)
    since = policy.since(at)
    parts = alerting.parts(since, at, zone)
    assert sum(fraction for _, fraction in parts) == pytest.approx((at - since) / timedelta(hours=1))
    assert timedelta(minutes=window) <= at - since < timedelta(minutes=window + 60)
    assert all(0 <= slot < WEEK and 0 < fraction <= 1 for slot, fraction in parts)


def test_hours_of_the_week_follow_the_local_clock_through_the_change_of_time() -> None:
    nine_in_summer = datetime(2026, 10, 23, 7, 0, tzinfo=UTC)
    nine_in_winter = datetime(2026, 10, 30, 8, 0, tzinfo=UTC)
    assert alerting.slot_of(nine_in_summer, BERLIN) == alerting.slot_of(nine_in_winter, BERLIN) == 4 * 24 + 9


@given(st.integers(0, 23), st.integers(0, 23), st.booleans(), st.integers(0, 60 * 24 * 400))
def test_quiet_hours_end_where_they_say(start: int, end: int, weekends: bool, minutes: int) -> None:
    quiet, at = Quiet(start, end, weekends), MONDAY + timedelta(minutes=minutes)
    until = alerting.quiet_until(quiet, at, BERLIN)
    assert at <= until <= at + timedelta(days=4)
    assert not quiet.holds(until.astimezone(BERLIN))
    moment = at
    while moment < until:
        assert quiet.holds(moment.astimezone(BERLIN))
        moment += timedelta(minutes=29)


def test_quiet_hours_over_midnight_and_weekends() -> None:
    friday_night = datetime(2026, 11, 20, 22, 15, tzinfo=BERLIN)
    assert alerting.quiet_until(Quiet(22, 7, weekends=True), friday_night, BERLIN) == datetime(
        2026, 11, 23, 7, 0, tzinfo=BERLIN
    )
    assert alerting.quiet_until(Quiet(22, 7), friday_night, BERLIN) == datetime(2026, 11, 21, 7, 0, tzinfo=BERLIN)
    assert alerting.quiet_until(None, friday_night, BERLIN) == friday_night


# ---------------------------------------------------------------- how unusual
@given(st.floats(0, 1e5))
def test_levels_and_means_undo_each_other(mean: float) -> None:
    assert mean_of(level_of(mean)) == pytest.approx(mean, abs=1e-6, rel=1e-9)


@pytest.mark.parametrize("mean", [0.1, 0.5, 2, 10, 100])
def test_levels_are_where_poisson_counts_lie_on_average(mean: float) -> None:
    chances = [math.exp(-mean + n * math.log(mean) - math.lgamma(n + 1)) for n in range(400)]
    average = sum(chance * anscombe(n) for n, chance in enumerate(chances))
    assert level_of(mean) == pytest.approx(average, abs=0.03)


@given(st.integers(1, 400), st.floats(0.01, 0.9), st.data())
def test_binomial_spreads_are_the_exact_tail(of: int, share: float, data: st.DataObject) -> None:
    hits = data.draw(st.integers(0, of))
    spreads = binomial_spreads(hits, of, share)
    tail = math.fsum(math.comb(of, k) * share**k * (1 - share) ** (of - k) for k in range(hits, of + 1))
    if hits > of * share and tail > 1e-12:
        assert 0.5 * math.erfc(spreads / math.sqrt(2)) == pytest.approx(min(tail, 0.5), rel=1e-6)
    if hits < of * share:
        assert spreads <= 1


@given(st.integers(2, 5000), st.floats(0.02, 0.9), st.data())
def test_more_hits_are_never_less_surprising(of: int, share: float, data: st.DataObject) -> None:
    hits = data.draw(st.integers(0, of - 1))
    assert binomial_spreads(hits + 1, of, share) >= binomial_spreads(hits, of, share) - 0.35  # where the test changes


def test_exact_tails_and_the_arcsine_agree_where_one_takes_over_from_the_other() -> None:
    exact, arcsine = binomial_spreads(120, 400, 0.2), binomial_spreads(120.3, 401, 0.2)
    assert exact == pytest.approx(arcsine, abs=0.15)


# ---------------------------------------------------------------- learning
def poisson(dice: random.Random, mean: float) -> int:
    limit, count, product = math.exp(-mean), 0, dice.random()
    while product > limit:
        count, product = count + 1, product * dice.random()
    return count


def weeks_of(rate: list[float], weeks: int, dice: random.Random) -> list[Hour]:
    counts = [float(poisson(dice, rate[slot])) for _ in range(weeks) for slot in range(WEEK)]
    return [Hour(n % WEEK, Tally(count, count)) for n, count in enumerate(counts)]


RATE = [12.0 if 8 <= slot % 24 < 18 and slot < 120 else 1.0 for slot in range(WEEK)]


def test_the_usual_of_each_hour_is_learned() -> None:
    baseline = fit(Family.COUNT, weeks_of(RATE, 8, random.Random(1)), window_hours=1)
    assert baseline is not None
    errors = [baseline.slots[slot].up - RATE[slot] for slot in range(WEEK)]
    assert abs(sum(errors) / WEEK) < 0.2
    assert max(map(abs, errors)) < 6
    assert baseline.base < 1.5
    assert baseline.extra < 0.08


def test_three_weeks_are_not_enough() -> None:
    assert fit(Family.COUNT, weeks_of(RATE, 3, random.Random(1)), window_hours=1) is None


@pytest.mark.parametrize("family", list(Family))
def test_one_incident_in_the_past_does_not_become_usual(family: Family) -> None:
    dice = random.Random(2)
    quiet = [Hour(hour.slot, Tally(20.0, float(poisson(dice, 5)), 3.0)) for hour in weeks_of(RATE, 6, dice)]
    told = list(quiet)
    for at in range(3 * WEEK + 10, 3 * WEEK + 16):
        told[at] = Hour(told[at].slot, Tally(200.0, 150.0, 10.0))
    here, there = (fit(family, hours, window_hours=1) for hours in (quiet, told))
    assert here is not None
    assert there is not None
    if family is Family.COUNT:
        assert there.slots[10].up == pytest.approx(here.slots[10].up, abs=4)
    assert there.base == pytest.approx(here.base, abs=0.3)


def test_a_house_that_grows_is_compared_with_what_it_is_now() -> None:
    dice = random.Random(3)
    growing = [
        Hour(slot, Tally(0.0, float(poisson(dice, RATE[slot] * 1.08**week))))
        for week in range(8)
        for slot in range(WEEK)
    ]
    baseline = fit(Family.COUNT, growing, window_hours=1)
    assert baseline is not None
    busy = [slot for slot in range(WEEK) if RATE[slot] > 5]
    usual = sum(baseline.slots[slot].up for slot in busy) / len(busy)
    assert usual == pytest.approx(12 * 1.08**6.5, rel=0.1)


def test_bursts_make_the_spread_wider() -> None:
    dice = random.Random(4)
    calm = weeks_of(RATE, 8, dice)
    wild = [
        Hour(hour.slot, Tally(0.0, float(poisson(dice, RATE[hour.slot] * dice.choice((0.4, 0.8, 1.0, 1.8))))))
        for hour in calm
    ]
    first, second = (fit(Family.COUNT, hours, window_hours=1) for hours in (calm, wild))
    assert first is not None
    assert second is not None
    assert second.extra > first.extra + 0.1
    usual = Tally(12.0, 12.0)
    assert second.spreads(Tally(30, 30), usual) < first.spreads(Tally(30, 30), usual)


def test_a_small_share_of_few_messages_is_drawn_towards_the_rest() -> None:
    hours = [Hour(n % WEEK, Tally(1.0, 1.0 if n % WEEK == 3 else 0.2)) for n in range(4 * WEEK)]
    baseline = fit(Family.SHARE, hours, window_hours=1)
    assert baseline is not None
    share = value_of(Family.SHARE, baseline.expected([(3, 1.0)]))
    assert share is not None
    assert 0.2 < share < 0.4


@pytest.mark.parametrize("family", list(Family))
@pytest.mark.parametrize("window", [1, 4, 24])
def test_silence_and_nonsense_have_a_usual_too(family: Family, window: int) -> None:
    for hours in (
        [Hour(n % WEEK, NOTHING) for n in range(4 * WEEK)],
        [Hour(n % WEEK, Tally(10.0**9, 10.0**9, 0.0)) for n in range(4 * WEEK)],
    ):
        baseline = fit(family, hours, window_hours=window)
        assert baseline is not None
        usual = baseline.expected([(0, 0.3), (1, 1.0)])
        for seen in (NOTHING, Tally(5, 5, 0), Tally(5, 0, 5)):
            assert math.isfinite(baseline.spreads(seen, usual))
            low, high = baseline.band(usual, seen.of, 3.8)
            assert low <= high


@given(st.sampled_from(list(Family)), st.floats(0, 9), st.floats(0, 9))
@settings(max_examples=25)
def test_a_baseline_survives_its_storage(family: Family, base: float, extra: float) -> None:
    slots = tuple(Tally(n / 7, n / 11, n / 13) for n in range(WEEK))
    kept = Baseline.of_json(Baseline(family, slots, base, extra, 5).as_json())
    assert (kept.family, kept.base, kept.extra, kept.weeks) == (family, base, extra, 5)
    assert kept.slots == tuple(Tally(*(round(part, 4) for part in slot)) for slot in slots)


# ---------------------------------------------------------------- what would have happened
def test_a_replay_finds_what_was_put_in_and_little_else() -> None:
    dice = random.Random(5)
    seen = [hour.seen for hour in weeks_of(RATE, 12, dice)]
    spike = 9 * WEEK + 34  # a Tuesday, ten in the morning
    for at in range(spike, spike + 3):
        seen[at] = Tally(70.0, 70.0)
    found = replay(UNUSUAL, start=MONDAY, seen=seen, watched_from=8 * WEEK, zone=UTC)
    opened = MONDAY + timedelta(hours=spike + 1)
    hits = [one for one in found if one.opened_at == opened]
    assert len(hits) == 1
    assert hits[0].worst == 70.0
    assert hits[0].usual == pytest.approx(12, abs=4)
    assert hits[0].closed_at is not None
    assert hits[0].closed_at > opened
    assert len(found) <= 3


def test_a_replay_of_a_threshold_needs_no_past() -> None:
    seen = [Tally(1, 1)] * 5 + [Tally(25, 25)] + [Tally(1, 1)] * 5
    (found,) = replay(COUNTS, start=MONDAY, seen=seen, watched_from=0, zone=UTC)
    assert found.opened_at == MONDAY + timedelta(hours=6)
    assert found.closed_at == MONDAY + timedelta(hours=8)
    assert [hour.slot for hour in hours_of(MONDAY, seen, UTC)] == list(range(11))


# ---------------------------------------------------------------- words
def test_words_that_stand_out_are_those_that_were_rare_before() -> None:
    before = ["The invoice for my grinder is wrong", "Where is my parcel"] * 40
    now = ["The zebra courier lost my parcel", "Zebra courier again", "Where is my parcel"] * 6
    terms = standing_out(now, before)
    assert terms[0].term == "zebra courier"
    assert terms[0].now == pytest.approx(2 / 3)
    assert terms[0].before == 0.0
    assert "invoice" not in {term.term for term in terms}
    assert standing_out(now, now) == []
    assert standing_out([], before) == []


@given(st.lists(st.text(max_size=300), max_size=30), st.lists(st.text(max_size=300), max_size=30))
@settings(max_examples=50)
def test_any_texts_have_terms_without_digits_and_addresses(now: list[str], before: list[str]) -> None:
    for term in standing_out(now, before):
        assert not any(sign.isdigit() or sign == "@" for sign in term.term)
        assert 0 <= term.before <= 1
        assert 0 < term.now <= 1


@pytest.mark.parametrize(
    "text", ["a" * 10**6, "a'" * 10**6, "@ " * 10**6, "é" * 10**6, "", "4111 1111 zebra@x.example"]
)
def test_hostile_texts_are_cut(text: str) -> None:
    assert len(words_of(text)) <= LONGEST_TEXT
    assert not any("4111" in word or "zebra" in word for word in words_of(text))
