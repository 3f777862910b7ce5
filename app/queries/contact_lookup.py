"""Contacts by what somebody has typed so far: a beginning of a name, an address, a handle, a number. One query."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.orm import Session

from app.models import Contact, ContactIdentity, ContactKey, Conversation, User
from app.queries._json import InboxIds
from app.queries.conversation_list import contact_label

SHOWN = 8
KEYS = 500  # looked at, in the order of the alphabet
KEYS_OF_OTHERS = 3_000  # where some of them may belong to contacts whom the user may not see
LAST = "\U0010ffff"


@dataclass(frozen=True, slots=True)
class ContactFound:
    public_id: UUID
    name: str
    address: str
    last_message_at: datetime | None


def find(session: Session, *, typed: str, user: User, inbox_ids: InboxIds) -> tuple[ContactFound, ...]:
    """Return at most SHOWN contacts, those heard of last first, exact ones before all. `typed` is a look-up key
    (services/search_keys.typed_key).
    """
    if not typed:
        return ()
    begins = ContactKey.key >= typed, ContactKey.key < typed + LAST
    keys = select(ContactKey.contact_id, (ContactKey.key == typed).label("is_exact")).where(*begins)
    keys = keys.order_by(ContactKey.key).limit(KEYS if user.is_admin else KEYS_OF_OTHERS)
    near = keys.subquery()
    best = select(near.c.contact_id, func.bool_or(near.c.is_exact).label("is_exact")).group_by(near.c.contact_id)
    found = best.subquery()
    query = (
        select(Contact.public_id, contact_label(), _address(), Contact.last_message_at)
        .join(found, found.c.contact_id == Contact.id)
        .where(*seen_by(user, inbox_ids))
        .order_by(found.c.is_exact.desc(), Contact.last_message_at.desc().nulls_last(), Contact.id.desc())
    )
    return tuple(ContactFound(*row) for row in session.execute(query.limit(SHOWN)))


def seen_by(user: User, inbox_ids: InboxIds) -> list[ColumnElement[bool]]:
    """Admins see every contact, others those who wrote to an inbox of theirs."""
    if user.is_admin:
        return []
    return [exists().where(Conversation.contact_id == Contact.id, Conversation.inbox_id.in_(inbox_ids))]


def _address() -> ColumnElement[str]:
    """Return the first address that says something to people."""
    of = ContactIdentity.contact_id == Contact.id, ContactIdentity.kind != "visitor"
    query = select(ContactIdentity.address).where(*of).order_by(ContactIdentity.id).limit(1)
    return func.coalesce(query.correlate(Contact).scalar_subquery(), "")
