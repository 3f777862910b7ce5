"""Until when a conversation sleeps: a few usual answers, or a moment of one's own, in the browser's time zone."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

from app.clock import now
from app.errors import Invalid
from app.render import zone

MORNING = time(9)
CHOICES = {
    "hour": "In one hour",
    "evening": "In four hours",
    "tomorrow": "Tomorrow at 9:00",
    "week": "Next Monday at 9:00",
}


def snoozed_until(choice: str, moment: str) -> datetime:
    """Return the end of a snooze, aware. Raises Invalid for a choice or a moment that is none."""
    here = now().astimezone(zone())
    if choice == "hour":
        return now() + timedelta(hours=1)
    if choice == "evening":
        return now() + timedelta(hours=4)
    if choice == "tomorrow":
        return _morning(here, days=1)
    if choice == "week":
        return _morning(here, days=7 - here.weekday())
    try:
        return datetime.fromisoformat(moment).replace(tzinfo=zone()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Invalid("Choose until when to snooze.", field="until") from None


def _morning(here: datetime, *, days: int) -> datetime:
    return datetime.combine(here.date() + timedelta(days=days), MORNING, tzinfo=zone()).astimezone(UTC)
