"""Conversations that a browser remembers as opened lately, of those that the user may see. One query."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import Contact, Conversation
from app.queries._json import InboxIds
from app.queries.conversation_list import contact_label

MOST = 8


@dataclass(frozen=True, slots=True)
class Recent:
    public_id: UUID
    contact_name: str
    subject: str
    number: int


def conversations(session: Session, *, ids: Sequence[UUID], inbox_ids: InboxIds) -> tuple[Recent, ...]:
    """Return at most MOST conversations, in the order of their ids."""
    if not ids:
        return ()
    query = (
        select(Conversation.public_id, contact_label(), Conversation.subject, Conversation.number)
        .join(Contact, Contact.id == Conversation.contact_id)
        .where(Conversation.public_id.in_(ids[:MOST]), Conversation.inbox_id.in_(inbox_ids))
    )
    found = {row[0]: Recent(*row) for row in session.execute(query)}
    return tuple(found[id_] for id_ in ids if id_ in found)
