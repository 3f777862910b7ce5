"""What a rule would have done in the past: the same steps as every minute, taken hour by hour. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo

from app.models import AlertKind
from app.services import alerting
from app.services.alert_baseline import NOTHING, WEEK, Baseline, Family, Hour, Tally
from app.services.alert_learning import MOST_WEEKS, fit
from app.services.alerting import HOUR, Policy, Reading, State, Step


@dataclass(frozen=True, slots=True)
class Incident:
    """`closed_at` is None for one that was not over at the end."""

    opened_at: datetime
    closed_at: datetime | None
    worst: float
    usual: float | None
    messages: int


def hours_of(start: datetime, seen: Sequence[Tally], zone: tzinfo) -> list[Hour]:
    """Return consecutive hours from `start` with their place in the local week."""
    return [Hour(alerting.slot_of(start + n * HOUR, zone), tally) for n, tally in enumerate(seen)]


def replay(
    policy: Policy, *, start: datetime, seen: Sequence[Tally], watched_from: int, zone: tzinfo
) -> list[Incident]:
    """Return the incidents of the hours from index `watched_from` on; the hours before teach what is usual.

    The usual is learned anew every week. Windows shorter than an hour are tried on the average part of each hour.
    """
    hours = hours_of(start, seen, zone)
    found: list[Incident] = []
    state, baseline = State(), None
    for index in range(watched_from, len(hours)):
        if (index - watched_from) % WEEK == 0:
            baseline = _learn(policy, hours[:index])
        at = start + (index + 1) * HOUR
        reading = _reading(policy, hours, index, baseline)
        move, state = alerting.step(policy, state, reading, at)
        _note(policy, found, move, reading, at)
    return found


def _learn(policy: Policy, past: Sequence[Hour]) -> Baseline | None:
    if policy.kind is AlertKind.THRESHOLD:
        return None
    return fit(policy.family, past[-MOST_WEEKS * WEEK :], window_hours=policy.window_hours)


def window(policy: Policy, hours: Sequence[Hour], index: int, baseline: Baseline | None) -> tuple[Tally, Tally]:
    """Return what the window that ends with an hour shows, and what is usual for it."""
    inside = hours[max(0, index + 1 - policy.window_hours) : index + 1]
    fraction = min(1.0, policy.window_minutes / 60)
    seen = NOTHING
    for _, tally in inside:
        seen = seen.plus(tally, fraction)
    usual = baseline.expected((slot, fraction) for slot, _ in inside) if baseline else NOTHING
    return seen, usual


def _reading(policy: Policy, hours: Sequence[Hour], index: int, baseline: Baseline | None) -> Reading:
    seen, usual = window(policy, hours, index, baseline)
    if policy.family is Family.COUNT:
        seen = Tally(seen.of, float(round(seen.up)), 0.0)
    return alerting.read(policy, seen, baseline, usual)


def _note(policy: Policy, found: list[Incident], move: Step, reading: Reading, at: datetime) -> None:
    if move is Step.OPEN:
        found.append(Incident(at, None, reading.value or 0.0, reading.usual, reading.messages))
        return
    if not found or move is Step.NONE:
        return
    last = replace(found[-1], closed_at=at if move is Step.CLOSE else None)
    if reading.value is not None and alerting.is_worse(policy, reading.value, last.worst):
        last = replace(last, worst=reading.value, usual=reading.usual, messages=reading.messages)
    found[-1] = last
