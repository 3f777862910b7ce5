"""What a conversation's row says of its messages, read from them anew: for when they were moved by a person."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.models import Attachment, Conversation, ConversationMood, Direction, Message, Status, Visibility
from app.services import conversation_moods
from app.services.moods import step_of
from app.services.timeline import preview

BY_HAND = "none"  # Message.auto of what a person wrote


def recount(session: Session, conversation: Conversation) -> None:
    """Set count, newest message, preview, since when the customer waits, and the mood, from the messages there are."""
    session.flush()
    of_it = Message.conversation_id == conversation.id
    counted = select(func.count(), func.max(Message.id), func.max(Message.created_at)).where(of_it)
    conversation.messages, conversation.last_message_id, newest = session.execute(counted).one()
    if conversation.messages:
        conversation.last_message_at = newest
    conversation.preview = _preview(session, conversation)
    closed = conversation.status is Status.RESOLVED
    conversation.waiting_since = None if closed else _waiting_since(session, conversation)
    _draw_moods(session, conversation)


def _preview(session: Session, conversation: Conversation) -> str:
    query = select(Message).where(Message.conversation_id == conversation.id, Message.deleted_at.is_(None))
    newest = query.where(Message.visibility == Visibility.PUBLIC).order_by(Message.id.desc()).limit(1)
    said = session.scalars(newest).first()
    if said is None:
        return ""
    named = select(Attachment.filename).where(Attachment.message_id == said.id).order_by(Attachment.id)
    return preview(said.text) or preview(said.subject) or preview(", ".join(session.scalars(named)))


def _waiting_since(session: Session, conversation: Conversation) -> datetime | None:
    """Return when the customer wrote first of all they wrote since our last answer."""
    here = Message.conversation_id == conversation.id, Message.visibility == Visibility.PUBLIC, Message.auto == BY_HAND
    answered = select(func.max(Message.id)).where(*here, Message.direction == Direction.OUTBOUND).scalar_subquery()
    query = select(func.min(Message.created_at)).where(
        *here, Message.direction == Direction.INBOUND, Message.id > func.coalesce(answered, 0)
    )
    return session.scalar(query)


def _draw_moods(session: Session, conversation: Conversation) -> None:
    """Draw the line of each model version anew, the shown one last: it is what the row says."""
    shown, before = conversation.mood_version, {conversation.id: step_of(conversation.mood)}
    if shown is None:
        return
    query = select(ConversationMood.model_version).where(ConversationMood.conversation_id == conversation.id)
    for version in [*sorted(set(session.scalars(query)) - {shown}), shown]:
        conversation_moods.redraw(session, conversation, version=version)
    conversation_moods.tell_steps(session, [conversation], before)
    conversation_moods.move_contacts(session, [conversation.contact_id])
