"""Tell others that a conversation changed: its version goes up and the fact is kept with the change."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app import outbox
from app.events import ConversationChanged, MessageEvent
from app.models import Conversation, Inbox, Message


def conversation_changed(session: Session, conversation: Conversation) -> None:
    """Record `conversation.changed`. The row must be locked or new in this transaction."""
    conversation.version += 1
    outbox.record(
        session,
        ConversationChanged(
            conversation_id=conversation.id,
            conversation=str(conversation.public_id),
            inbox=inbox_of(session, conversation),
            version=conversation.version,
        ),
    )


def message_event(
    session: Session, kind: type[MessageEvent], conversation: Conversation, message: Message
) -> MessageEvent:
    """Build an event about one message, with the conversation's version raised."""
    conversation.version += 1
    return kind(
        conversation_id=conversation.id,
        conversation=str(conversation.public_id),
        inbox=inbox_of(session, conversation),
        version=conversation.version,
        message_id=message.id,
    )


def inbox_of(session: Session, conversation: Conversation) -> str:
    """Return the public id of a conversation's inbox. It never changes: a session asks once for each."""
    known: dict[int, str] = session.info.setdefault(inbox_of, {})
    if conversation.inbox_id not in known:
        known[conversation.inbox_id] = str(session.get_one(Inbox, conversation.inbox_id).public_id)
    return known[conversation.inbox_id]
