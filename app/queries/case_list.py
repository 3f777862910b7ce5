"""Cases, newest first: those with a conversation in an inbox that the user may see. Two queries: lines and counts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.orm import Session

from app.models import Case, CaseConversation, CaseStatus, Contact, Conversation, Priority, User
from app.queries._json import InboxIds
from app.queries.conversation_list import contact_label

PAGE = 50


@dataclass(frozen=True, slots=True)
class CaseRow:
    public_id: UUID
    number: int
    title: str
    type: str
    status: CaseStatus
    priority: Priority
    contact_name: str
    contact_id: UUID
    owner_name: str | None
    due_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class CasePage:
    rows: tuple[CaseRow, ...]
    more: str  # number before which there is more, "" at the end
    counts: dict[str, int]


def page(
    session: Session,
    *,
    user: User,
    inbox_ids: InboxIds,
    status: str = "open",
    mine: bool = False,
    before: str = "",
) -> CasePage:
    """Read one page. `before` is the number of the last case of the page before."""
    seen = [_is_seen(inbox_ids), *([Case.owner_id == user.id] if mine else [])]
    counts = select(Case.status, func.count()).where(*seen).group_by(Case.status)
    told = {row[0].value: row[1] for row in session.execute(counts)}
    query = (
        select(
            Case.public_id,
            Case.number,
            Case.title,
            Case.type,
            Case.status,
            Case.priority,
            contact_label().label("contact_name"),
            Contact.public_id.label("contact_id"),
            User.name.label("owner_name"),
            Case.due_at,
            Case.created_at,
        )
        .join(Contact, Contact.id == Case.contact_id)
        .outerjoin(User, User.id == Case.owner_id)
        .where(*seen, *([] if status == "all" else [Case.status == status]))
        .where(*([Case.number < int(before)] if before.isdecimal() and len(before) < 15 else []))
        .order_by(Case.number.desc())
        .limit(PAGE + 1)
    )
    rows = tuple(CaseRow(**row._asdict()) for row in session.execute(query))
    more = str(rows[PAGE - 1].number) if len(rows) > PAGE else ""
    return CasePage(rows[:PAGE], more, {status.value: told.get(status.value, 0) for status in CaseStatus})


def _is_seen(inbox_ids: InboxIds) -> ColumnElement[bool]:
    joined = (CaseConversation.case_id == Case.id) & (Conversation.id == CaseConversation.conversation_id)
    return exists().where(joined, Conversation.inbox_id.in_(inbox_ids))
