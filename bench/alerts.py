"""Alerts over half a year of made-up seasons: false alarms a week, and injected incidents found.

    python -m bench alerts

Four channels of different size, made by chance from a seed: hours of the day and week, slow growth, busy and quiet
days, hours that hang together, customers who write several times in a row. The moods of a day wander too. Every rule is
judged every minute by the code of the product, with what it would have learned that day; then incidents are put in and
the same code must find them.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.models import AlertKind, AlertMetric
from app.services import alerting
from app.services.alert_baseline import NOTHING, WEEK, Baseline, Tally
from app.services.alert_learning import fit
from app.services.alert_replay import hours_of
from app.services.alerting import SENSITIVITIES, Policy, Reading, State, Step

START = datetime(2026, 1, 5, tzinfo=UTC)  # a Monday
SEEDS, LEARN_WEEKS, WATCH_WEEKS = (20_261_122, 7), 8, 26
MINUTES_A_DAY = 1440
CHANNELS = {"mail": 45.0, "chat": 20.0, "form": 5.0, "social": 130.0}  # messages an hour at the best time
INCIDENTS, LASTS_MINUTES = 40, 180  # of each size, for each seed
METRICS = ((AlertMetric.VOLUME, 60), (AlertMetric.NEGATIVE_SHARE, 120), (AlertMetric.INTENT_VOLUME, 60))
SIZES = {
    AlertMetric.VOLUME: (2.0, 3.0, 5.0),  # times as many messages as usual
    AlertMetric.NEGATIVE_SHARE: (0.15, 0.25, 0.40),  # of the messages, beside the usual share
}
RULES = len(METRICS) * (len(CHANNELS) + 1)  # each channel, and all together
Minutes = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Stream:
    """What came in, by the minute, as running sums: all messages, the negative ones, those with one intent."""

    name: str
    messages: Minutes
    negative: Minutes
    intent: Minutes

    def tally(self, metric: AlertMetric, since: int, until: int) -> Tally:
        of = float(self.messages[until] - self.messages[since])
        sums = {AlertMetric.VOLUME: self.messages, AlertMetric.INTENT_VOLUME: self.intent}.get(metric, self.negative)
        return Tally(of, float(sums[until] - sums[since]), 0.0)


@dataclass(frozen=True, slots=True)
class Watch:
    stream: Stream
    metric: AlertMetric
    window: int

    def policy(self, sensitivity: str) -> Policy:
        return Policy(self.metric, AlertKind.ANOMALY, SENSITIVITIES[sensitivity], self.window, minimum=10)


def run() -> dict[str, Any]:
    """Watch for half a year with each seed, then put incidents in."""
    alarms: Counter[tuple[str, str]] = Counter()  # by sensitivity and metric
    found: dict[str, list[int | None]] = {}
    for seed in SEEDS:
        watches = _watches(seed)
        for watch in watches:
            for name, count in _false_alarms(watch).items():
                alarms[name, watch.metric.value] += count
        _put_in(watches, random.Random(seed), found)
    weeks = WATCH_WEEKS * len(SEEDS)
    figures: dict[str, Any] = {"rules watched together, each every minute": RULES, "weeks": weeks}
    for name in SENSITIVITIES:
        total = sum(count for (of, _), count in alarms.items() if of == name)
        figures[f"false alarms a week, all rules, {name}"] = round(total / weeks, 2)
    for metric, _ in METRICS:
        figures[f"  of them {metric.value}, normal"] = round(alarms["normal", metric.value] / weeks, 2)
    return {**figures, **{name: _said(minutes) for name, minutes in found.items()}}


def _watches(seed: int) -> list[Watch]:
    streams = _streams(np.random.default_rng(seed))
    return [Watch(stream, metric, window) for stream in streams for metric, window in METRICS]


# ---------------------------------------------------------------- what comes in
def _streams(dice: np.random.Generator) -> list[Stream]:
    weeks = LEARN_WEEKS + WATCH_WEEKS
    parts = [_stream(dice, name, best, weeks) for name, best in CHANNELS.items()]
    total = Stream(
        "all",
        np.sum([part.messages for part in parts], axis=0),
        np.sum([part.negative for part in parts], axis=0),
        np.sum([part.intent for part in parts], axis=0),
    )
    return [*parts, total]


def _stream(dice: np.random.Generator, name: str, best: float, weeks: int) -> Stream:
    hours = weeks * WEEK
    rate = best * np.tile(_season(), weeks) * np.linspace(1.0, 1.25, hours) * _wandering(dice, weeks)
    writers = dice.poisson(np.repeat(rate, 60) / 60)
    messages = writers + _bursts(dice, writers)
    logit = -1.25 + np.tile(_mood_season(), weeks) + _moods(dice, weeks)
    negative = dice.binomial(messages, np.repeat(1 / (1 + np.exp(-logit)), 60))
    intent = dice.binomial(messages, np.repeat(0.18 + 0.1 * np.tile(_season(), weeks), 60))
    return Stream(name, _sums(messages), _sums(negative), _sums(intent))


def _season() -> NDArray[np.float64]:
    """An office week: sudden mornings, a dip at noon, evenings that fade, half-empty weekends. The best hour is 1."""
    hour = np.arange(24)
    day = 0.06 + np.where((hour >= 8) & (hour < 18), 0.9, 0.0) + 0.35 * np.exp(-((hour - 20) ** 2) / 6)
    day = day - 0.25 * np.exp(-((hour - 12.5) ** 2) / 1.5)
    week = np.concatenate([day * level for level in (1.05, 1.0, 0.95, 0.95, 0.85, 0.35, 0.3)])
    return np.asarray(week / week.max())


def _mood_season() -> NDArray[np.float64]:
    hour = np.arange(WEEK)
    return 0.2 * np.sin(2 * np.pi * (hour % 24) / 24) + np.where(hour >= 120, 0.25, 0.0)


def _wandering(dice: np.random.Generator, weeks: int) -> NDArray[np.float64]:
    """Days that are busier than others (spread 12 %), and hours that hang together (spread 20 %)."""
    days = np.repeat(dice.gamma(70, 1 / 70, weeks * 7), 24)
    return np.asarray(days * np.exp(_hanging(dice, weeks * WEEK, 0.2) - 0.02))


def _moods(dice: np.random.Generator, weeks: int) -> NDArray[np.float64]:
    return np.asarray(np.repeat(dice.normal(0, 0.12, weeks * 7), 24) + _hanging(dice, weeks * WEEK, 0.1))


def _hanging(dice: np.random.Generator, hours: int, spread: float) -> NDArray[np.float64]:
    """Noise in which an hour resembles the one before it (correlation 0.6)."""
    noise = dice.normal(0, spread * 0.8, hours)
    for at in range(1, hours):
        noise[at] += 0.6 * noise[at - 1]
    return noise


def _bursts(dice: np.random.Generator, writers: Minutes) -> Minutes:
    """Some write again and again: a geometric number of messages, minutes apart."""
    more = np.zeros_like(writers)
    for _ in range(3):
        writers = dice.binomial(writers, 0.22)
        shift = int(dice.integers(1, 9))
        more[shift:] += writers[:-shift]
    return more


def _sums(minutes: Minutes) -> Minutes:
    return np.concatenate([[0], np.cumsum(minutes)])


# ---------------------------------------------------------------- watching
def _false_alarms(watch: Watch) -> dict[str, int]:
    """Return how often each sensitivity raised an alert in half a year in which nothing happened."""
    policies = {name: watch.policy(name) for name in SENSITIVITIES}
    states = dict.fromkeys(policies, State())
    counts = dict.fromkeys(policies, 0)
    for at, reading in _readings(watch, LEARN_WEEKS * 7, (LEARN_WEEKS + WATCH_WEEKS) * 7):
        moment = START + timedelta(minutes=at)
        for name, policy in policies.items():
            move, states[name] = alerting.step(policy, states[name], reading, moment)
            counts[name] += move is Step.OPEN
    return counts


def _readings(watch: Watch, first_day: int, last_day: int) -> Iterator[tuple[int, Reading]]:
    policy = watch.policy("normal")
    for day in range(first_day, last_day):
        baseline = _learned(watch, day)
        for at in range(day * MINUTES_A_DAY + 1, (day + 1) * MINUTES_A_DAY + 1):
            since = _since(policy, at)
            yield at, _read(policy, baseline, watch.stream.tally(watch.metric, since, at), since, at)


def _learned(watch: Watch, day: int) -> Baseline:
    """Return what the rule knows on a day: the eight weeks before it."""
    first = day * 24 - LEARN_WEEKS * WEEK
    seen = [watch.stream.tally(watch.metric, hour * 60, hour * 60 + 60) for hour in range(first, day * 24)]
    policy = watch.policy("normal")
    hours = hours_of(START + timedelta(hours=first), seen, UTC)
    baseline = fit(policy.family, hours, window_hours=policy.window_hours)
    assert baseline is not None
    return baseline


def _since(policy: Policy, at: int) -> int:
    moment = START + timedelta(minutes=at)
    return round((policy.since(moment) - START) / timedelta(minutes=1))


def _read(policy: Policy, baseline: Baseline, seen: Tally, since: int, until: int) -> Reading:
    usual, hour = NOTHING, since // 60
    while hour * 60 < until:
        inside = min(until, hour * 60 + 60) - max(since, hour * 60)
        usual = usual.plus(baseline.slots[hour % WEEK], inside / 60)
        hour += 1
    return alerting.read(policy, seen, baseline, usual)


# ---------------------------------------------------------------- incidents
def _put_in(watches: Sequence[Watch], dice: random.Random, found: dict[str, list[int | None]]) -> None:
    """Put incidents into volume and into moods; note after how many minutes each was found."""
    for watch in watches:
        for size in SIZES.get(watch.metric, ()):
            word = f"x{size:g}" if watch.metric is AlertMetric.VOLUME else f"+{size:.0%}"
            name = f"{watch.stream.name}, {watch.metric.value} {word} found"
            minutes = [_minutes_to_find(watch, size, dice) for _ in range(INCIDENTS)]
            found.setdefault(name, []).extend(minutes)


def _said(minutes: Sequence[int | None]) -> str:
    hits = [one for one in minutes if one is not None]
    soon = f", after {np.percentile(hits, 50):.0f} min (p90 {np.percentile(hits, 90):.0f})" if hits else ""
    return f"{len(hits) / len(minutes):.0%}{soon}"


def _minutes_to_find(watch: Watch, size: float, dice: random.Random) -> int | None:
    """Put one incident of LASTS_MINUTES at a random time of some working day; None where it is not found by its end."""
    day = dice.randrange(LEARN_WEEKS * 7, (LEARN_WEEKS + WATCH_WEEKS) * 7)
    day -= max(0, day % 7 - 4)
    begins = day * MINUTES_A_DAY + dice.randrange(9 * 60, 17 * 60)
    baseline, policy = _learned(watch, day), watch.policy("normal")
    chance = np.random.default_rng(dice.randrange(2**32))
    more = _more(watch, baseline, size, begins, chance)
    for minute in range(1, LASTS_MINUTES + 1):
        at = begins + minute
        since = _since(policy, at)
        first = max(0, since - begins)
        seen = watch.stream.tally(watch.metric, since, at).plus(
            Tally(float(more[0][first:minute].sum()), float(more[1][first:minute].sum()), 0.0)
        )
        if alerting.is_out(policy, _read(policy, baseline, seen, since, at)):
            return minute
    return None


def _more(
    watch: Watch, baseline: Baseline, size: float, begins: int, chance: np.random.Generator
) -> tuple[Minutes, Minutes]:
    """Return what an incident adds to each minute: messages, and those that count."""
    slots = [baseline.slots[(begins + minute) // 60 % WEEK] for minute in range(LASTS_MINUTES)]
    if watch.metric is AlertMetric.VOLUME:
        added = chance.poisson([slot.up * (size - 1) / 60 for slot in slots])
        return added, added
    turned = []
    for minute, slot in enumerate(slots):
        seen = watch.stream.tally(watch.metric, begins + minute, begins + minute + 1)
        usual = slot.up / slot.of
        turned.append(chance.binomial(int(seen.of - seen.up), min(1.0, size / (1 - usual))))
    return np.zeros(LASTS_MINUTES, dtype=np.int64), np.array(turned, dtype=np.int64)
