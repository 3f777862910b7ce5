"""Messages of the timeline. Drawing them is most of what a long conversation costs, and nearly all look as they did a
moment ago: what was drawn is kept in this process, under everything that it was drawn from.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from flask import current_app, render_template
from markupsafe import Markup

from app import discretion, render
from app.clock import now
from app.languages import language
from app.queries.contact_panel import ContactView
from app.queries.conversation_view import ConversationView
from app.queries.timeline import MessageRow
from app.web.authz import current_privacy, find_current_user
from app.web.form_tokens import with_token, without_token
from app.web.inbox import translated
from app.web.inbox.concealed import conceal, without_words
from app.web.inbox.looks import intent_words
from app.web.inbox.ways import Way

MOST_CHARACTERS = 6_000_000  # of HTML that are kept


@dataclass(frozen=True, slots=True)
class Around:
    """All that the template of a message asks of what stands around it."""

    contact_name: str = ""
    query: str = ""  # of the list's address
    is_open: bool = False  # in an open conversation: what can be done with it is offered
    can_move: bool = False
    can_answer: bool = False
    answers_in_private: bool = False
    is_spam: bool = False
    can_translate: bool = False  # into the reader's language


@dataclass(frozen=True, slots=True)
class Reader:
    """Who looks, as far as a message looks different to them."""

    user: UUID | None
    name: str
    may_reveal: bool
    language: str
    zone: str
    region: str
    reveals: bool
    today: date


@dataclass(slots=True)
class Kept:
    """What was drawn, the least lately asked for given up first; under (message, reader, surroundings)."""

    drawn: OrderedDict[tuple[UUID, Reader, Around], tuple[MessageRow, tuple[str, ...], Markup]] = field(
        default_factory=OrderedDict
    )
    characters: int = 0

    def find(self, key: tuple[UUID, Reader, Around], row: MessageRow, titles: tuple[str, ...]) -> Markup | None:
        """Return what was drawn of exactly this row, None where it is another by now."""
        found = self.drawn.get(key)
        if found is None or found[0] != row or found[1] != titles:
            return None
        self.drawn.move_to_end(key)
        return found[2]

    def keep(self, key: tuple[UUID, Reader, Around], row: MessageRow, titles: tuple[str, ...], html: Markup) -> None:
        before = self.drawn.pop(key, None)
        self.characters += len(html) - (len(before[2]) if before else 0)
        self.drawn[key] = row, titles, html
        while self.characters > MOST_CHARACTERS:
            self.characters -= len(self.drawn.popitem(last=False)[1][2])


_kept = Kept()


def drawn_message(
    row: MessageRow, *, seen: ConversationView | ContactView | None, query: str, way: Way | None
) -> Markup:
    """Return a message as HTML. Of what its writer deleted, only that it was there."""
    around = around_of(row, seen=seen, query=query, way=way)
    if current_app.jinja_env.auto_reload or row.is_untried:
        return _draw(row, around)  # templates may change, or a clock runs in it
    key, titles = (row.public_id, _reader(), around), _titles(row)
    html = _kept.find(key, row, titles)
    if html is None:
        with without_token():
            html = _draw(row, around)
        _kept.keep(key, row, titles, html)
    return with_token(html)


def around_of(
    row: MessageRow, *, seen: ConversationView | ContactView | None, query: str = "", way: Way | None = None
) -> Around:
    name = seen.contact_name if seen else ""
    if way is None or not isinstance(seen, ConversationView):
        return Around(name, query)
    here = seen.conversation
    return Around(
        contact_name=name,
        query=query,
        is_open=True,
        can_move=here.messages > 1 or row.conversation_id != here.public_id,
        can_answer=row.is_inbound and not row.deleted_at and way.answers_one(row),
        answers_in_private=way.private_reply,
        is_spam=here.status == "spam",
        can_translate=bool(row.text) and translated.can_be_had(row.language),
    )


def _draw(row: MessageRow, around: Around) -> Markup:
    shown, hidden = (without_words(row), ()) if row.deleted_at else conceal(row)
    page = render_template("conversations/_messagerow.html", item=shown, around=around, hidden=hidden)
    return Markup(page)  # noqa: S704 - a template of ours, autoescaped


def _reader() -> Reader:
    user = find_current_user()
    return Reader(
        user=user.public_id if user else None,
        name=user.name if user else "",
        may_reveal=user is not None and current_privacy().may_reveal(user),
        language=language().code,
        zone=render.zone_name(),
        region=discretion.region(),
        reveals=discretion.is_revealing(),
        today=now().astimezone(render.zone()).date(),
    )


def _titles(row: MessageRow) -> tuple[str, ...]:
    """Return how its intents are called now: the workspace names its own."""
    said = [told for told in row.predictions if told.task == "intent"]
    return tuple(intent_words(label) for told in said for label in (told.label, told.said))
