"""An alert as a table: what its rule saw, hour by hour, beside what was usual. The chart is drawn from it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo
from typing import NamedTuple

from sqlalchemy.orm import Session

from app.models import Alert, AlertKind
from app.phrases import phrase, phrase_in
from app.render import hour_words
from app.services import alert_watch, alert_words
from app.services.alert_baseline import Baseline, Family, Tally, value_of
from app.services.alert_replay import hours_of, window
from app.services.alert_rules import policy_of
from app.services.alerting import FAMILIES, HOUR, SENSITIVITIES
from app.web.reports.tables import Cell, Column, Row, Table

BEFORE, AFTER, LONGEST = timedelta(hours=48), timedelta(hours=12), timedelta(days=14)
FEW = 5  # messages that a share must have to be drawn
UNITS = {Family.COUNT: "messages", Family.SHARE: "share", Family.NET: "net"}
DEFINITIONS = {
    "value": phrase("What the rule measures in the window that ends at this time."),
    "usual": phrase("What is usual at this time of the week, learned from the eight weeks before the alert."),
    "range": phrase("Values within this range are not unusual: chance and the bursts of the past explain them."),
    "limit": phrase("The number of the rule."),
}


class Point(NamedTuple):
    """What a window shows, of how many messages, and what is usual for it."""

    value: float | None
    of: float
    usual: Tally | None = None


def table(session: Session, *, alert: Alert, at: datetime, zone: tzinfo) -> Table:
    """Return what the rule saw at each full hour around an alert, and at last, in the reader's zone."""
    policy = policy_of(alert)
    since, until = _span(alert, at)
    first = since - policy.window_hours * HOUR  # the first points look back on these
    seen = alert_watch.series(session, watched=alert, since=first, until=until)
    hours = hours_of(first, seen, alert_watch.zone_of(session))
    baseline = Baseline.of_json(alert.baseline) if alert.baseline else None
    rows = []
    for index in range(policy.window_hours, len(hours)):
        shown, usual = window(policy, hours, index, baseline)
        ended = (first + (index + 1) * HOUR).astimezone(zone)
        rows.append(_row(alert, baseline, ended, Point(value_of(policy.family, shown), shown.of, usual)))
    if alert.is_open and alert.measured_at > until:
        rows.append(_row(alert, baseline, alert.measured_at.astimezone(zone), Point(alert.value, alert.messages)))
    return Table("hours", phrase("Until"), _columns(alert), tuple(rows))


def _span(alert: Alert, at: datetime) -> tuple[datetime, datetime]:
    until = alert_watch.full_hour(min(at, (alert.closed_at or at) + AFTER))
    return max(alert_watch.full_hour(alert.opened_at - BEFORE), until - LONGEST), until


def _columns(alert: Alert) -> tuple[Column, ...]:
    unit = UNITS[FAMILIES[alert.metric]]
    columns = [Column(alert_words.METRICS[alert.metric], unit, "line", "s1", "value")]
    if alert.baseline:
        columns += [
            Column(phrase("Usual"), unit, "usual", "s6", "usual"),
            Column(phrase("From"), unit, "low", "grid", "range"),
            Column(phrase("To"), unit, "high", "grid", "range"),
        ]
    if alert.kind is AlertKind.THRESHOLD:
        columns.append(Column(phrase_in("number", "Limit"), unit, "limit", "negative", "limit"))
    return tuple(columns)


def _row(alert: Alert, baseline: Baseline | None, local: datetime, point: Point) -> Row:
    """Return one moment; a share of very few messages is no point, for it says nothing."""
    family = FAMILIES[alert.metric]
    is_thin = family is not Family.COUNT and point.of < min(FEW, alert.minimum)
    values: list[float | None] = [None if is_thin else point.value]
    if baseline is not None and point.usual is not None:
        spreads = alert.threshold if alert.kind is AlertKind.ANOMALY else SENSITIVITIES["normal"]
        band = baseline.band(point.usual, point.of or max(1.0, point.usual.of), spreads)
        values += [value_of(family, point.usual), *band]
    elif baseline is not None:
        values += [alert.expected, None, None]
    if alert.kind is AlertKind.THRESHOLD:
        values.append(alert.threshold)
    return Row(hour_words(local), _cells(alert, values), int(local.timestamp()))


def _cells(alert: Alert, values: Sequence[float | None]) -> tuple[Cell, ...]:
    said = [(value, alert_words.value_words(alert.metric, value)) for value in values]
    return tuple(Cell(None if value is None else round(value, 4), text) for value, text in said)
