"""The list of conversations: what a user may see, narrowed by filters, page by page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Integer, Select, any_, bindparam, func, select
from sqlalchemy.orm import Session, aliased

from app.models import (
    Channel,
    Contact,
    ContactIdentity,
    Conversation,
    Direction,
    Inbox,
    Priority,
    Status,
    Tag,
    Tagging,
    User,
)
from app.queries import checklist_lines, conversation_order
from app.queries._json import AnySelect, InboxIds, json_list, json_object
from app.queries.conversation_filters import Filters, Last, conditions, is_unread, status_condition, with_reading
from app.queries.conversation_order import Side

__all__ = [
    "MOST",
    "PAGE",
    "ConversationRow",
    "Filters",
    "Page",
    "TagRow",
    "contact_label",
    "inside",
    "page",
    "tags_of_conversation",
]

PAGE = 40
MOST = 400  # rows of one answer: a window that a browser shows is shorter

Assignee = aliased(User)


@dataclass(frozen=True, slots=True)
class TagRow:
    id: str
    name: str
    colour: str


@dataclass(frozen=True, slots=True)
class ConversationRow:
    public_id: UUID
    number: int
    contact_name: str
    subject: str
    preview: str
    channel_kind: str
    channel_name: str
    inbox_name: str
    status: Status
    priority: Priority
    sentiment: str | None
    confidence: float | None
    emotion: str | None
    intent: str | None
    urgency: str | None
    mood: float | None
    has_recovered: bool
    assignee_name: str | None
    waiting_since: datetime | None
    snoozed_until: datetime | None
    last_message_at: datetime
    is_unread: bool
    is_ours: bool  # the last word is ours
    tags: tuple[TagRow, ...]
    checklist: tuple[int, int] | None  # how many of its items are done, of how many
    place: str  # in this order: where a page can begin or end


@dataclass(frozen=True, slots=True)
class Page:
    """Rows in the order of the list, and whether there are others on the side that was read towards."""

    rows: tuple[ConversationRow, ...]
    goes_on: bool

    @property
    def more(self) -> str:
        """The cursor of the page after this one, "" at the end of the list."""
        return self.rows[-1].place if self.goes_on and self.rows else ""


def page(
    session: Session,
    *,
    user: User,
    inbox_ids: InboxIds,
    filters: Filters,
    after: str = "",
    rows: int = PAGE,
    side: Side = "after",
) -> Page:
    """Read the rows beside a cursor (`after`), in the order that is asked for: at most `rows`. One query."""
    limit, backwards = max(1, min(rows, MOST)), side == "before"
    can_be_kept = isinstance(inbox_ids, Select) and filters.can_be_kept
    query = (_kept_query if can_be_kept else _query)(user.id, inbox_ids, filters, backwards=backwards)
    query = query.where(*conversation_order.beside(filters.sort, after, side)) if after else query
    found = session.execute(query, {"most": limit + 1}).all()
    kept = found[:limit][::-1] if backwards else found[:limit]
    return Page(rows=tuple(_row(row, filters.sort) for row in kept), goes_on=len(found) > limit)


def _query(user_id: int, inbox_ids: InboxIds, filters: Filters, *, backwards: bool) -> AnySelect:
    """Return the query for at most `most` rows of the list, from one of its ends."""
    user = User(id=user_id)  # the id is all that conditions ask of a user
    query = _select(user).where(inside(inbox_ids), *conditions(filters, user), *status_condition(filters))
    query = query.order_by(*conversation_order.columns(filters.sort, backwards=backwards))
    # written out: of a number it does not know PostgreSQL would assume a tenth of the table, and plan anew each time
    return query.limit(bindparam("most", type_=Integer, literal_execute=True))


_kept_query = lru_cache(maxsize=32)(_query)


def inside(inbox_ids: InboxIds) -> ColumnElement[bool]:
    """Keep what is in these inboxes. They are read first, as one array: as one more table to join, they would double
    the time that PostgreSQL plans for, which is many times that of reading a page.
    """
    if isinstance(inbox_ids, Select):
        return Conversation.inbox_id == any_(func.array(inbox_ids.scalar_subquery()))
    return Conversation.inbox_id.in_(inbox_ids)


@cache
def contact_label() -> ColumnElement[str]:
    """Return the contact's name, or the first address where there is no name."""
    address = (
        select(ContactIdentity.address)
        .where(ContactIdentity.contact_id == Contact.id)
        .order_by(ContactIdentity.id)
        .limit(1)
        .correlate(Contact)
        .scalar_subquery()
    )
    return func.coalesce(func.nullif(Contact.name, ""), address, "Unknown", type_=Contact.name.type)


@cache
def tags_of_conversation() -> ColumnElement[Any]:
    tag = json_object(id=Tag.public_id, name=Tag.name, colour=Tag.colour)
    query = select(json_list(tag, order=func.lower(Tag.name))).join(Tagging, Tagging.tag_id == Tag.id)
    return query.where(Tagging.conversation_id == Conversation.id).correlate(Conversation).scalar_subquery()


SHOWN = (  # as columns: an object of the session a row would cost more than the row itself
    Conversation.public_id,
    Conversation.number,
    Conversation.subject,
    Conversation.preview,
    Conversation.status,
    Conversation.priority,
    Conversation.sentiment,
    Conversation.confidence,
    Conversation.emotion,
    Conversation.intent,
    Conversation.urgency,
    Conversation.mood,
    Conversation.has_recovered,
    Conversation.waiting_since,
    Conversation.snoozed_until,
    Conversation.last_message_at,
)


def _select(user: User) -> AnySelect:
    query = (
        select(
            *SHOWN,
            contact_label().label("contact_name"),
            Channel.kind,
            Channel.name.label("channel_name"),
            Inbox.name.label("inbox_name"),
            Assignee.name.label("assignee_name"),
            func.coalesce(is_unread(user), False).label("is_unread"),
            Last.direction.label("last_direction"),
            tags_of_conversation().label("tags"),
            checklist_lines.progress().label("checklist"),
        )
        .join(Contact, Contact.id == Conversation.contact_id)
        .join(Channel, Channel.id == Conversation.channel_id)
        .join(Inbox, Inbox.id == Conversation.inbox_id)
        .outerjoin(Assignee, Assignee.id == Conversation.assignee_id)
    )
    return with_reading(query, user)


def _row(row: Any, order: str) -> ConversationRow:
    told = row._asdict()
    checklist = told["checklist"]
    return ConversationRow(
        **{column.key: told[column.key] for column in SHOWN},
        contact_name=told["contact_name"],
        channel_kind=told["kind"],
        channel_name=told["channel_name"],
        inbox_name=told["inbox_name"],
        assignee_name=told["assignee_name"],
        is_unread=told["is_unread"],
        is_ours=told["last_direction"] is Direction.OUTBOUND,
        tags=tuple(TagRow(**tag) for tag in told["tags"]),
        checklist=(checklist[0], checklist[1]) if checklist else None,
        place=conversation_order.cursor(row, order),
    )
