"""The tables of the sentiment report. The page, its chart and the CSV files are made of these same values."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlencode

from app import render
from app.phrases import phrase
from app.queries.sentiment_asked import Asked
from app.queries.sentiment_facts import ABSTAINED
from app.queries.sentiment_recovery import Holder
from app.queries.sentiment_report import MOST_LINES, Group, Report, Tally
from app.web.reports import words

MESSAGES_PATH = "/reports/sentiment/messages"
TONES = {"negative": "negative", "neutral": "neutral", "positive": "positive", "none": "neutral"}


@dataclass(frozen=True, slots=True)
class Column:
    """`unit` is "messages", "share" or "net"; `draw` says how the chart shows it: "bar", "line" or not at all."""

    name: str
    unit: str = "messages"
    draw: str = ""
    tone: str = ""
    about: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """`value` is what the chart draws, `text` what page and file say, `href` leads to the messages behind it."""

    value: float | None
    text: str
    href: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    name: str
    cells: tuple[Cell, ...]
    at: int = 0  # seconds since 1970 at which a bucket begins
    short: str = ""  # the name for the axis of a chart
    href: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    name: str
    first: str  # heading of the rows' names
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Drill:
    """Makes the address of the messages behind a number."""

    asked: Asked
    since: datetime
    until: datetime

    def to(self, label: str = "", version: str = "", **places: str) -> str:
        narrowed = replace(self.asked, by="", show="", bucket="", **places)
        spot = {
            "from": int(self.since.timestamp()),
            "to": int(self.until.timestamp()),
            "label": label,
            "version": version,
        }
        query = narrowed.query()
        return f"{MESSAGES_PATH}{query}{'&' if query else '?'}{urlencode({k: v for k, v in spot.items() if v})}"


def over_time(report: Report) -> Table:
    """One row a bucket: all labels, or, of a split, one number of its largest groups."""
    columns = _group_columns(report) if report.asked.by else _label_columns(report)
    rows = tuple(
        Row(
            name=words.bucket_words(report.period, index),
            at=int(since.timestamp()),
            short=words.axis_words(report.period, index),
            cells=_group_cells(report, index) if report.asked.by else _label_cells(report, index),
        )
        for index, since in enumerate(report.period.starts)
    )
    return Table("time", render.words(report.period.bucket), columns, rows)


def by_group(report: Report) -> Table:
    """One row a value of the splitting dimension."""
    labels = report.labels
    columns = [Column(phrase("Messages"), about="messages")]
    columns += [Column(_label(report, label), "share", tone=TONES.get(label, ""), about="share") for label in labels]
    columns.append(Column(words.NOT_JUDGED, "share", tone="abstained", about="abstained"))
    if report.asked.task == "sentiment":
        columns += [Column(phrase("Net"), "net", about="net"), Column(phrase("Net before"), "net", about="before")]
    rows = tuple(_group_row(report, group) for group in report.groups)
    return Table("groups", render.words(report.asked.by), tuple(columns), rows)


def recoveries(report: Report, name: str) -> Table:
    """One row an agent or a team: what fell while it is theirs, and what recovered."""
    holders = report.recovery.agents if name == "agents" else report.recovery.teams
    columns = (
        Column(phrase("Conversations"), about="conversations"),
        Column(phrase("Fell"), about="fell"),
        Column(phrase("Recovered"), about="recovered"),
        Column(phrase("Rate"), "share", about="rate"),
    )
    dimension = "agent" if name == "agents" else "team"
    rows = tuple(_holder_row(report, dimension, holder) for holder in holders)
    return Table(name, render.words(dimension), columns, rows)


def fallen_path(asked: Asked, *, recovered: bool = False) -> str:
    """Return the address of the lowest messages of conversations that fell."""
    query = replace(asked, by="", show="", bucket="", task="sentiment").query()
    return f"{MESSAGES_PATH}{query}{'&' if query else '?'}fell={'recovered' if recovered else 'all'}"


def shown(report: Report) -> str:
    """Return what the chart draws: "volume" or "share" of all labels, or a number of each group."""
    return shown_of_split(report) if report.asked.by else "share" if is_share(report) else "volume"


def is_share(report: Report) -> bool:
    return report.asked.show == "share" and not report.asked.by


def shown_of_split(report: Report) -> str:
    """Return which number of each group is drawn: "net", "volume", or a label whose share it is."""
    show = report.asked.show
    known = {"volume", *report.labels, ABSTAINED} | ({"net"} if report.asked.task == "sentiment" else set())
    if show in known:
        return show
    return "net" if report.asked.task == "sentiment" else "volume"


def _label(report: Report, label: str) -> str:
    return words.label_words(report.asked.task, label, report.names)


def _label_columns(report: Report) -> tuple[Column, ...]:
    unit = "share" if is_share(report) else "messages"
    columns = [Column(phrase("Messages"), about="messages")]
    for place, label in enumerate(report.labels):
        tone = TONES.get(label, f"s{place + 1}")
        draw = "bar" if place < MOST_LINES else ""
        columns.append(Column(_label(report, label), unit, draw, tone, "stack" if unit == "share" else "label"))
    columns.append(Column(words.NOT_JUDGED, unit, "bar", "abstained", "abstained"))
    if report.asked.task == "sentiment":
        several = len(report.versions) > 1
        for place, version in enumerate(report.versions):
            name = phrase("Net, model {name}", name=version.name) if several else phrase("Net")
            columns.append(Column(name, "net", "line", f"net{place % 3 + 1}", "version" if several else "net"))
    return tuple(columns)


def _label_cells(report: Report, index: int) -> tuple[Cell, ...]:
    tally, drill = report.buckets[index], Drill(report.asked, *report.period.bounds(index))
    cells = [Cell(tally.messages, words.count(tally.messages), drill.to() if tally.messages else "")]
    cells += [_of_label(report, tally, label, drill) for label in (*report.labels, ABSTAINED)]
    if report.asked.task == "sentiment":
        for version in report.versions:
            net = version.buckets[index].net
            href = drill.to(version=version.name if len(report.versions) > 1 else "")
            cells.append(Cell(net, words.points(net), href if net is not None else ""))
    return tuple(cells)


def _of_label(report: Report, tally: Tally, label: str, drill: Drill) -> Cell:
    messages = tally.labels.get(label, 0)
    href = drill.to(label) if messages else ""
    if is_share(report):
        part = messages / tally.messages if tally.messages else None
        return Cell(part, words.share(part), href)
    return Cell(messages, words.count(messages), href)


def _group_columns(report: Report) -> tuple[Column, ...]:
    shown = shown_of_split(report)
    unit = {"net": "net", "volume": "messages"}.get(shown, "share")
    about = {"net": "net", "volume": "messages"}.get(shown, "share")
    return tuple(
        Column(_place(report, group), unit, "line", f"s{place + 1}", about)
        for place, group in enumerate(_drawn(report))
    )


def _group_cells(report: Report, index: int) -> tuple[Cell, ...]:
    return tuple(
        _of_group(report, group.buckets[index], Drill(report.asked, *report.period.bounds(index)), group)
        for group in _drawn(report)
    )


def _of_group(report: Report, tally: Tally, drill: Drill, group: Group) -> Cell:
    shown, places = shown_of_split(report), {report.asked.by: group.key}
    if shown == "net":
        return Cell(tally.net, words.points(tally.net), drill.to(**places) if tally.told else "")
    if shown == "volume":
        return Cell(tally.messages, words.count(tally.messages), drill.to(**places) if tally.messages else "")
    part = tally.share(shown)
    return Cell(part, words.share(part), drill.to(shown, **places) if tally.labels.get(shown) else "")


def _drawn(report: Report) -> tuple[Group, ...]:
    return tuple(group for group in report.groups if group.buckets)


def _group_row(report: Report, group: Group) -> Row:
    drill, places = Drill(report.asked, report.period.start, report.period.end), {report.asked.by: group.key}
    now = group.now
    cells = [Cell(now.messages, words.count(now.messages), drill.to(**places) if now.messages and group.key else "")]
    for label in (*report.labels, ABSTAINED):
        some = now.labels.get(label, 0) and group.key
        cells.append(Cell(now.share(label), words.share(now.share(label)), drill.to(label, **places) if some else ""))
    if report.asked.task == "sentiment":
        cells += [Cell(net, words.points(net)) for net in (now.net, group.before.net)]
    narrowed = f"/reports/sentiment{report.asked.query(by='', show='', **places)}" if group.key else ""
    return Row(_place(report, group), tuple(cells), href=narrowed)


def _place(report: Report, group: Group) -> str:
    return words.place_words(report.asked.by, group.key, group.name, report.names)


def _holder_row(report: Report, dimension: str, holder: Holder) -> Row:
    falls, theirs = holder.falls, replace(report.asked, **{dimension: holder.key})
    cells = (
        Cell(falls.conversations, words.count(falls.conversations)),
        Cell(falls.fell, words.count(falls.fell), fallen_path(theirs) if falls.fell else ""),
        Cell(
            falls.recovered,
            words.count(falls.recovered),
            fallen_path(theirs, recovered=True) if falls.recovered else "",
        ),
        Cell(falls.rate, words.share(falls.rate)),
    )
    return Row(holder.name, cells)
