"""One case with its conversations and what happened to it. One query."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session, aliased

from app.models import Activity, Case, CaseConversation, Channel, Contact, Conversation, User
from app.queries._json import InboxIds, json_list, json_object, moment
from app.queries.conversation_list import contact_label
from app.queries.conversation_view import ActivityLine, OtherConversation, activity_line

MOST_ACTIVITIES, MOST_CONVERSATIONS = 200, 100
Owner = aliased(User)


@dataclass(frozen=True, slots=True)
class CaseView:
    case: Case
    contact: Contact
    contact_name: str
    owner: User | None
    conversations: tuple[OtherConversation, ...]  # those the user may see
    activities: tuple[ActivityLine, ...]


def view(session: Session, *, case_id: int, inbox_ids: InboxIds) -> CaseView:
    """Read a case that the user was found to see."""
    query = (
        select(
            Case,
            Contact,
            contact_label().label("contact_name"),
            Owner,
            _conversations(inbox_ids).label("conversations"),
            _activities().label("activities"),
        )
        .join(Contact, Contact.id == Case.contact_id)
        .outerjoin(Owner, Owner.id == Case.owner_id)
        .where(Case.id == case_id)
    )
    row = session.execute(query).one()
    return CaseView(
        case=row.Case,
        contact=row.Contact,
        contact_name=row.contact_name,
        owner=row[3],
        conversations=tuple(_conversation(one) for one in row.conversations),
        activities=tuple(activity_line(line) for line in row.activities),
    )


def _conversation(told: dict[str, Any]) -> OtherConversation:
    return OtherConversation(**{**told, "last_message_at": moment(told["last_message_at"])})


def _conversations(inbox_ids: InboxIds) -> ColumnElement[Any]:
    line = json_object(
        id=Conversation.public_id,
        number=Conversation.number,
        subject=Conversation.subject,
        preview=Conversation.preview,
        status=Conversation.status,
        channel_kind=Channel.kind,
        last_message_at=Conversation.last_message_at,
    )
    lines = (
        select(line.label("line"), Conversation.id)
        .join(CaseConversation, CaseConversation.conversation_id == Conversation.id)
        .join(Channel, Channel.id == Conversation.channel_id)
        .where(CaseConversation.case_id == Case.id, Conversation.inbox_id.in_(inbox_ids))
        .order_by(Conversation.id.desc())
        .limit(MOST_CONVERSATIONS)
        .correlate(Case)
        .subquery()
    )
    return select(json_list(lines.c.line, order=lines.c.id)).scalar_subquery()


def _activities() -> ColumnElement[Any]:
    line = json_object(
        id=Activity.id, place=Activity.id, verb=Activity.verb, data=Activity.data, created_at=Activity.created_at
    )
    lines = (
        select(line.label("line"), Activity.id)
        .where(Activity.case_id == Case.id)
        .order_by(Activity.id.desc())
        .limit(MOST_ACTIVITIES)
        .correlate(Case)
        .subquery()
    )
    return select(json_list(lines.c.line, order=lines.c.id)).scalar_subquery()
