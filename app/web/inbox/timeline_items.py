"""Put messages, activities and day headings in one order, and draw each so that one bad item cannot break the page."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import accumulate
from typing import Any
from uuid import UUID

from flask import Flask, current_app, render_template
from jinja2 import TemplateError
from markupsafe import Markup

from app.languages import translated
from app.queries.activity_lines import ActivityLine
from app.queries.contact_panel import ContactView
from app.queries.conversation_view import ConversationView
from app.queries.scheduled_replies import ScheduledRow
from app.queries.timeline import MessageRow, TimelinePage
from app.render import day, moment_words
from app.retold import retold
from app.services import activities
from app.web.inbox.concealed import conceal_scheduled
from app.web.inbox.message_drawings import drawn_message
from app.web.inbox.ways import Way

UNREADABLE = (TemplateError, TypeError, ValueError, LookupError, AttributeError, UnicodeError)


@dataclass(frozen=True, slots=True)
class Day:
    word: str


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """The messages below belong to another conversation of the contact, or to this one again."""

    message: MessageRow
    is_here: bool


@dataclass(frozen=True, slots=True)
class Line:
    """An activity in words."""

    id: int
    sentence: str
    verb: str
    created_at: datetime | None
    undo: str = ""  # where a form that undoes what it tells of is sent, while that can be undone


MOMENT = re.compile(r"[0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9]{2}:[0-9]{2} UTC")
STORED_MOMENT = "%d %b %Y %H:%M UTC"  # as app/services/conversations.py writes it
UNDOING = {  # what a line's data names → who undoes it
    "regrouping": "/regroupings/{}/undoing",
    "macro_run": "/macro-runs/{}/undoing",
    "spam": "/conversations/{}/unspamming",
    "link": "/links/{}/removal",
    "block": "/blocked-senders/{}/unblocking",
}
Item = Day | Elsewhere | Line | MessageRow
Shown = Item | ScheduledRow


def arrange(
    page: TimelinePage, lines: Sequence[ActivityLine], *, here: ConversationView | None = None, mixed: bool = False
) -> list[Item]:
    """Return what stands in the timeline, oldest first.

    Args:
        page: messages, oldest first.
        lines: activities; each comes after the message that is its `place`, and in a mixed timeline also after
            what was said before it in other conversations.
        here: the open conversation, where there is one.
        mixed: the messages are of several conversations; say where one begins.

    """
    first = page.messages[0].id if page.messages and page.earlier else 0
    placed = _among_all(lines, page.messages) if mixed and page.messages else lines
    waiting = [line for line in placed if line.place >= first]
    place = here.conversation.public_id if here else None
    return list(_with_days(_merged(page.messages, waiting), place, mixed=mixed))


def in_words(lines: Sequence[ActivityLine]) -> list[Line]:
    return [_in_words(line) for line in lines]


def _among_all(lines: Sequence[ActivityLine], messages: Sequence[MessageRow]) -> Iterator[ActivityLine]:
    """Move each line behind the messages of other conversations that were there when it happened."""
    moments = list(accumulate((message.created_at for message in messages), max))
    for line in lines:
        before = bisect_right(moments, line.created_at) if line.created_at else 0
        yield replace(line, place=max(line.place, messages[before - 1].id)) if before else line


def _merged(messages: Sequence[MessageRow], lines: Sequence[ActivityLine]) -> Iterator[MessageRow | Line]:
    order: list[tuple[int, int, MessageRow | ActivityLine]] = [(m.id, 0, m) for m in messages]
    order += [(line.place, line.id, line) for line in lines]
    for _, _, item in sorted(order, key=lambda placed: placed[:2]):
        yield _in_words(item) if isinstance(item, ActivityLine) else item


def _in_words(line: ActivityLine) -> Line:
    undo = "" if line.data.get("is_undone") else _undoing(line.data)
    said = translated(activities.sentence(line.verb, _read_again(line.data)))
    return Line(line.id, said, line.verb, line.created_at, undo)


def _read_again(data: dict[str, Any]) -> dict[str, Any]:
    """Return an activity's data with its reason as the phrase it was when it was stored, its moments by our clock."""
    read = dict(data)
    if isinstance(data.get("reason"), str):
        read["reason"] = retold(data["reason"])
    for name in ("until", "at"):
        if isinstance(data.get(name), str):
            read[name] = MOMENT.sub(_by_our_clock, data[name])
    return read


def _by_our_clock(told: re.Match[str]) -> str:
    try:
        return moment_words(datetime.strptime(told[0], STORED_MOMENT).replace(tzinfo=UTC))
    except ValueError:
        return told[0]


def _undoing(data: Mapping[str, Any]) -> str:
    return next((address.format(data[name]) for name, address in UNDOING.items() if data.get(name)), "")


def _with_days(items: Iterator[MessageRow | Line], here: UUID | None, *, mixed: bool) -> Iterator[Item]:
    told, place = "", here
    for item in items:
        word = day(item.created_at) if item.created_at else told
        if word != told:
            told = word
            yield Day(word)
        if mixed and isinstance(item, MessageRow) and item.conversation_id != place:
            place = item.conversation_id
            yield Elsewhere(item, is_here=place == here)
        yield item


def register(app: Flask) -> None:
    app.jinja_env.globals["draw"] = draw


def draw(
    item: Shown, *, seen: ConversationView | ContactView | None = None, query: str = "", way: Way | None = None
) -> Markup:
    """Render one item of the timeline. What cannot be rendered becomes one line that says so.

    `way`: how one of the messages could be answered.
    """
    kind = type(item).__name__.lower()
    try:
        if isinstance(item, MessageRow):
            return drawn_message(item, seen=seen, query=query, way=way)
        if isinstance(item, ScheduledRow):
            item = conceal_scheduled(item)
        page = render_template(f"conversations/_{kind}.html", item=item, seen=seen, query=query)
        return Markup(page)  # noqa: S704 - a template of ours, autoescaped
    except UNREADABLE as trouble:
        current_app.logger.warning("timeline item not rendered: %s: %s", kind, type(trouble).__name__)
        return Markup(render_template("conversations/_unreadable.html", item=item))  # noqa: S704 - likewise
