"""An alert as a table of hours beside what was usual; the chart on the page is drawn from it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo

from sqlalchemy.orm import Session

from app.models import Alert, AlertKind
from app.services import alert_watch, alert_words, alerting
from app.services.alert_baseline import Baseline, Family, Tally, value_of
from app.services.alerting import FAMILIES, HOUR, SENSITIVITIES
from app.web.reports.tables import Cell, Column, Row, Table

BEFORE, AFTER, LONGEST = timedelta(hours=48), timedelta(hours=12), timedelta(days=14)
UNITS = {Family.COUNT: "messages", Family.SHARE: "share", Family.NET: "net"}
DEFINITIONS = {
    "value": "What the rule measures, hour by hour. The hour that is still running has what came so far.",
    "usual": "What is usual at this hour of the week, learned from the eight weeks before the alert.",
    "range": "Values within this range are not unusual: chance and the bursts of the past explain them.",
    "limit": "The number of the rule.",
}


def table(session: Session, *, alert: Alert, at: datetime, zone: tzinfo) -> Table:
    """Return the hours around an alert, in the reader's zone."""
    since, until = _span(alert, at)
    seen = alert_watch.series(session, watched=alert, since=since, until=until)
    house = alert_watch.zone_of(session)
    baseline = Baseline.of_json(alert.baseline) if alert.baseline else None
    columns = _columns(alert, baseline)
    hours = [since + n * HOUR for n in range(len(seen))]
    rows = [
        _row(alert, baseline, hour.astimezone(zone), alerting.slot_of(hour, house), tally)
        for hour, tally in zip(hours, seen, strict=True)
    ]
    return Table("hours", "Hour", columns, tuple(rows))


def _span(alert: Alert, at: datetime) -> tuple[datetime, datetime]:
    end = min(at, (alert.closed_at or at) + AFTER)
    until = alert_watch.full_hour(end) + HOUR
    return max(alert_watch.full_hour(alert.opened_at - BEFORE), until - LONGEST), until


def _columns(alert: Alert, baseline: Baseline | None) -> tuple[Column, ...]:
    unit = UNITS[FAMILIES[alert.metric]]
    columns = [Column(alert_words.METRICS[alert.metric], unit, "line", "s1", "value")]
    if baseline is not None:
        columns += [
            Column("Usual", unit, "usual", "s6", "usual"),
            Column("From", unit, "low", "grid", "range"),
            Column("To", unit, "high", "grid", "range"),
        ]
    if _has_limit(alert):
        columns.append(Column("Limit", unit, "limit", "negative", "limit"))
    return tuple(columns)


def _has_limit(alert: Alert) -> bool:
    """Say whether the rule's number can be compared with single hours."""
    is_count = FAMILIES[alert.metric] is Family.COUNT
    return alert.kind is AlertKind.THRESHOLD and (not is_count or alert.window_minutes == 60)


def _row(alert: Alert, baseline: Baseline | None, local: datetime, slot: int, tally: Tally) -> Row:
    family = FAMILIES[alert.metric]
    values = [value_of(family, tally)]
    if baseline is not None:
        usual = baseline.expected([(slot, 1.0)])
        spreads = alert.threshold if alert.kind is AlertKind.ANOMALY else SENSITIVITIES["normal"]
        judged = tally.of or max(1.0, usual.of)
        values += [value_of(family, usual), *baseline.band(usual, judged, spreads)]
    if _has_limit(alert):
        values.append(alert.threshold)
    name = f"{local:%a} {local.day} {local:%b}, {local:%H:%M}"
    return Row(name, _cells(alert, values), int(local.timestamp()))


def _cells(alert: Alert, values: Sequence[float | None]) -> tuple[Cell, ...]:
    said = [(value, alert_words.value_words(alert.metric, value)) for value in values]
    return tuple(Cell(None if value is None else round(value, 4), text) for value, text in said)
