"""Signs that people put under messages: the customer's, as the provider tells them, and ours."""

from __future__ import annotations

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.models import ContactIdentity, Message, MessageChange, MessageReaction


def take(session: Session, message: Message, change: MessageChange) -> bool:
    """Let the newest reaction of its sender stand under a message; return whether anything is different now."""
    if _newest(session, message, change).id != change.id:
        return False
    reaction = str(change.details.get("reaction") or "")
    own = MessageReaction.message_id == message.id, MessageReaction.sender == change.sender
    if not reaction:
        return session.scalar(delete(MessageReaction).where(*own).returning(MessageReaction.id)) is not None
    values = {"contact_id": _contact_of(session, change), "reaction": reaction, "reacted_at": change.at}
    statement = insert(MessageReaction).values(message_id=message.id, sender=change.sender, **values)
    told = statement.on_conflict_do_update(index_elements=["message_id", "sender"], set_=values)
    session.execute(told)
    return True


def _newest(session: Session, message: Message, change: MessageChange) -> MessageChange:
    query = select(MessageChange).where(
        MessageChange.message_id == message.id,
        MessageChange.kind == change.kind,
        MessageChange.sender == change.sender,
    )
    return session.scalars(query.order_by(MessageChange.at.desc(), MessageChange.id.desc()).limit(1)).one()


def _contact_of(session: Session, change: MessageChange) -> int | None:
    held = select(ContactIdentity.contact_id).where(
        ContactIdentity.kind == change.details.get("sender_kind"), ContactIdentity.address == change.sender
    )
    return session.scalars(held).one_or_none()
