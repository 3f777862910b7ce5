"""When an alert opens, goes on and closes, and when people may be disturbed: pure, without a session or a clock.

An incident is one alert. It opens when the value is out, and closes when it has been calm, well on the other side, for
a while: between the two lies a gap (hysteresis), so that a value that trembles around the limit does not open and close
it. One that comes back soon after is the same incident.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum

from app.models import AlertKind, AlertMetric
from app.services.alert_baseline import WEEK, Baseline, Family, Tally, value_of

HOUR = timedelta(hours=1)
SHORT_WINDOWS = (15, 30, 60)  # minutes; counted from the messages, longer ones from the hourly counts
WINDOWS = (*SHORT_WINDOWS, 120, 240, 480, 1440)
CALM_AT_LEAST, CALM_AT_MOST = timedelta(minutes=10), timedelta(hours=1)
COOL_DOWN = timedelta(hours=1)
SENSITIVITIES = {"high": 3.2, "normal": 3.8, "low": 4.8}  # spreads from the usual
MORE_THAN_USUAL = 1.3  # times: what is only certain, but small, is no news
SHARE_MORE, NET_LESS = 0.05, 0.10
COUNT_CALM, SHARE_CALM, NET_CALM = 0.8, 0.05, 0.05  # how far back from a threshold calm begins

FAMILIES = {
    AlertMetric.VOLUME: Family.COUNT,
    AlertMetric.INTENT_VOLUME: Family.COUNT,
    AlertMetric.EMOTION_VOLUME: Family.COUNT,
    AlertMetric.MOOD_FALLS: Family.COUNT,
    AlertMetric.NEGATIVE_SHARE: Family.SHARE,
    AlertMetric.NET_SENTIMENT: Family.NET,
}


@dataclass(frozen=True, slots=True)
class Policy:
    """What of a rule decides; see app.models.alert.Watched."""

    metric: AlertMetric
    kind: AlertKind
    threshold: float
    window_minutes: int
    minimum: int

    @property
    def family(self) -> Family:
        return FAMILIES[self.metric]

    @property
    def window_hours(self) -> int:
        """Return the window in full hours, at least one: what past windows are compared by."""
        return max(1, -(-self.window_minutes // 60))

    @property
    def calm_for(self) -> timedelta:
        return min(max(timedelta(minutes=self.window_minutes) / 2, CALM_AT_LEAST), CALM_AT_MOST)

    @property
    def cool_down(self) -> timedelta:
        return max(COOL_DOWN, timedelta(minutes=self.window_minutes))

    def since(self, at: datetime) -> datetime:
        """Return when the window that ends at `at` begins; long ones begin at a full hour."""
        start = at - timedelta(minutes=self.window_minutes)
        return start if self.window_minutes in SHORT_WINDOWS else _full_hour(start)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a window shows. `value` is None where nothing was judged, `usual` and `spreads` where no usual is known."""

    value: float | None
    messages: int
    usual: float | None = None
    spreads: float | None = None


@dataclass(frozen=True, slots=True)
class State:
    """The newest incident of a rule; all None where there was none."""

    opened_at: datetime | None = None
    calm_since: datetime | None = None
    closed_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        return self.opened_at is not None and self.closed_at is None


class Step(StrEnum):
    NONE = "none"  # nothing is open
    OPEN = "open"
    REOPEN = "reopen"
    GO_ON = "go_on"
    CLOSE = "close"


def read(policy: Policy, seen: Tally, baseline: Baseline | None, usual: Tally) -> Reading:
    """Judge what a window shows; `usual` is what the baseline leads one to expect of it."""
    value = value_of(policy.family, seen)
    messages = int(seen.up if policy.family is Family.COUNT else seen.of)
    if baseline is None or value is None:
        return Reading(value, messages)
    return Reading(value, messages, value_of(policy.family, usual), baseline.spreads(seen, usual))


