"""Until when a conversation sleeps: a few usual answers, or a moment of one's own, in the browser's time zone."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

from app.clock import now
from app.errors import Invalid
from app.languages import language
from app.phrases import phrase
from app.render import zone

MORNING = time(9)
REPLY = "reply"  # the choice without an end: until the customer answers
LANGUAGES = ["en", "de", "es", "fr", "pt", "ar", "ja"]
LONGEST_WORDS = 60  # characters
WITHOUT_TIME = {"day", "week", "month", "year"}  # what dateparser calls a date that nobody gave a time of day
NOT_UNDERSTOOD = phrase("This was not understood as a time. Try “friday 9am”, “in 2 days” or “24 dec 10:00”.")
CHOICES = {
    "hour": phrase("In one hour"),
    "evening": phrase("In four hours"),
    "tomorrow": phrase("Tomorrow at 9:00"),
    "week": phrase("Next Monday at 9:00"),
}


def asked(choice: str, moment: str, words: str) -> datetime | None:
    """Return the end of a snooze from what a form says; None: until the customer answers. Raises Invalid."""
    if choice == REPLY:
        return None
    return spoken(words) if words.strip() and not choice else snoozed_until(choice, moment)


def spoken(words: str) -> datetime:
    """Read a moment as people say it, in the user's zone: "friday 9am", "in 2 days"; a mere date means its morning.

    Raises Invalid for what is not understood.
    """
    from dateparser.date import DateDataParser

    here = now().astimezone(zone())
    settings = {
        "PREFER_DATES_FROM": "future",
        "RELATIVE_BASE": here.replace(tzinfo=None),
        "RETURN_TIME_AS_PERIOD": True,
        "RETURN_AS_TIMEZONE_AWARE": False,
    }
    found = DateDataParser(languages=_languages(), settings=settings, use_given_order=True).get_date_data(
        words.strip()[:LONGEST_WORDS]
    )
    if found.date_obj is None:
        raise Invalid(NOT_UNDERSTOOD, field="until")
    moment: datetime = found.date_obj.replace(tzinfo=zone())
    if found.period in WITHOUT_TIME:
        moment = moment.replace(hour=MORNING.hour, minute=0, second=0, microsecond=0)
    return moment.astimezone(UTC)


def _languages() -> list[str]:
    """Return the languages in which a moment may be named, the reader's own first: “4.5.” and “5/4” depend on it."""
    own = language().locale.language
    return [own, *(one for one in LANGUAGES if one != own)] if own in LANGUAGES else LANGUAGES


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
        raise Invalid(phrase("Choose until when to snooze."), field="until") from None


def _morning(here: datetime, *, days: int) -> datetime:
    return datetime.combine(here.date() + timedelta(days=days), MORNING, tzinfo=zone()).astimezone(UTC)
