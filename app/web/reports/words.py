"""How a report says numbers, hours and labels."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import cast
from zoneinfo import ZoneInfo

from app.languages import date_words, days_words, decimal, from_left, weekday_words
from app.phrases import Phrase, listed, phrase
from app.queries.sentiment_asked import DIMENSIONS, NOBODY, Asked, Period, Week
from app.queries.sentiment_facts import ABSTAINED
from app.queries.sentiment_names import DELETED, NO_PLACE, NONE, Names
from app.queries.sentiment_report import Report, Version
from app.render import hour_words, words
from app.web.inbox.looks import intent_words

NOT_JUDGED = phrase("Not judged")
NO_EMOTION = phrase("No emotion")
UNSURE = phrase("not sure enough")
BY: Mapping[str, Phrase] = {
    "channel": phrase("By channel"),
    "inbox": phrase("By inbox"),
    "team": phrase("By team"),
    "agent": phrase("By agent"),
    "tag": phrase("By tag"),
    "intent": phrase("By intent"),
    "language": phrase("By language"),
}
OVER_TIME: Mapping[str, Phrase] = {
    "": phrase("Over time"),
    "channel": phrase("Over time, by channel"),
    "inbox": phrase("Over time, by inbox"),
    "team": phrase("Over time, by team"),
    "agent": phrase("Over time, by agent"),
    "tag": phrase("Over time, by tag"),
    "intent": phrase("Over time, by intent"),
    "language": phrase("Over time, by language"),
}


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
        return NO_PLACE.get(dimension, NONE)
    if dimension in {"intent", "language"}:
        return place_words(dimension, value, value, names)
    return next((one.name for one in names.offered[dimension] if one.id == value), DELETED)


def count(number: int) -> str:
    """Say a whole number."""
    return decimal(number)


def share(part: float | None) -> str:
    """Say a part of a whole: "12.5%"; nothing where there is no whole."""
    return "" if part is None else f"{decimal(part * 100, places=1)}%"


def is_zero(net: float) -> bool:
    """Tell whether so many points are said as none."""
    return round(net * 100, 1) == 0


def points(net: float | None) -> str:
    """Say a number in [-1, 1] in points: "+12.5", "−3.0"."""
    if net is None:
        return ""
    number = round(net * 100, 1) + 0.0  # no minus before a zero
    return from_left(f"{'+' if number > 0 else '−' if number < 0 else ''}{decimal(abs(number), places=1)}")


def bucket_words(period: Period, index: int) -> str:
    """Say when a bucket is: "Mon 16 Nov, 14:00", "Mon 16 Nov", "16 to 22 Nov"."""
    since, until = (moment.astimezone(period.zone) for moment in period.bounds(index))
    if period.bucket == "hour":
        return hour_words(since)
    if period.bucket == "day":
        return date_words(since.date(), "MMMEd")
    return days_words(since.date(), (until - timedelta(hours=1)).date(), "MMMd")


def axis_words(period: Period, index: int) -> str:
    """Say it shorter, for the axis of a chart: "14:00", a new line, "16 Nov"."""
    since = period.bounds(index)[0].astimezone(period.zone)
    if period.bucket == "hour":
        return f"{since:%H:%M}\n{date_words(since.date(), 'MMMd')}"
    return date_words(since.date(), "MMMd") if period.bucket == "day" else bucket_words(period, index)


def span_words(since: datetime, until: datetime, zone: tzinfo) -> str:
    """Say a span of whole hours: "16 Nov 2026, 14:00 to 15:00", "16 Nov 2026", "1 to 30 Nov 2026"."""
    first, last = since.astimezone(zone), (until - timedelta(seconds=1)).astimezone(zone)
    if first.date() != last.date():
        return days_words(first.date(), last.date(), "yMMMd")
    day = date_words(first.date(), "yMMMd")
    if until - since < timedelta(hours=23):
        start, end = f"{first:%H:%M}", f"{until.astimezone(zone):%H:%M}"
        return phrase("{date}, {start} to {end}", date=day, start=start, end=end)
    return day


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
    known = {"volume": phrase("Messages"), "share": phrase("Shares"), "net": phrase("Net sentiment")}
    return known.get(shown) or phrase("Share: {label}", label=label_words(asked.task, shown, names))


def version_words(report: Report, version: Version) -> str:
    """Say from when to when a model version spoke in the range."""
    at = version.spoke_in
    if not at:
        return phrase("Model {name}", name=version.name)
    since, until = report.period.starts[at[0]], report.period.bounds(at[-1])[1]
    span = span_words(since, until, report.period.zone)
    return phrase("Model {name}: {span}", name=version.name, span=span)


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
    return listed(_run_words(*run) for run in runs)


def reason_words(reason: str | None) -> str:
    """Say why a model kept silent."""
    if reason and reason.startswith("language:"):
        return phrase("cannot read {language}", language=reason.partition(":")[2].upper())
    return phrase("no words") if reason == "empty" else UNSURE


def _run_words(first: int, last: int, hours: tuple[int, int]) -> Phrase:
    span = f"{hours[0]}–{hours[1]}"
    if first == last:
        return phrase("{day} {hours}", day=weekday_words(first), hours=span)
    return phrase("{first} to {last} {hours}", first=weekday_words(first), last=weekday_words(last), hours=span)
