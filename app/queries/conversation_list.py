"""The list of conversations: what a user may see, narrowed by filters, page by page."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, func, select
from sqlalchemy.orm import Session, aliased

from app.models import (
    Channel,
    Contact,
    ContactIdentity,
    Conversation,
    ConversationRead,
    Direction,
    Inbox,
    Message,
    Priority,
    Status,
    Tag,
    Tagging,
    User,
)
from app.queries import conversation_order, conversation_search, understanding_filters
from app.queries._json import AnySelect, InboxIds, json_list, json_object

PAGE = 40
MOST = 400  # rows of one answer, however often "more" was asked for

VIEWS = ("all", "mine", "unassigned")
Assignee = aliased(User)
Last = aliased(Message)


@dataclass(frozen=True, slots=True)
class Filters:
    """What the address of the page says. Ids are public ids; an empty string means: any."""

    view: str = "all"
    status: str = Status.OPEN.value
    inbox: str = ""
    channel: str = ""
    assignee: str = ""
    tag: str = ""
    sentiment: str = ""
    emotion: str = ""
    intent: str = ""
    urgency: str = ""
    mood: str = ""
    confidence: str = ""
    language: str = ""
    priority: str = ""
    unread: str = ""
    search: str = ""  # as it was typed; app/queries/search_terms.py reads it
    sort: str = conversation_order.NEWEST

    @property
    def narrowing(self) -> tuple[str, ...]:
        """Name the filters that there are beside view, inbox and status."""
        return NARROWING

    def narrowed(self) -> int:
        """Count those of them that are set."""
        return sum(1 for name in NARROWING if getattr(self, name))

    def cleared(self) -> str:
        """Return the query string without them."""
        return self.query(**dict.fromkeys(NARROWING, ""))

    def query(self, **changes: str) -> str:
        """Return these filters as a query string, without what is default: "" or "?view=mine&tag=…"."""
        changed = replace(self, **changes)
        told = {f.name: getattr(changed, f.name) for f in fields(self) if getattr(changed, f.name) != f.default}
        return f"?{urlencode(told)}" if told else ""


SAME = ("sentiment", "emotion", "intent", "urgency", "language", "priority")  # filter and column have one name
NARROWING = ("channel", "assignee", "tag", "mood", "confidence", "unread", *SAME)


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


@dataclass(frozen=True, slots=True)
class Page:
    rows: tuple[ConversationRow, ...]
    more: str  # cursor of the page after this one, "" at the end


def page(
    session: Session, *, user: User, inbox_ids: InboxIds, filters: Filters, after: str = "", rows: int = PAGE
) -> Page:
    """Read one page of the conversations that match, in the order that is asked for. One query."""
    limit = max(1, min(rows, MOST))
    query = _select(user).where(Conversation.inbox_id.in_(inbox_ids), *conditions(filters, user))
    query = query.where(*status_condition(filters), *conversation_order.after(filters.sort, after))
    query = query.order_by(*conversation_order.columns(filters.sort)).limit(limit + 1)
    found = session.execute(query).all()
    more = conversation_order.cursor(found[limit - 1].Conversation, filters.sort) if len(found) > limit else ""
    return Page(rows=tuple(_row(row) for row in found[:limit]), more=more)


def status_condition(filters: Filters) -> list[ColumnElement[bool]]:
    return [] if filters.status == "all" else [Conversation.status == filters.status]


def conditions(filters: Filters, user: User) -> list[ColumnElement[bool]]:
    """Return what all filters but the status ask of a conversation. Needs `unread_join` where unread is asked."""
    wanted: list[ColumnElement[bool]] = []
    if filters.view == "mine":
        wanted.append(Conversation.assignee_id == user.id)
    elif filters.view == "unassigned":
        wanted.append(Conversation.assignee_id.is_(None))
    if filters.inbox:
        wanted.append(Conversation.inbox_id == _id_of(Inbox, filters.inbox))
    if filters.channel:
        of_kind = select(Channel.id).where(Channel.kind == filters.channel)
        wanted.append(Conversation.channel_id.in_(of_kind))
    if filters.assignee:
        nobody = filters.assignee == "none"
        asked = (
            Conversation.assignee_id.is_(None) if nobody else Conversation.assignee_id == _id_of(User, filters.assignee)
        )
        wanted.append(asked)
    if filters.tag:
        worn = (Tagging.conversation_id == Conversation.id) & (Tagging.tag_id == _id_of(Tag, filters.tag))
        wanted.append(exists().where(worn))
    wanted += [getattr(Conversation, name) == getattr(filters, name) for name in SAME if getattr(filters, name)]
    wanted += understanding_filters.mood_condition(filters.mood)
    wanted += understanding_filters.confidence_condition(filters.confidence)
    wanted += conversation_search.conditions(filters.search)
    if filters.unread:
        wanted.append(is_unread(user))
    return wanted


def is_unread(user: User) -> ColumnElement[bool]:
    """Say whether a user has not seen the last message; what one wrote oneself is seen."""
    newer = Conversation.last_message_id > func.coalesce(ConversationRead.message_id, 0)
    return and_(newer, Last.author_id.is_distinct_from(user.id))


def with_reading(query: AnySelect, user: User) -> AnySelect:
    """Join what `is_unread` looks at."""
    mine = (ConversationRead.conversation_id == Conversation.id) & (ConversationRead.user_id == user.id)
    query = query.outerjoin(ConversationRead, mine)
    return query.outerjoin(Last, Last.id == Conversation.last_message_id)


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


def tags_of_conversation() -> ColumnElement[Any]:
    tag = json_object(id=Tag.public_id, name=Tag.name, colour=Tag.colour)
    query = select(json_list(tag, order=func.lower(Tag.name))).join(Tagging, Tagging.tag_id == Tag.id)
    return query.where(Tagging.conversation_id == Conversation.id).correlate(Conversation).scalar_subquery()


def _select(user: User) -> AnySelect:
    query = (
        select(
            Conversation,
            contact_label().label("contact_name"),
            Channel.kind,
            Channel.name.label("channel_name"),
            Inbox.name.label("inbox_name"),
            Assignee.name.label("assignee_name"),
            func.coalesce(is_unread(user), False).label("is_unread"),
            Last.direction.label("last_direction"),
            tags_of_conversation().label("tags"),
        )
        .join(Contact, Contact.id == Conversation.contact_id)
        .join(Channel, Channel.id == Conversation.channel_id)
        .join(Inbox, Inbox.id == Conversation.inbox_id)
        .outerjoin(Assignee, Assignee.id == Conversation.assignee_id)
    )
    return with_reading(query, user)


def _id_of(kind: type[Inbox | User | Tag], public_id: str) -> Any:
    """Return a subquery for an internal id; a malformed public id finds nothing."""
    try:
        wanted = UUID(public_id)
    except ValueError:
        wanted = UUID(int=0)
    return select(kind.id).where(kind.public_id == wanted).scalar_subquery()


def _row(row: Any) -> ConversationRow:
    found: Conversation = row.Conversation
    return ConversationRow(
        public_id=found.public_id,
        number=found.number,
        contact_name=row.contact_name,
        subject=found.subject,
        preview=found.preview,
        channel_kind=row.kind,
        channel_name=row.channel_name,
        inbox_name=row.inbox_name,
        status=found.status,
        priority=found.priority,
        sentiment=found.sentiment,
        confidence=found.confidence,
        emotion=found.emotion,
        intent=found.intent,
        urgency=found.urgency,
        mood=found.mood,
        has_recovered=found.has_recovered,
        assignee_name=row.assignee_name,
        waiting_since=found.waiting_since,
        snoozed_until=found.snoozed_until,
        last_message_at=found.last_message_at,
        is_unread=row.is_unread,
        is_ours=row.last_direction is Direction.OUTBOUND,
        tags=tuple(TagRow(**tag) for tag in row.tags),
    )
