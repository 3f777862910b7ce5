"""What hangs on a note: whom it mentions, by the names they have now, and the notes that answer it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Integer, cast, func, select
from sqlalchemy.orm import aliased

from app.models import Message, NoteMention, NoteThread, Team, User
from app.queries._json import json_list, json_object, moment

MOST_NOTES = 200  # of one thread: the newest
LONGEST_NOTE = 20_000  # characters
Named = aliased(User)
NamedTeam = aliased(Team)
Under = aliased(Message)
Writer = aliased(User)
Resolver = aliased(User)


@dataclass(frozen=True, slots=True)
class MentionRow:
    """`said` is what stands in the text, with the @; `name` is what they are called now. `id` is a public id."""

    said: str
    name: str
    is_team: bool
    id: str


@dataclass(frozen=True, slots=True)
class ThreadNoteRow:
    """A note under a note; `is_cut` where it is longer than what is shown."""

    public_id: UUID
    author_name: str
    text: str
    is_cut: bool
    created_at: datetime | None
    mentions: tuple[MentionRow, ...]


def mentions(of: Any) -> ColumnElement[Any]:
    """Return the JSON of the mentions of a message, in the order of its words."""
    row = json_object(
        said=func.substr(of.text, cast(NoteMention.start + 1, Integer), cast(NoteMention.length, Integer)),
        name=func.coalesce(Named.name, NamedTeam.name),
        is_team=NoteMention.team_id.is_not(None),
        id=func.coalesce(Named.public_id, NamedTeam.public_id),
    )
    query = (
        select(json_list(row, order=NoteMention.start))
        .outerjoin(Named, Named.id == NoteMention.user_id)
        .outerjoin(NamedTeam, NamedTeam.id == NoteMention.team_id)
        .where(NoteMention.message_id == of.id)
    )
    return query.correlate(of).scalar_subquery()


def thread() -> ColumnElement[Any]:
    """Return the JSON of the notes under a Message, oldest first."""
    line = json_object(
        public_id=Under.public_id,
        author_name=func.coalesce(Writer.name, ""),
        text=func.left(Under.text, LONGEST_NOTE),
        is_cut=func.length(Under.text) > LONGEST_NOTE,
        created_at=Under.created_at,
        mentions=mentions(Under),
    )
    lines = (
        select(line.label("line"), Under.id)
        .outerjoin(Writer, Writer.id == Under.author_id)
        .where(Under.thread_id == Message.id)
        .order_by(Under.id.desc())
        .limit(MOST_NOTES)
        .correlate(Message)
        .subquery()
    )
    return select(json_list(lines.c.line, order=lines.c.id)).scalar_subquery()


def resolved_by() -> ColumnElement[Any]:
    """Return who settled the thread of a Message."""
    query = select(func.coalesce(Resolver.name, "")).select_from(NoteThread)
    query = query.outerjoin(Resolver, Resolver.id == NoteThread.resolved_by_id)
    return query.where(NoteThread.message_id == Message.id).correlate(Message).scalar_subquery()


def thread_note(told: dict[str, Any]) -> ThreadNoteRow:
    """Read one note of `thread`."""
    named = tuple(MentionRow(**one) for one in told["mentions"])
    return ThreadNoteRow(
        UUID(told["public_id"]), told["author_name"], told["text"], told["is_cut"], moment(told["created_at"]), named
    )
