"""When a reply leaves that is sent later: a few usual answers, or a moment of one's own, in the browser's time zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from app.clock import now
from app.errors import Invalid
from app.phrases import phrase
from app.render import zone
from app.web.inbox.snooze import snoozed_until
from app.web.inbox.ways import Way

OWN = "at"  # the choice that names a moment of one's own


@dataclass(frozen=True, slots=True)
class Choice:
    """`is_too_late`: the reply window is over by then."""

    value: str
    words: str
    at: datetime
    is_too_late: bool


def choices(way: Way) -> list[Choice]:
    """Return what the menu offers."""
    offered = {"tomorrow": phrase("Tomorrow 9:00"), "monday": phrase("Monday 9:00"), "two-hours": phrase("In 2 hours")}
    moments = {value: _moment(value, "") for value in offered}
    if moments["monday"] == moments["tomorrow"]:
        del moments["monday"]
    return [Choice(value, offered[value], at, _is_late(way, at)) for value, at in moments.items()]


def leaves_at(choice: str, typed: str) -> datetime | None:
    """Return when a reply leaves, in the browser's zone; None for now. Raises Invalid for a moment that is none."""
    return _moment(choice, typed) if choice else None


def _moment(choice: str, typed: str) -> datetime:
    here = zone()
    if choice == "two-hours":
        return (now() + timedelta(hours=2)).astimezone(here)
    if choice == "tomorrow":
        return snoozed_until("tomorrow", "").astimezone(here)
    if choice == "monday":
        return snoozed_until("week", "").astimezone(here)
    try:
        return datetime.fromisoformat(typed if choice == OWN else "").replace(tzinfo=here)
    except (ValueError, OverflowError):
        raise Invalid(phrase("Choose the day and time at which it leaves."), field="due") from None


def _is_late(way: Way, at: datetime) -> bool:
    return way.closes_at is not None and way.closes_at <= at
