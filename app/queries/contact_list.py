"""Contacts by name, with a simple search over names and addresses. One query."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, exists, func, or_, select, tuple_
from sqlalchemy.orm import Session

from app.models import Contact, ContactIdentity, Conversation, User
from app.queries._json import InboxIds, json_list, json_object
from app.queries.conversation_list import contact_label
from app.queries.conversation_view import IdentityRow

PAGE = 50
LONGEST_SEARCH = 100  # characters


@dataclass(frozen=True, slots=True)
class ContactRow:
    public_id: UUID
    name: str
    sort: str
    identities: tuple[IdentityRow, ...]
    conversations: int
    last_message_at: datetime | None


@dataclass(frozen=True, slots=True)
class ContactPage:
    rows: tuple[ContactRow, ...]
    more: str  # public id after which there is more, "" at the end


def page(session: Session, *, user: User, inbox_ids: InboxIds, search: str = "", after: str = "") -> ContactPage:
    """Read one page of the contacts whose name has a word, or who have an address, that begins with `search`."""
    sort = func.lower(Contact.name)
    query = select(
        Contact.public_id,
        contact_label().label("name"),
        sort.label("sort"),
        _identities().label("identities"),
        _conversations(inbox_ids).label("conversations"),
        Contact.last_message_at,
    ).where(*_seen(user, inbox_ids), *_matches(search), *_after(sort, after))
    found = session.execute(query.order_by(sort, Contact.id).limit(PAGE + 1)).all()
    rows = tuple(_row(row) for row in found)
    return ContactPage(rows[:PAGE], str(rows[PAGE - 1].public_id) if len(rows) > PAGE else "")


def _row(row: Any) -> ContactRow:
    told = row._asdict()
    return ContactRow(**{**told, "identities": tuple(IdentityRow(**one) for one in told["identities"])})


def _seen(user: User, inbox_ids: InboxIds) -> list[ColumnElement[bool]]:
    """Admins see every contact, others those who wrote to an inbox of theirs."""
    if user.is_admin:
        return []
    return [exists().where(Conversation.contact_id == Contact.id, Conversation.inbox_id.in_(inbox_ids))]


def _matches(search: str) -> list[ColumnElement[bool]]:
    wanted = search.strip().lower()[:LONGEST_SEARCH]
    if not wanted:
        return []
    begins = wanted.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    address = exists().where(ContactIdentity.contact_id == Contact.id, func.lower(ContactIdentity.address).like(begins))
    name = func.lower(Contact.name)
    return [or_(name.like(begins), name.like(f"% {begins}"), address)]


def _after(sort: ColumnElement[str], after: str) -> list[ColumnElement[bool]]:
    try:
        last = select(func.lower(Contact.name), Contact.id).where(Contact.public_id == UUID(after))
    except ValueError:
        return []
    return [tuple_(sort, Contact.id) > last.correlate(None).scalar_subquery()] if after else []


def _identities() -> ColumnElement[Any]:
    one = json_object(kind=ContactIdentity.kind, address=ContactIdentity.address, verified=ContactIdentity.verified)
    query = select(json_list(one, order=ContactIdentity.id)).where(ContactIdentity.contact_id == Contact.id)
    return query.correlate(Contact).scalar_subquery()


def _conversations(inbox_ids: InboxIds) -> ColumnElement[int]:
    mine = Conversation.contact_id == Contact.id, Conversation.inbox_id.in_(inbox_ids)
    return select(func.count()).where(*mine).correlate(Contact).scalar_subquery()
