"""One conversation: the row with everything named in its header and side panel. One query, besides the timeline."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, bindparam, case, exists, func, select
from sqlalchemy.orm import Session, aliased

from app.models import (
    Activity,
    Case,
    CaseConversation,
    CaseStatus,
    Channel,
    Contact,
    ContactIdentity,
    Conversation,
    ConversationRead,
    Inbox,
    Message,
    TakenBack,
    Team,
    User,
)
from app.queries import checklist_lines, follower_lines, linked_conversations, mood_lines, scheduled_replies
from app.queries._json import AnySelect, InboxIds, json_list, json_object, moment
from app.queries.activity_lines import ActivityLine, activity_line, activity_object, may_be_told
from app.queries.checklist_lines import ChecklistLine
from app.queries.conversation_list import TagRow, contact_label, tags_of_conversation
from app.queries.follower_lines import FollowerLine
from app.queries.linked_conversations import LinkRow
from app.queries.mood_lines import MoodLine
from app.queries.scheduled_replies import ScheduledRow

MOST_OTHERS, MOST_CASES, MOST_ACTIVITIES = 20, 20, 300
Assignee = aliased(User)
Owner = aliased(User)
Other = aliased(Conversation)


@dataclass(frozen=True, slots=True)
class IdentityRow:
    """One address; the profile is what its provider shows of the person, written by them."""

    kind: str
    address: str
    verified: bool
    handle: str = ""
    profile_url: str = ""
    followers: int | None = None
    bounce_reason: str | None = None  # why the last mail to it came back; None where it did not
    complained_at: str | None = None  # they called our mail spam
    complaint_by: str = ""  # who told us

    @property
    def complained(self) -> datetime | None:
        return moment(self.complained_at)


@dataclass(frozen=True, slots=True)
class CaseLine:
    id: str
    number: int
    title: str
    type: str
    status: str
    priority: str
    owner_id: str | None
    owner_name: str | None
    due_at: datetime | None
    version: int
    description: str

    @property
    def is_closed(self) -> bool:
        return self.status == CaseStatus.CLOSED.value


@dataclass(frozen=True, slots=True)
class OtherConversation:
    id: str
    number: int
    subject: str
    preview: str
    status: str
    channel_kind: str
    last_message_at: datetime | None
    mood: float | None = None


@dataclass(frozen=True, slots=True)
class ConversationView:
    conversation: Conversation
    contact: Contact
    contact_name: str
    channel: Channel
    inbox: Inbox
    assignee: User | None
    team: Team | None
    is_unread: bool
    tags: tuple[TagRow, ...]
    identities: tuple[IdentityRow, ...]
    cases: tuple[CaseLine, ...]
    others: tuple[OtherConversation, ...]
    links: tuple[LinkRow, ...]
    checklist: tuple[ChecklistLine, ...]
    activities: tuple[ActivityLine, ...]
    lines: tuple[MoodLine, ...]  # the one shown first, none where no mood is known
    scheduled: tuple[ScheduledRow, ...] = ()  # what leaves later, the earliest first
    newest: str = ""  # the public id of the newest message
    has_taken_back: bool = False  # the user took a reply back here and has not written it again
    followers: tuple[FollowerLine, ...] = ()

    @property
    def open_case(self) -> CaseLine | None:
        return next((case for case in self.cases if not case.is_closed), None)


def find(session: Session, *, public_id: str, user: User, inbox_ids: InboxIds) -> ConversationView | None:
    """Read a conversation of these inboxes, those that the user may see; None if it is not in them or not at all."""
    try:
        wanted = UUID(public_id)
    except ValueError:
        return None
    query = (_query if isinstance(inbox_ids, Select) else _new_query)(inbox_ids)
    row = session.execute(query, {"wanted": wanted, "reader": user.id}).one_or_none()
    return _view(row) if row else None


def _new_query(inbox_ids: InboxIds) -> AnySelect:
    """Return the query for a conversation `wanted` by a `reader`: it is large, and costs more to write than to read."""
    reader = bindparam("reader", type_=User.id.type)
    seen = (ConversationRead.conversation_id == Conversation.id) & (ConversationRead.user_id == reader)
    return (
        select(
            Conversation,
            Contact,
            contact_label().label("contact_name"),
            Channel,
            Inbox,
            Assignee,
            Team,
            (Conversation.last_message_id > func.coalesce(ConversationRead.message_id, 0)).label("is_unread"),
            tags_of_conversation().label("tags"),
            _identities().label("identities"),
            _cases().label("cases"),
            _others(inbox_ids).label("others"),
            linked_conversations.of_conversation(inbox_ids).label("links"),
            checklist_lines.of_conversation().label("checklist"),
            _activities(inbox_ids).label("activities"),
            mood_lines.of_conversation().label("lines"),
            exists().where(TakenBack.conversation_id == Conversation.id, TakenBack.user_id == reader).label("taken"),
            scheduled_replies.of_conversation().label("scheduled"),
            _newest().label("newest"),
            follower_lines.of_conversation().label("followers"),
        )
        .join(Contact, Contact.id == Conversation.contact_id)
        .join(Channel, Channel.id == Conversation.channel_id)
        .join(Inbox, Inbox.id == Conversation.inbox_id)
        .outerjoin(Assignee, Assignee.id == Conversation.assignee_id)
        .outerjoin(Team, Team.id == Conversation.team_id)
        .outerjoin(ConversationRead, seen)
        .where(Conversation.public_id == bindparam("wanted"), Conversation.inbox_id.in_(inbox_ids))
    )


_query: Callable[[InboxIds], AnySelect] = lru_cache(maxsize=32)(_new_query)


def _newest() -> ColumnElement[Any]:
    query = select(Message.public_id).where(Message.id == Conversation.last_message_id)
    return query.correlate(Conversation).scalar_subquery()


def identity_object() -> ColumnElement[Any]:
    """Return the JSON of an IdentityRow."""
    return json_object(
        kind=ContactIdentity.kind,
        address=ContactIdentity.address,
        verified=ContactIdentity.verified,
        handle=ContactIdentity.handle,
        profile_url=ContactIdentity.profile_url,
        followers=ContactIdentity.followers,
        bounce_reason=case((ContactIdentity.bounced_at.is_not(None), ContactIdentity.bounce_reason)),
        complained_at=ContactIdentity.complained_at,
        complaint_by=ContactIdentity.complaint_by,
    )


@cache
def _identities() -> ColumnElement[Any]:
    query = select(json_list(identity_object(), order=ContactIdentity.id)).where(
        ContactIdentity.contact_id == Contact.id
    )
    return query.correlate(Contact).scalar_subquery()


def case_columns() -> dict[str, Any]:
    return {
        "id": Case.public_id,
        "number": Case.number,
        "title": Case.title,
        "type": Case.type,
        "status": Case.status,
        "priority": Case.priority,
        "owner_id": Owner.public_id,
        "owner_name": Owner.name,
        "due_at": Case.due_at,
        "version": Case.version,
        "description": Case.description,
    }


def case_line(case: dict[str, Any]) -> CaseLine:
    return CaseLine(**{**case, "due_at": moment(case["due_at"])})


@cache
def _cases() -> ColumnElement[Any]:
    lines = (
        select(json_object(**case_columns()).label("line"), Case.id)
        .join(CaseConversation, CaseConversation.case_id == Case.id)
        .outerjoin(Owner, Owner.id == Case.owner_id)
        .where(CaseConversation.conversation_id == Conversation.id)
        .order_by(Case.id.desc())
        .limit(MOST_CASES)
        .correlate(Conversation)
        .subquery()
    )
    return select(json_list(lines.c.line)).scalar_subquery()


def _others(inbox_ids: InboxIds) -> ColumnElement[Any]:
    kind = select(Channel.kind).where(Channel.id == Other.channel_id).correlate(Other).scalar_subquery()
    line = json_object(
        id=Other.public_id,
        number=Other.number,
        subject=Other.subject,
        preview=Other.preview,
        status=Other.status,
        channel_kind=kind,
        mood=Other.mood,
        last_message_at=Other.last_message_at,
    )
    same = Other.contact_id == Conversation.contact_id, Other.id != Conversation.id
    lines = (
        select(line.label("line"))
        .where(*same, Other.inbox_id.in_(inbox_ids), Other.merged_into_id.is_(None))
        .order_by(Other.last_message_at.desc())
        .limit(MOST_OTHERS)
        .correlate(Conversation)
        .subquery()
    )
    return select(json_list(lines.c.line)).scalar_subquery()


def _activities(inbox_ids: InboxIds) -> ColumnElement[Any]:
    lines = (
        select(activity_object().label("line"), Activity.id)
        .where(Activity.conversation_id == Conversation.id, may_be_told(inbox_ids))
        .order_by(Activity.id.desc())
        .limit(MOST_ACTIVITIES)
        .correlate(Conversation)
        .subquery()
    )
    return select(json_list(lines.c.line, order=lines.c.id)).scalar_subquery()


def _view(row: Any) -> ConversationView:
    return ConversationView(
        conversation=row.Conversation,
        contact=row.Contact,
        contact_name=row.contact_name,
        channel=row.Channel,
        inbox=row.Inbox,
        assignee=row[5],
        team=row.Team,
        is_unread=bool(row.is_unread),
        has_taken_back=row.taken,
        scheduled=tuple(scheduled_replies.read(one) for one in row.scheduled),
        newest=str(row.newest or ""),
        followers=follower_lines.read(row.followers),
        tags=tuple(TagRow(**tag) for tag in row.tags),
        identities=tuple(IdentityRow(**identity) for identity in row.identities),
        cases=tuple(case_line(case) for case in row.cases),
        others=tuple(
            OtherConversation(**{**other, "last_message_at": moment(other["last_message_at"])}) for other in row.others
        ),
        links=tuple(linked_conversations.read(link) for link in row.links),
        checklist=checklist_lines.read(row.checklist),
        activities=tuple(activity_line(line) for line in row.activities),
        lines=tuple(mood_lines.read(line) for line in row.lines),
    )
