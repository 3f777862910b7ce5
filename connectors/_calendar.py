"""A calendar part in words: what, when, where, who asks. For mails that say it in no other way."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

MAX_CALENDAR_BYTES = 64_000
_MAX_EVENTS = 5
_METHODS = {
    "REQUEST": "Invitation",
    "CANCEL": "Cancelled",
    "REPLY": "Answer",
    "COUNTER": "Counter-proposal",
    "PUBLISH": "Event",
}


def calendar_text(data: bytes) -> str:
    """Readable lines for the events of an iCalendar file; "" if it cannot be read."""
    from icalendar import Calendar

    if len(data) > MAX_CALENDAR_BYTES:
        return ""
    try:
        calendar = Calendar.from_ical(data)
        heading = _METHODS.get(str(calendar.get("method", "")).upper(), "Event")
        events = [part for part in calendar.walk() if part.name in {"VEVENT", "VTODO"}][:_MAX_EVENTS]
        return "\n\n".join(_describe(heading, event) for event in events)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError):  # what icalendar raises on broken files
        return ""


def _describe(heading: str, event: Any) -> str:
    lines = [f"{heading}: {_line(event.get('summary')) or '(no title)'}"]
    when = " – ".join(filter(None, (_moment(event, "dtstart"), _moment(event, "dtend"))))
    organiser = _line(event.get("organizer"))
    for label, value in (
        ("When", when),
        ("Where", _line(event.get("location"))),
        ("Organiser", organiser[7:] if organiser.lower().startswith("mailto:") else organiser),
        ("", str(event.get("description") or "").strip()),
    ):
        if value:
            lines.append(f"{label}: {value}" if label else f"\n{value}")
    return "\n".join(lines)


def _moment(event: Any, name: str) -> str:
    if name not in event:
        return ""
    moment = event.decoded(name)
    if isinstance(moment, datetime):
        zone = "UTC" if moment.tzinfo is UTC else str(moment.tzinfo or "")
        return f"{moment:%Y-%m-%d %H:%M} {zone}".strip()
    return moment.isoformat() if isinstance(moment, date) else ""


def _line(value: Any) -> str:
    return " ".join(str(value or "").split())
