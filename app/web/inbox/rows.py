"""Rows of the list. Drawing them is most of what a page of the list costs, and nearly all of them look as they did a
moment ago: what was drawn is kept in this process, under everything that it was drawn from.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

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


def drawn_rows(
    rows: Iterable[ConversationRow], *, query: str, hidden: Collection[str], beside: UUID | str
) -> Iterator[Markup]:
    """Yield rows as HTML; `query` is that of the list's address, `hidden` are the parts that its reader does without,
    `beside` is the open conversation.
    """
    draw = _draw if current_app.jinja_env.auto_reload else _kept
    reader = (language().code, render.zone_name(), discretion.region(), discretion.is_revealing())
    unseen = frozenset(hidden)
    for row in rows:
        times = (render.ago(row.last_message_at), render.ago(row.waiting_since), render.clock(row.snoozed_until))
        said = (*times, intent_words(row.intent))
        yield draw(Drawing(row, query, unseen, row.public_id == beside, *reader, said=said))


def _draw(drawing: Drawing) -> Markup:
    template = current_app.jinja_env.get_template("inbox/_row.html")
    return Markup(  # noqa: S704 - a template of ours, which escapes what it shows
        template.render(row=drawing.row, query=drawing.query, hidden=drawing.hidden, is_open=drawing.is_open)
    )


_kept = lru_cache(maxsize=MOST)(_draw)
