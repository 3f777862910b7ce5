"""How values look on a page: filters and globals for the templates."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from math import ceil
from zlib import crc32
from zoneinfo import ZoneInfo

from flask import Flask, current_app, has_request_context, request, url_for
from markupsafe import Markup

from app import markup
from app.clock import now
from app.config import ROOT
from app.discretion import discreet, discreet_cut

DIST = ROOT / "app" / "static" / "dist"
LONG = 120  # characters; what is longer on one line was cut off
HUES = 12  # classes hue-0 … hue-11 of the style sheet


def configure_templates(app: Flask) -> None:
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters.update(
        ago=ago,
        iso=iso,
        clock=clock,
        leaves_in=leaves_in,
        day=day,
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
    )
    app.jinja_env.globals.update(asset=asset)


def text_html(text: str) -> Markup:
    """Return plain text as HTML of a page, what is sensitive in it hidden."""
    return markup.text_html(discreet(text))


def one_line(text: str) -> str:
    """Return text for a place that has one line, what is sensitive in it hidden.

    Long texts in such places are beginnings of messages, cut by a query or when they were stored.
    """
    return markup.one_line(discreet_cut(text, length=LONG))


def zone() -> tzinfo:
    """Return the time zone of the browser that asks (it says so in a cookie), else UTC."""
    name = request.cookies.get("tz", "") if has_request_context() else ""
    return _zone(name)


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
    for limit, size, unit in ((60, 0, "now"), (3600, 60, "m"), (86400, 3600, "h"), (7 * 86400, 86400, "d")):
        if seconds < limit:
            return unit if size == 0 else f"{int(seconds // size)}{unit}"
    return _date(moment)


def leaves_in(moment: datetime) -> str:
    """Say how long a reply waits before it leaves: "Leaves in 8 s", and "Leaving" from then on."""
    left = (moment - now()).total_seconds()
    return f"Leaves in {ceil(left)} s" if left > 0 else "Leaving"


def clock(moment: datetime | None) -> str:
    """Say the time of day of a message: "14:32", with the date in front where it is not today."""
    if moment is None:
        return ""
    here = moment.astimezone(zone())
    return f"{here:%H:%M}" if here.date() == now().astimezone(zone()).date() else f"{_date(moment)}, {here:%H:%M}"


def day(moment: datetime) -> str:
    """Say the day of a message as the heading over it: "Today", "Yesterday", "Monday 16 Nov"."""
    here, today = moment.astimezone(zone()).date(), now().astimezone(zone()).date()
    if here in {today, today - timedelta(days=1)}:
        return "Today" if here == today else "Yesterday"
    return f"{here:%A} {_date(moment)}"


def moment_words(moment: datetime | None) -> str:
    """Say a moment in full: "22 Nov 2026, 14:32 CET"."""
    if moment is None:
        return ""
    here = moment.astimezone(zone())
    return f"{here.day} {here:%b %Y, %H:%M %Z}"


def form_moment(moment: datetime | None) -> str:
    """Say a moment as `<input type="datetime-local">` wants it; also "" for what a template has not set."""
    return f"{moment.astimezone(zone()):%Y-%m-%dT%H:%M}" if moment else ""


def _date(moment: datetime) -> str:
    here = moment.astimezone(zone())
    return f"{here.day} {here:%b}" if here.year == now().astimezone(zone()).year else f"{here.day} {here:%b %Y}"


def readable_bytes(size: int) -> str:
    """Say a size in bytes for people: "812 B", "4.1 KB", "25 MB"."""
    amount = float(size)
    for unit in ("B", "KB", "MB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "B" or amount >= 10 else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} GB"


def words(label: str | None) -> str:
    """Turn a label of code into words for people: "refund_request" becomes "Refund request"."""
    spaced = (label or "").replace("_", " ").replace("-", " ").strip()
    return spaced[:1].upper() + spaced[1:]


def percent(share: float | None) -> str:
    return "" if share is None else f"{round(share * 100)}%"


def duration(seconds: float) -> str:
    """Say a stretch of time in its two largest units: "4 s", "3 h 12 min", "2 d 1 h"."""
    whole = max(0, int(seconds))
    if whole < 60:
        return f"{whole} s"
    units = ((86400, "d"), (3600, "h"), (60, "min"))
    size, name = next((size, name) for size, name in units if whole >= size)
    rest = whole % size
    below = next(((small, word) for small, word in units if small < size and rest >= small), None)
    return f"{whole // size} {name}" + (f" {rest // below[0]} {below[1]}" if below else "")


def initials(name: str) -> str:
    """Return one or two letters that stand for a person."""
    letters = [word[0] for word in name.replace("@", " ").split() if word[0].isalnum()]
    return (letters[0] + (letters[-1] if len(letters) > 1 else "")).upper() if letters else "?"


def hue(name: str) -> int:
    """Return the number of a name's colour, the same everywhere and always."""
    return crc32(name.encode()) % HUES


def asset(name: str) -> str:
    """Return the address of a built file; it changes when the file does, so that browsers may keep it for long."""
    try:
        version = (DIST / name).stat().st_mtime_ns
    except FileNotFoundError:
        version = 0
    return _address(current_app.name, name, version)


@lru_cache(maxsize=64)
def _address(_app: str, name: str, version: int) -> str:
    return url_for("static", filename=f"dist/{name}", v=f"{version:x}"[-10:] if version else None)
