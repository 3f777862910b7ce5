"""What a conversation could be merged with: the others of its contact, and those found by number or subject."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from app.models import Channel, Contact, Conversation, Message, Status
from app.queries._json import InboxIds
from app.queries.conversation_list import contact_label

MOST = 20
LONGEST_WORD = 100  # characters


@dataclass(frozen=True, slots=True)
class Candidate:
    public_id: UUID
    number: int
    contact_name: str
    subject: str
    preview: str
    status: Status
    messages: int
    channel_kind: str
    last_message_at: datetime
    is_same_contact: bool


def candidates(
    session: Session, conversation: Conversation, *, word: str = "", inbox_ids: InboxIds | None = None
) -> list[Candidate]:
    """Read the conversations that this one could go into, or be linked with, the contact's own first. One query.

    Args:
        session: to read with.
        conversation: one the user may see; everything else in its inbox they may see as well.
        inbox_ids: where to look, those the user may see; None: in the conversation's own inbox.
        word: a number (with # or without), or a part of a subject or a name; empty: only those of the contact.

    """
    name = contact_label()
    query = (
        select(
            Conversation.public_id,
            Conversation.number,
            name.label("contact_name"),
            Conversation.subject,
            Conversation.preview,
            Conversation.status,
            Conversation.messages,
            Channel.kind.label("channel_kind"),
            Conversation.last_message_at,
            (Conversation.contact_id == conversation.contact_id).label("is_same_contact"),
        )
        .join(Contact, Contact.id == Conversation.contact_id)
        .join(Channel, Channel.id == Conversation.channel_id)
        .where(_where(conversation, inbox_ids), Conversation.id != conversation.id)
        .where(Conversation.merged_into_id.is_(None))
    )
    word = word[:LONGEST_WORD].strip()
    number = word.removeprefix("#")
    if not word:
        query = query.where(Conversation.contact_id == conversation.contact_id)
    elif number.isascii() and number.isdigit() and len(number) < 19:
        query = query.where(Conversation.number == int(number))
    else:
        query = query.where(
            Conversation.subject.icontains(word, autoescape=True) | name.icontains(word, autoescape=True)
        )
    order = (Conversation.contact_id == conversation.contact_id).desc(), Conversation.last_message_at.desc()
    found = session.execute(query.order_by(*order, Conversation.id.desc()).limit(MOST))
    return [Candidate(**row) for row in found.mappings()]


def _where(conversation: Conversation, inbox_ids: InboxIds | None) -> ColumnElement[bool]:
    return Conversation.inbox_id == conversation.inbox_id if inbox_ids is None else Conversation.inbox_id.in_(inbox_ids)


def from_here_on(session: Session, message: Message) -> list[Message]:
    """Return a message and all after it in its conversation, oldest first."""
    later = Message.conversation_id == message.conversation_id, Message.id >= message.id
    return list(session.scalars(select(Message).where(*later).order_by(Message.id)))
