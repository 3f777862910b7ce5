"""Rows of the list. Drawing them is most of what a page of the list costs, and nearly all of them look as they did a
moment ago: what was drawn is kept in this process, under everything that it was drawn from.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache

from flask import current_app
from markupsafe import Markup

from app import discretion, render
from app.languages import language
from app.queries.conversation_list import ConversationRow
from app.web.inbox.looks import intent_words

MOST = 2000  # rows that are kept, of about 3 KB each


@dataclass(frozen=True, slots=True)
class Drawing:
    """A row with all that its template asks for. `said` is what the moment makes of it: how long ago, which title."""

    row: ConversationRow
    query: str
    hidden: frozenset[str]
    is_open: bool
    language: str
    zone: str
    region: str
    reveals: bool
    said: tuple[str, ...]


def drawn_row(row: ConversationRow, *, query: str, hidden: Collection[str], is_open: bool) -> Markup:
    """Return a row as HTML; `query` is that of the list's address, `hidden` are the parts its reader does without."""
    times = (render.ago(row.last_message_at), render.ago(row.waiting_since), render.clock(row.snoozed_until))
    drawing = Drawing(
        row=row,
        query=query,
        hidden=frozenset(hidden),
        is_open=is_open,
        language=language().code,
        zone=render.zone_name(),
        region=discretion.region(),
        reveals=discretion.is_revealing(),
        said=(*times, intent_words(row.intent)),
    )
    return _draw(drawing) if current_app.jinja_env.auto_reload else _kept(drawing)


def _draw(drawing: Drawing) -> Markup:
    template = current_app.jinja_env.get_template("inbox/_row.html")
    return Markup(  # noqa: S704 - a template of ours, which escapes what it shows
        template.render(row=drawing.row, query=drawing.query, hidden=drawing.hidden, is_open=drawing.is_open)
    )


_kept = lru_cache(maxsize=MOST)(_draw)
