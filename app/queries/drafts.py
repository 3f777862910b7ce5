"""What people are writing in a conversation: their drafts, and what the reader's own said before. Two queries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from math import ceil
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, aliased

from app.clock import now
from app.models import Conversation, Draft, DraftFile, DraftKind, DraftVersion, User
from app.models.draft import ALIVE
from app.queries._json import InboxIds, json_list, json_object

SHOWN_VERSIONS = 8
SHOWN_TEXT = 10_000  # characters of a colleague's draft


@dataclass(frozen=True, slots=True)
class DraftFileRow:
    """`key` names its upload; `content_id` is None for what is attached, else the name of a picture among the words."""

    id: str
    key: str
    filename: str
    content_type: str
    size: int
    content_id: str | None


@dataclass(frozen=True, slots=True)
class DraftRow:
    """`text` is whole for its author and cut for others; `mark` names the state; `taken_from` lost it to the author."""

    public_id: UUID
    author_id: int
    author_name: str
    taken_from_id: int | None
    kind: DraftKind
    text: str
    seen: str
    mark: str
    written_at: datetime
    writing_since: datetime
    files: tuple[DraftFileRow, ...]

    @property
    def attached(self) -> tuple[DraftFileRow, ...]:
        """Return the files but those pictures that stand among the words, or did once."""
        return tuple(file for file in self.files if file.content_id is None)

    @property
    def alive_seconds(self) -> int:
        """Return for how long it still counts as being written, if nothing more comes; 0 where it does not."""
        left = (self.written_at + ALIVE - now()).total_seconds() if self.text.strip() else 0.0
        return max(0, ceil(left)) if self.kind is DraftKind.REPLY else 0


@dataclass(frozen=True, slots=True)
class EarlierRow:
    """Words that a draft had before."""

    id: int
    author_name: str
    text: str
    written_at: datetime


@dataclass(frozen=True, slots=True)
class Drafts:
    own: DraftRow | None
    others: tuple[DraftRow, ...]
    earlier: tuple[EarlierRow, ...]


def of_conversation(session: Session, *, public_id: str | UUID, user_id: int, inbox_ids: InboxIds) -> Drafts:
    """Return the drafts of a conversation, the newest first; no words of one that the reader may not see."""
    query = (
        select(Draft, User.name, _files())
        .join(User, User.id == Draft.author_id)
        .join(Conversation, Conversation.id == Draft.conversation_id)
        .where(Conversation.public_id == public_id, Conversation.inbox_id.in_(inbox_ids))
        .order_by(Draft.written_at.desc(), Draft.id)
    )
    rows = [_row(draft, name, files, user_id) for draft, name, files in session.execute(query)]
    own = next((row for row in rows if row.author_id == user_id), None)
    others = tuple(row for row in rows if row.author_id != user_id and (row.text.strip() or row.attached))
    return Drafts(own, others, _earlier(session, own.public_id) if own else ())


def _files() -> ColumnElement[Any]:
    file = json_object(
        id=DraftFile.public_id,
        key=DraftFile.client_key,
        filename=DraftFile.filename,
        content_type=DraftFile.content_type,
        size=DraftFile.size,
        content_id=DraftFile.content_id,
    )
    return select(json_list(file, order=DraftFile.id)).where(DraftFile.draft_id == Draft.id).scalar_subquery()


def _row(draft: Draft, name: str, files: list[dict[str, Any]], reader: int) -> DraftRow:
    text = draft.text if draft.author_id == reader else draft.text[:SHOWN_TEXT]
    return DraftRow(
        draft.public_id,
        draft.author_id,
        name,
        draft.taken_from_id,
        draft.kind,
        text,
        draft.seen,
        draft.mark,
        draft.written_at,
        draft.writing_since,
        tuple(DraftFileRow(**file) for file in files),
    )


def _earlier(session: Session, public_id: UUID) -> tuple[EarlierRow, ...]:
    writer = aliased(User)
    query = (
        select(DraftVersion.id, func.coalesce(writer.name, ""), DraftVersion.text, DraftVersion.written_at)
        .join(Draft, Draft.id == DraftVersion.draft_id)
        .outerjoin(writer, writer.id == DraftVersion.author_id)
        .where(Draft.public_id == public_id)
        .order_by(DraftVersion.id.desc())
        .limit(SHOWN_VERSIONS)
    )
    return tuple(EarlierRow(*row) for row in session.execute(query))
