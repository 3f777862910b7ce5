"""How a report says numbers, hours and labels."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import cast
from zoneinfo import ZoneInfo

from app.queries.sentiment_asked import DIMENSIONS, NOBODY, Asked, Period, Week
from app.queries.sentiment_facts import ABSTAINED
from app.queries.sentiment_names import NO_PLACE, Names
from app.queries.sentiment_report import Report, Version
from app.render import words
from app.web.inbox.looks import intent_words

NOT_JUDGED = "Not judged"
NO_EMOTION = "No emotion"
SHORT_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
REASONS = {"empty": "no words", "confidence": "not sure enough"}


def label_words(task: str, label: str, names: Names) -> str:
    """Say a label of a task; intents of the workspace's own by their titles."""
    if label == ABSTAINED:
        return NOT_JUDGED
    if task == "emotion" and label == "none":
        return NO_EMOTION
    return names.intents.get(label) or (intent_words(label) if task == "intent" else words(label))


def place_words(dimension: str, key: str, name: str, names: Names) -> str:
    """Say a value of a dimension."""
    if dimension == "intent" and key != NOBODY:
        return label_words("intent", key, names)
    if dimension == "language" and key != NOBODY:
        return key.upper() if len(key) < 4 else key
    return name


def filter_words(dimension: str, value: str, names: Names) -> str:
    """Say the value of a filter as it stands in the address."""
    if value == NOBODY:
        return NO_PLACE.get(dimension, "None")
    if dimension in {"intent", "language"}:
        return place_words(dimension, value, value, names)
    return next((one.name for one in names.offered[dimension] if one.id == value), "Deleted")


def count(number: int) -> str:
    return f"{number:,}"


def share(part: float | None) -> str:
    """Say a part of a whole: "12.5%"; nothing where there is no whole."""
    return "" if part is None else f"{part * 100:.1f}%"


def points(net: float | None) -> str:
    """Say a number in [-1, 1] in points: "+12.5", "−3.0"."""
    if net is None:
        return ""
    number = round(net * 100, 1) + 0.0  # no minus before a zero
    return f"{'+' if number > 0 else '−' if number < 0 else ''}{abs(number):.1f}"


def bucket_words(period: Period, index: int) -> str:
    """Say when a bucket is: "Mon 16 Nov, 14:00", "Mon 16 Nov", "16 to 22 Nov"."""
    since, until = (moment.astimezone(period.zone) for moment in period.bounds(index))
    if period.bucket == "hour":
        return f"{since:%a} {since.day} {since:%b}, {since:%H:%M}"
    if period.bucket == "day":
        return f"{since:%a} {since.day} {since:%b}"
    last = until - timedelta(hours=1)
    return f"{since.day} {'' if since.month == last.month else f'{since:%b} '}to {last.day} {last:%b}"


def span_words(since: datetime, until: datetime, zone: tzinfo) -> str:
    """Say a span of whole hours: "16 Nov 2026, 14:00 to 15:00", "16 Nov 2026", "1 to 30 Nov 2026"."""
    first, last = since.astimezone(zone), (until - timedelta(seconds=1)).astimezone(zone)
    if first.date() != last.date():
        return f"{first.day} {first:%b %Y} to {last.day} {last:%b %Y}"
    if until - since < timedelta(hours=23):
        return f"{first.day} {first:%b %Y}, {first:%H:%M} to {until.astimezone(zone):%H:%M}"
    return f"{first.day} {first:%b %Y}"


def zone_words(zone: tzinfo) -> str:
    return "UTC" if zone is UTC else cast("ZoneInfo", zone).key.replace("_", " ")


def last_day(period: Period) -> date:
    return (period.end - timedelta(seconds=1)).astimezone(period.zone).date()


def unfiltered(asked: Asked) -> str:
    """Return the address of the same report over everything, 30 days long."""
    return asked.query(range="30", since="", until="", zone="", **dict.fromkeys(DIMENSIONS, ""))


def showable(asked: Asked, labels: tuple[str, ...]) -> tuple[str, ...]:
    """Return what the chart can draw."""
    if not asked.by:
        return ("volume", "share")
    return (*(["net"] if asked.task == "sentiment" else []), "volume", *labels[:12], ABSTAINED)


def shown_words(asked: Asked, shown: str, names: Names) -> str:
    known = {"volume": "Messages", "share": "Shares", "net": "Net sentiment"}
    return known.get(shown) or f"Share: {label_words(asked.task, shown, names)}"


def version_words(report: Report, version: Version) -> str:
    """Say from when to when a model version spoke in the range."""
    at = version.spoke_in
    if not at:
        return f"Model {version.name}"
    since, until = report.period.starts[at[0]], report.period.bounds(at[-1])[1]
    return f"Model {version.name}: {span_words(since, until, report.period.zone)}"


def week_words(week: Week) -> str:
    """Say opening hours: "Mon to Fri 9–17, Sat 10–14"."""
    runs: list[tuple[int, int, tuple[int, int]]] = []
    for day, hours in enumerate(week):
        if hours[0] == hours[1]:
            continue
        if runs and runs[-1][1] == day - 1 and runs[-1][2] == hours:
            runs[-1] = (runs[-1][0], day, hours)
        else:
            runs.append((day, day, hours))
    return ", ".join(
        f"{SHORT_DAYS[first]}{f' to {SHORT_DAYS[last]}' if last > first else ''} {hours[0]}–{hours[1]}"
        for first, last, hours in runs
    )


def reason_words(reason: str | None) -> str:
    """Say why a model kept silent."""
    if reason and reason.startswith("language:"):
        return f"cannot read {reason.partition(':')[2].upper()}"
    return REASONS.get(reason or "", "not sure enough")
