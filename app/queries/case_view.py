"""One case with its conversations and what happened to it. One query."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session, aliased

from app.models import Activity, Case, CaseConversation, Channel, Contact, Conversation, User
from app.queries import checklist_lines
from app.queries._json import InboxIds, json_list, json_object, moment
from app.queries.activity_lines import ActivityLine, activity_line, activity_object
from app.queries.checklist_lines import ChecklistLine
from app.queries.conversation_list import contact_label
from app.queries.conversation_view import OtherConversation

MOST_ACTIVITIES, MOST_CONVERSATIONS = 200, 100
Owner = aliased(User)


@dataclass(frozen=True, slots=True)
class CaseView:
    case: Case
    contact: Contact
    contact_name: str
    owner: User | None
    conversations: tuple[OtherConversation, ...]  # those the user may see
    checklist: tuple[ChecklistLine, ...]
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
            checklist_lines.of_case().label("checklist"),
            _activities(inbox_ids).label("activities"),
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
        checklist=checklist_lines.read(row.checklist),
        activities=tuple(_told_once([activity_line(line) for line in row.activities])),
    )


def _told_once(lines: Sequence[ActivityLine]) -> Iterator[ActivityLine]:
    """Leave out what was written down again for each further conversation of the case."""
    told: set[tuple[str, str, datetime | None]] = set()
    for line in lines:
        key = (line.verb, str(line.data), line.created_at)
        if key not in told:
            told.add(key)
            yield line


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
        mood=Conversation.mood,
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


def _activities(inbox_ids: InboxIds) -> ColumnElement[Any]:
    seen = select(Conversation.id).where(Conversation.inbox_id.in_(inbox_ids))
    lines = (
        select(activity_object().label("line"), Activity.id)
        .where(Activity.case_id == Case.id)
        .where(Activity.conversation_id.is_(None) | Activity.conversation_id.in_(seen))
        .order_by(Activity.id.desc())
        .limit(MOST_ACTIVITIES)
        .correlate(Case)
        .subquery()
    )
    return select(json_list(lines.c.line, order=lines.c.id)).scalar_subquery()
