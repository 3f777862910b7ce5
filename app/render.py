"""How values look on a page: filters and globals for the templates."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from math import ceil
from typing import Any
from zlib import crc32
from zoneinfo import ZoneInfo

from flask import Flask, g, has_request_context, request
from flask.sansio.app import App
from flask.templating import Environment
from jinja2 import Template
from markupsafe import Markup

from app import markup
from app.built_files import asset, icon
from app.clock import now
from app.discretion import discreet, discreet_cut
from app.languages import date_words, decimal, from_left, language, translated
from app.phrases import Phrase, listed, phrase
from app.retold import retold
from app.vocabulary import WORDS

LONG = 120  # characters; what is longer on one line was cut off
STRETCHES = {1: phrase("{count} s"), 60: phrase("{count} min"), 3600: phrase("{count} h"), 86400: phrase("{count} d")}
HUES = 12  # classes hue-0 … hue-11 of the style sheet


class PageTemplates(Environment):
    """Templates that look their globals up in one plain dict: comparing Jinja's chains of two, which it does at each
    `{% from … import … %}`, took two fifths of the time of a long conversation's page. A long page finds templates
    two thousand times, so what was found is kept at hand.
    """

    def __init__(self, app: App, **options: Any) -> None:
        super().__init__(app, **options)
        self.found: dict[str, Template] = {}

    def get_template(
        self,
        name: str | Template,
        parent: str | None = None,
        globals: MutableMapping[str, Any] | None = None,  # noqa: A002 - the name is Jinja's
    ) -> Template:
        known = self.found.get(name) if isinstance(name, str) and not globals else None
        if known is None:
            known = super().get_template(name, parent, globals)
            if isinstance(name, str) and not globals and not self.auto_reload:
                self.found[name] = known
        return known

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        return super().make_globals(d) if d else self.globals


def configure_templates(app: Flask) -> None:
    app.jinja_environment = PageTemplates
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters.update(
        ago=ago,
        iso=iso,
        clock=clock,
        leaves_in=leaves_in,
        day=day,
        month=month,
        moment=moment_words,
        form_moment=form_moment,
        bytes=readable_bytes,
        words=words,
        initials=initials,
        hue=hue,
        percent=percent,
        duration=duration,
        text_html=text_html,
        one_line=one_line,
        editable=discreet,
        from_left=from_left,
        decimal=decimal,
        retold=retold,
    )
    app.jinja_env.globals.update(asset=asset, icon=icon, date_words=date_words, listed=listed)


def text_html(text: str) -> Markup:
    """Return plain text as HTML of a page, what is sensitive in it hidden."""
    return markup.text_html(discreet(text))


def one_line(text: str) -> str:
    """Return text for a place that has one line, what is sensitive in it hidden.

    Long texts in such places are beginnings of messages, cut by a query or when they were stored. Phrases
    are translated.
    """
    return markup.one_line(discreet_cut(translated(text), length=LONG))


def zone() -> tzinfo:
    """Return the reader's time zone: their own, else their browser's (it is in a cookie), the house's, UTC."""
    return _zone(zone_name())


def zone_name() -> str:
    """Return its name, "" where nobody said one."""
    if not has_request_context():
        return ""
    return str(g.get("own_time_zone") or request.cookies.get("tz") or g.get("house_time_zone") or "")


@contextmanager
def reading_by(name: str) -> Iterator[None]:
    """Say what follows by another clock than the reader's own; "" takes that of the browser. Requests only."""
    before = g.get("own_time_zone", "")
    g.own_time_zone = name
    try:
        yield
    finally:
        g.own_time_zone = before


@lru_cache(maxsize=256)
def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name) if 0 < len(name) < 64 else UTC
    except (ValueError, OSError, KeyError):
        return UTC


def iso(moment: datetime | None) -> str:
    return moment.isoformat(timespec="seconds") if moment else ""