def is_out(policy: Policy, reading: Reading) -> bool:
    """Say whether an alert is due."""
    if reading.value is None or reading.messages < policy.minimum:
        return False
    if policy.kind is AlertKind.ANOMALY:
        return reading.spreads is not None and reading.spreads >= policy.threshold and _is_news(policy, reading)
    if policy.family is Family.NET:
        return reading.value <= policy.threshold
    return reading.value >= policy.threshold


def _is_news(policy: Policy, reading: Reading) -> bool:
    """Say whether a value is not only certainly unusual, but also by as much as people care for."""
    value, usual = reading.value or 0.0, reading.usual or 0.0
    if policy.family is Family.COUNT:
        return value >= usual * MORE_THAN_USUAL
    if policy.family is Family.SHARE:
        return value >= usual + SHARE_MORE
    return value <= usual - NET_LESS


def is_calm(policy: Policy, reading: Reading) -> bool:
    """Say whether the value is well back: nothing that is out is calm, and something lies between the two."""
    if reading.value is None or reading.messages < policy.minimum:
        return True
    if policy.kind is AlertKind.ANOMALY:
        return reading.spreads is None or reading.spreads < policy.threshold / 2
    if policy.family is Family.NET:
        return reading.value > policy.threshold + NET_CALM
    if policy.family is Family.SHARE:
        return reading.value < policy.threshold - min(SHARE_CALM, policy.threshold / 4)
    return reading.value < policy.threshold * COUNT_CALM


def step(policy: Policy, state: State, reading: Reading, at: datetime) -> tuple[Step, State]:
    """Say what becomes of a rule's incident at this moment."""
    out = is_out(policy, reading)
    if not state.is_open:
        if not out:
            return Step.NONE, state
        if state.closed_at is not None and at - state.closed_at < policy.cool_down:
            return Step.REOPEN, State(state.opened_at)
        return Step.OPEN, State(at)
    if not is_calm(policy, reading):
        return Step.GO_ON, replace(state, calm_since=None)
    since = state.calm_since or at
    if at - since < policy.calm_for:
        return Step.GO_ON, replace(state, calm_since=since)
    return Step.CLOSE, replace(state, calm_since=since, closed_at=at)


def is_worse(policy: Policy, value: float, than: float) -> bool:
    """Say whether a value is farther out than another."""
    return value < than if policy.family is Family.NET else value > than


def slot_of(hour: datetime, zone: tzinfo) -> int:
    """Return which hour of the local week an hour is, 0 for Monday at midnight."""
    local = hour.astimezone(zone)
    return (local.weekday() * 24 + local.hour) % WEEK


def parts(since: datetime, until: datetime, zone: tzinfo) -> list[tuple[int, float]]:
    """Return the hours of the week in a span, each with the fraction of it that lies inside."""
    found = []
    hour = _full_hour(since)
    while hour < until:
        inside = min(until, hour + HOUR) - max(since, hour)
        found.append((slot_of(hour, zone), inside / HOUR))
        hour += HOUR
    return found


@dataclass(frozen=True, slots=True)
class Quiet:
    """Full local hours in which nobody is disturbed, over midnight where `start` is later than `end`."""

    start: int
    end: int
    weekends: bool = False

    def holds(self, local: datetime) -> bool:
        if self.weekends and local.weekday() > 4:
            return True
        if self.start <= self.end:
            return self.start <= local.hour < self.end
        return local.hour >= self.start or local.hour < self.end


def quiet_until(quiet: Quiet | None, at: datetime, zone: tzinfo) -> datetime:
    """Return the first moment from `at` on at which people may be disturbed."""
    moment = at
    for _ in range(WEEK if quiet else 0):
        if quiet is None or not quiet.holds(moment.astimezone(zone)):
            return moment
        moment = _next_local_hour(moment, zone)
    return moment if quiet else at


def _next_local_hour(moment: datetime, zone: tzinfo) -> datetime:
    """Return when the next hour of local clocks begins; some zones are half an hour off."""
    local = moment.astimezone(zone)
    past = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
    return moment - past + HOUR


def _full_hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)
