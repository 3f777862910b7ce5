"""One contact: addresses, conversations over all channels, cases, and what was changed. One query."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import Session

from app.models import Activity, Case, CaseConversation, Channel, Contact, ContactIdentity, Conversation
from app.queries._json import InboxIds, json_list, json_object, moment
from app.queries.activity_lines import ActivityLine, activity_line, activity_object, may_be_told
from app.queries.conversation_list import contact_label
from app.queries.conversation_view import (
    CaseLine,
    IdentityRow,
    OtherConversation,
    Owner,
    case_columns,
    case_line,
    identity_object,
)

MOST = 50


@dataclass(frozen=True, slots=True)
class ContactView:
    contact: Contact
    contact_name: str
    identities: tuple[IdentityRow, ...]
    others: tuple[OtherConversation, ...]
    cases: tuple[CaseLine, ...]
    activities: tuple[ActivityLine, ...]


def view(session: Session, *, contact_id: int, inbox_ids: InboxIds) -> ContactView:
    """Read a contact that the user was found to see, with what of theirs the user may see."""
    query = select(
        Contact,
        contact_label().label("contact_name"),
        _identities().label("identities"),
        _conversations(inbox_ids).label("others"),
        _cases(inbox_ids).label("cases"),
        _activities(inbox_ids).label("activities"),
    ).where(Contact.id == contact_id)
    row = session.execute(query).one()
    return ContactView(
        contact=row.Contact,
        contact_name=row.contact_name,
        identities=tuple(IdentityRow(**one) for one in row.identities),
        others=tuple(OtherConversation(**{**o, "last_message_at": moment(o["last_message_at"])}) for o in row.others),
        cases=tuple(case_line(one) for one in row.cases),
        activities=tuple(activity_line(one) for one in row.activities),
    )


def name_of(session: Session, *, contact_id: int) -> str:
    """Return what a contact is called on screens."""
    return session.scalars(select(contact_label()).select_from(Contact).where(Contact.id == contact_id)).one()


def _identities() -> ColumnElement[Any]:
    query = select(json_list(identity_object(), order=ContactIdentity.id)).where(
        ContactIdentity.contact_id == Contact.id
    )
    return query.correlate(Contact).scalar_subquery()


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
        select(line.label("line"), Conversation.last_message_at)
        .join(Channel, Channel.id == Conversation.channel_id)
        .where(Conversation.contact_id == Contact.id, Conversation.inbox_id.in_(inbox_ids))
        .where(Conversation.merged_into_id.is_(None))
        .order_by(Conversation.last_message_at.desc())
        .limit(MOST)
        .correlate(Contact)
        .subquery()
    )
    return select(json_list(lines.c.line, order=lines.c.last_message_at.desc())).scalar_subquery()


def _cases(inbox_ids: InboxIds) -> ColumnElement[Any]:
    joined = (CaseConversation.case_id == Case.id) & (Conversation.id == CaseConversation.conversation_id)
    lines = (
        select(json_object(**case_columns()).label("line"), Case.id)
        .outerjoin(Owner, Owner.id == Case.owner_id)
        .where(Case.contact_id == Contact.id, exists().where(joined, Conversation.inbox_id.in_(inbox_ids)))
        .order_by(Case.id.desc())
        .limit(MOST)
        .correlate(Contact)
        .subquery()
    )
    return select(json_list(lines.c.line, order=lines.c.id.desc())).scalar_subquery()


def _activities(inbox_ids: InboxIds) -> ColumnElement[Any]:
    seen = select(Conversation.id).where(Conversation.inbox_id.in_(inbox_ids))
    lines = (
        select(activity_object().label("line"), Activity.id)
        .where(Activity.contact_id == Contact.id, may_be_told(inbox_ids))
        .where(Activity.conversation_id.is_(None) | Activity.conversation_id.in_(seen))
        .order_by(Activity.id.desc())
        .limit(4 * MOST)
        .correlate(Contact)
        .subquery()
    )
    return select(json_list(lines.c.line, order=lines.c.id)).scalar_subquery()
