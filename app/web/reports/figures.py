"""The few numbers above the sentiment report, with their change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from app.languages import from_left
from app.phrases import phrase
from app.queries.sentiment_facts import ABSTAINED
from app.queries.sentiment_report import Report, Tally
from app.web.reports import words
from app.web.reports.tables import Drill, fallen_path


@dataclass(frozen=True, slots=True)
class Figure:
    """`change` says the difference to the time before; `is_good` is None where neither way is."""

    name: str
    text: str
    about: str
    change: str
    is_good: bool | None
    href: str = ""


def figures(report: Report) -> tuple[Figure, ...]:
    """Return the numbers above the chart, each with its change against the time before."""
    drill = Drill(report.asked, report.period.start, report.period.end)
    shown = [_messages(report, drill)]
    if report.asked.task == "sentiment":
        shown.append(_net(report))
        shown.append(_part(report, phrase("Negative"), "share", "negative", drill, less_is_good=True))
        shown.append(_part(report, phrase("Positive"), "share", "positive", drill, less_is_good=False))
    elif report.labels:
        for label in report.labels[:3]:
            name = words.label_words(report.asked.task, label, report.names)
            shown.append(_part(report, name, "share", label, drill, less_is_good=None))
    shown.append(_part(report, words.NOT_JUDGED, "abstained", ABSTAINED, drill, less_is_good=True))
    return (*shown, *_recovery(report))


def _messages(report: Report, drill: Drill) -> Figure:
    now, before = report.now.messages, report.before.messages
    change = from_left(f"{(now - before) / before:+.0%}".replace("-", "−")) if before else ""
    return Figure(phrase("Messages"), words.count(now), "messages", change, None, drill.to() if now else "")


def _net(report: Report) -> Figure:
    change, is_good = _points_change(report, lambda tally: tally.net)
    return Figure(phrase("Net sentiment"), words.points(report.now.net) or "–", "net", change, is_good)


def _part(report: Report, name: str, about: str, label: str, drill: Drill, *, less_is_good: bool | None) -> Figure:
    change, is_more = _points_change(report, lambda tally: tally.share(label))
    is_good = None if is_more is None or less_is_good is None else is_more is not less_is_good
    href = drill.to(label) if report.now.labels.get(label) else ""
    return Figure(name, words.share(report.now.share(label)) or "–", about, change, is_good, href)


def _recovery(report: Report) -> tuple[Figure, Figure]:
    now, before = report.recovery.now, report.recovery.before
    fell = from_left(f"{now.fell - before.fell:+d}".replace("-", "−")) if before.conversations else ""
    rate: str = ""
    if now.rate is not None and before.rate is not None:
        rate = phrase("{points} points", points=words.points(now.rate - before.rate))
    is_less = None if now.fell == before.fell or not fell else now.fell < before.fell
    recovered = fallen_path(report.asked, recovered=True) if now.recovered else ""
    is_higher = (now.rate or 0.0) > (before.rate or 0.0) if rate and now.rate != before.rate else None
    return (
        Figure(
            phrase("Fell"), words.count(now.fell), "fell", fell, is_less, fallen_path(report.asked) if now.fell else ""
        ),
        Figure(phrase("Recovered"), words.share(now.rate) or "–", "rate", rate, is_higher, recovered),
    )


def _points_change(report: Report, of: Callable[[Tally], float | None]) -> tuple[str, bool | None]:
    """Return the difference in points, and whether it is more now; nothing where there is nothing to compare with."""
    now, before = of(report.now), of(report.before)
    if now is None or before is None:
        return "", None
    said = phrase("{points} points", points=words.points(now - before))
    return said, None if words.is_zero(now - before) else now > before
