"""Look at what is watched, every minute: open, go on with and close alerts. Set-wise: the windows of all rules are read
together, and what is usual is learned once a day, a few rules at a time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from app.models import Alert, AlertMetric, AlertRule, Watched
from app.queries import alert_counts
from app.queries.alert_counts import Sums, Windows
from app.services import alert_changes, alerting, business_hours
from app.services.alert_baseline import NOTHING, Baseline, Tally
from app.services.alert_learning import LEAST_WEEKS, MOST_WEEKS, fit
from app.services.alert_replay import hours_of
from app.services.alert_rules import MOST_RULES, policy_of
from app.services.alerting import HOUR, SHORT_WINDOWS, Policy, Reading, State, Step
from app.services.moods import FELL_TO

LEARN_AT_ONCE = 10  # rules a minute
LEARN_AGAIN = timedelta(days=1)
WEEK = timedelta(weeks=1)
COPIED = (
    "metric",
    "kind",
    "label",
    "channel_id",
    "inbox_id",
    "intent",
    "language",
    "threshold",
    "window_minutes",
    "minimum",
    "name",
    "baseline",
)


def watch(session: Session, *, at: datetime) -> int:
    """Judge every enabled rule at this moment; return how many were judged. Twice is once: an incident is one alert."""
    query = select(AlertRule).where(AlertRule.is_enabled).order_by(AlertRule.id).limit(MOST_RULES)
    rules = session.scalars(query.with_for_update(skip_locked=True)).all()
    if not rules:
        return 0
    zone = zone_of(session)
    _learn(session, rules, at, zone)
    newest = _newest(session, rules)
    found = _windows(session, rules, at)
    for rule in rules:
        reading = _reading(rule, found, at, zone)
        _apply(session, rule, newest.get(rule.id), reading, at)
    session.flush()
    return len(rules)


def zone_of(session: Session) -> tzinfo:
    """Return the clock by which weeks and quiet hours go: that of the business hours, else UTC."""
    return business_hours.get(session).zone or UTC


def learn(session: Session, *, watched: Watched, at: datetime, zone: tzinfo) -> Baseline | None:
    """Return what is usual for a rule up to the last full hour; None where less than LEAST_WEEKS are known."""
    until = full_hour(at)
    first = alert_counts.first_hour(session, watched=watched, since=until - MOST_WEEKS * WEEK)
    weeks = int((until - first) / WEEK) if first else 0
    if weeks < LEAST_WEEKS:
        return None
    since = until - weeks * WEEK
    seen = series(session, watched=watched, since=since, until=until)
    policy = policy_of(watched)
    return fit(policy.family, hours_of(since, seen, zone), window_hours=policy.window_hours)


def series(session: Session, *, watched: Watched, since: datetime, until: datetime) -> list[Tally]:
    """Return what a rule measures in each hour of a span of full hours."""
    told = alert_counts.history(session, watched=watched, since=since, until=until, fell_to=FELL_TO)
    hours = round((until - since) / HOUR)
    return [Tally(*told[since + n * HOUR]) if since + n * HOUR in told else NOTHING for n in range(hours)]


def full_hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def _learn(session: Session, rules: Sequence[AlertRule], at: datetime, zone: tzinfo) -> None:
    """Learn anew what is usual, those first who have waited longest."""
    due = [rule for rule in rules if rule.baselined_at is None or at - rule.baselined_at >= LEARN_AGAIN]
    due.sort(key=lambda rule: (rule.baselined_at is not None, rule.baselined_at or at, rule.id))
    for rule in due[:LEARN_AT_ONCE]:
        baseline = learn(session, watched=rule, at=at, zone=zone)
        rule.baseline, rule.baselined_at = baseline.as_json() if baseline else None, at


def _newest(session: Session, rules: Sequence[AlertRule]) -> Mapping[int | None, Alert]:
    query = select(Alert).where(Alert.rule_id.in_([rule.id for rule in rules])).order_by(Alert.rule_id, Alert.id.desc())
    newest = query.ext(distinct_on(Alert.rule_id)).subquery()
    locked = select(Alert).where(Alert.id.in_(select(newest.c.id))).order_by(Alert.id).with_for_update()
    return {alert.rule_id: alert for alert in session.scalars(locked)}


def _windows(session: Session, rules: Sequence[AlertRule], at: datetime) -> Windows:
    falls = {policy_of(rule).since(at) for rule in rules if rule.metric is AlertMetric.MOOD_FALLS}
    others = [rule for rule in rules if rule.metric is not AlertMetric.MOOD_FALLS]
    return alert_counts.windows(
        session,
        at=at,
        live={policy_of(rule).since(at) for rule in others if rule.window_minutes in SHORT_WINDOWS},
        hourly={policy_of(rule).since(at) for rule in others if rule.window_minutes not in SHORT_WINDOWS},
        falls=falls,
        fell_to=FELL_TO,
    )


def _reading(rule: AlertRule, found: Windows, at: datetime, zone: tzinfo) -> Reading:
    policy = policy_of(rule)
    since = policy.since(at)
    sums: Sums = found.sums(rule, since)
    baseline = Baseline.of_json(rule.baseline) if rule.baseline else None
    usual = baseline.expected(alerting.parts(since, at, zone)) if baseline else NOTHING
    return alerting.read(policy, Tally(*sums), baseline, usual)


def _apply(session: Session, rule: AlertRule, newest: Alert | None, reading: Reading, at: datetime) -> None:
    policy = policy_of(rule)
    state = State(newest.opened_at, newest.calm_since, newest.closed_at) if newest else State()
    move, state = alerting.step(policy, state, reading, at)
    if move is Step.NONE:
        return
    if move is Step.OPEN:
        _open(session, rule, reading, at)
        return
    assert newest is not None, "only a first incident begins without one"
    newest.calm_since, newest.closed_at = state.calm_since, state.closed_at
    is_news = move is not Step.GO_ON or reading.value != newest.value
    _measure(newest, policy, reading, at)
    if is_news:
        alert_changes.tell(session, newest)


def _open(session: Session, rule: AlertRule, reading: Reading, at: datetime) -> None:
    value = reading.value or 0.0
    alert = Alert(
        rule_id=rule.id,
        opened_at=at,
        measured_at=at,
        value=value,
        messages=reading.messages,
        expected=reading.usual,
        worst=value,
        worst_at=at,
        version=0,
        **{name: getattr(rule, name) for name in COPIED},
    )
    session.add(alert)
    alert_changes.tell(session, alert)


def _measure(alert: Alert, policy: Policy, reading: Reading, at: datetime) -> None:
    """Write down what the window shows now; an empty one leaves the last value of a share as it was."""
    alert.measured_at, alert.messages, alert.expected = at, reading.messages, reading.usual
    if reading.value is None:
        return
    alert.value = reading.value
    if alerting.is_worse(policy, reading.value, alert.worst):
        alert.worst, alert.worst_at = reading.value, at