def ago(moment: datetime | None) -> str:
    """Say how long ago something was, short enough for a list: "now", "5m", "3h", "2d", "3 Mar"."""
    if moment is None:
        return ""
    seconds = (now() - moment).total_seconds()
    if seconds < 60:
        return translated(phrase("now"))
    if seconds < 3600:
        return translated(phrase("{count}m", count=int(seconds // 60)))
    if seconds < 86400:
        return translated(phrase("{count}h", count=int(seconds // 3600)))
    return translated(phrase("{count}d", count=int(seconds // 86400))) if seconds < 7 * 86400 else _date(moment)


def leaves_in(moment: datetime) -> str:
    """Say how long a reply waits before it leaves: "Leaves in 8 s", and "Leaving" from then on."""
    left = (moment - now()).total_seconds()
    return translated(phrase("Leaves in {seconds} s", seconds=ceil(left)) if left > 0 else phrase("Leaving"))


def clock(moment: datetime | None) -> str:
    """Say the time of day of a message: "14:32", with the date in front where it is not today."""
    if moment is None:
        return ""
    here = moment.astimezone(zone())
    if here.date() == now().astimezone(zone()).date():
        return f"{here:%H:%M}"
    return translated(phrase("{date}, {time}", date=_date(moment), time=f"{here:%H:%M}"))


def hour_words(here: datetime) -> str:
    """Say an hour of a table, in its own zone: "Mon 16 Nov, 14:00"."""
    return translated(phrase("{date}, {time}", date=date_words(here.date(), "MMMEd"), time=f"{here:%H:%M}"))


def day(moment: datetime) -> str:
    """Say the day of a message as the heading over it: "Today", "Yesterday", "Monday 16 Nov"."""
    here, today = moment.astimezone(zone()).date(), now().astimezone(zone()).date()
    if here in {today, today - timedelta(days=1)}:
        return translated(phrase("Today") if here == today else phrase("Yesterday"))
    return date_words(here, "EEEEMMMd" if here.year == today.year else "EEEEyMMMd")


def month(moment: datetime) -> str:
    """Say the month of a moment: "Nov 2026"."""
    return date_words(moment.astimezone(zone()).date(), "yMMM")


def moment_words(moment: datetime | None) -> str:
    """Say a moment in full: "22 Nov 2026, 14:32 CET"."""
    return _moment_words(moment, zone_name(), language().code) if moment else ""


@lru_cache(maxsize=4096)
def _moment_words(moment: datetime, place: str, code: str) -> str:
    here = moment.astimezone(_zone(place))
    day_words = date_words(here.date(), "yMMMd", code)
    return translated(phrase("{date}, {time}", date=day_words, time=f"{here:%H:%M %Z}"), code)


def form_moment(moment: datetime | None) -> str:
    """Say a moment as `<input type="datetime-local">` wants it; also "" for what a template has not set."""
    return f"{moment.astimezone(zone()):%Y-%m-%dT%H:%M}" if moment else ""


def _date(moment: datetime) -> str:
    here = moment.astimezone(zone())
    return date_words(here.date(), "MMMd" if here.year == now().astimezone(zone()).year else "yMMMd")


def readable_bytes(size: int) -> str:
    """Say a size in bytes for people: "812 B", "4.1 KB", "25 MB"."""
    amount = float(size)
    for unit in ("B", "KB", "MB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "B" or amount >= 10 else f"{decimal(amount, places=1)} {unit}"
        amount /= 1000
    return f"{decimal(amount, places=1)} GB"


def words(label: str | None) -> str:
    """Turn a label of code into words for people: "refund_request" becomes "Refund request".

    What app/vocabulary.py lists is a phrase, and is read in the reader's language; other labels were made up by users.
    """
    spaced = (label or "").replace("_", " ").replace("-", " ").strip()
    said = spaced[:1].upper() + spaced[1:]
    return WORDS.get(said, said)


def percent(share: float | None) -> str:
    return "" if share is None else f"{round(share * 100)}%"


def duration(seconds: float) -> str:
    """Say a stretch of time in its two largest units: "4 s", "3 h 12 min", "2 d 1 h"."""
    whole = max(0, int(seconds))
    if whole < 60:
        return translated(_stretch(1, whole))
    sizes = (86400, 3600, 60)
    size = next(size for size in sizes if whole >= size)
    rest = whole % size
    below = next((small for small in sizes if small < size and rest >= small), None)
    first = translated(_stretch(size, whole // size))
    return f"{first} {translated(_stretch(below, rest // below))}" if below else first


def _stretch(unit_seconds: int, count: int) -> Phrase:
    return Phrase(STRETCHES[unit_seconds].template, values={"count": count})


def initials(name: str) -> str:
    """Return one or two letters that stand for a person."""
    letters = [word[0] for word in name.replace("@", " ").split() if word[0].isalnum()]
    return (letters[0] + (letters[-1] if len(letters) > 1 else "")).upper() if letters else "?"


def hue(name: str) -> int:
    """Return the number of a name's colour, the same everywhere and always."""
    return crc32(name.encode()) % HUES
