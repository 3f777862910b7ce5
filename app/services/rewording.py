"""A customer changed their words, or took them back: what was understood of the old ones holds no more.

Predictions and embedding of the old words go, with everything that was counted and drawn from them; an edited message
is read anew like a new one. What people said of a message by hand (corrections) stays: they can look at it again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import delete as remove
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.clock import now
from app.models import (
    ActionState,
    Conversation,
    Message,
    MessageAction,
    MessageChange,
    MessageEmbedding,
    MessageRevision,
    Prediction,
    Visibility,
)
from app.services import conversation_moods, message_translations, search_index, sentiment_counts
from app.services.moods import step_of
from app.services.timeline import preview

DELETED, DELETED_BY_WRITER = "A deleted message", "Deleted by its writer"
TEAM, CUSTOMER, UNKNOWN = "team", "customer", "unknown"  # the last two are connectors.base.DeletedBy


def edit(session: Session, message: Message, change: MessageChange) -> bool:
    """Take the new words where they are the newest, else keep them as a revision; return whether they were taken."""
    text, html = str(change.details.get("text") or ""), change.details.get("html")
    if message.edited_at is not None and change.at < message.edited_at:
        _keep(session, message, text, html, change.at)
        return False
    _keep(session, message, message.text, message.html, message.edited_at or message.sent_at or message.created_at)
    message.text, message.html, message.edited_at = text, html, change.at
    return True


def delete(session: Session, message: Message, change: MessageChange) -> bool:
    """Mark a message as deleted, and by whom; return whether it was not before."""
    is_new = message.deleted_at is None
    if is_new or not message.deleted_by:
        message.deleted_by = _deleted_by(session, message, change)
    message.deleted_at = min(message.deleted_at or change.at, change.at)
    return is_new


def _deleted_by(session: Session, message: Message, change: MessageChange) -> str:
    """Say who deleted a message: we did if we asked for it, its writer where the provider names nobody else."""
    ours = MessageAction.message_id == message.id, MessageAction.kind == "delete"
    if session.scalars(select(MessageAction.id).where(*ours, MessageAction.state != ActionState.FAILED)).first():
        return TEAM
    told, wrote_it = change.details.get("deleted_by", ""), message.is_inbound and message.sender == change.sender
    if told == UNKNOWN or (told == CUSTOMER and not wrote_it):
        return ""
    return CUSTOMER if wrote_it else str(told)


def take_back(session: Session, messages: Sequence[Message]) -> None:
    """Undo what was understood of messages with other words now. Contacts and conversations are locked."""
    search_index.messages(session, messages)
    message_translations.forget(session, message_ids=[message.id for message in messages])
    by_home: defaultdict[int, list[Message]] = defaultdict(list)
    for message in messages:
        by_home[message.conversation_id].append(message)
    for id_, reworded in sorted(by_home.items()):
        conversation = session.get_one(Conversation, id_)
        for message in reworded:
            _show_preview(session, conversation, message)
        _forget_understanding(session, conversation, [message for message in reworded if message.is_inbound])


def _forget_understanding(session: Session, conversation: Conversation, messages: Sequence[Message]) -> None:
    ids = [message.id for message in messages]
    with sentiment_counts.moving(session, message_ids=ids):
        session.execute(remove(Prediction).where(Prediction.message_id.in_(ids)))
        session.execute(remove(MessageEmbedding).where(MessageEmbedding.message_id.in_(ids)))
        for message in messages:
            message.annotated_at = now() if message.is_deleted else None
    if conversation.mood_version is None:
        return
    before = {conversation.id: step_of(conversation.mood)}
    conversation_moods.redraw(session, conversation, version=conversation.mood_version)
    conversation_moods.tell_steps(session, [conversation], before)
    conversation_moods.move_contacts(session, [conversation.contact_id])


def _keep(session: Session, message: Message, text: str, html: object, seen_at: object) -> None:
    values = {"message_id": message.id, "text": text, "html": html, "seen_at": seen_at}
    session.execute(insert(MessageRevision).values(values).on_conflict_do_nothing())


def _show_preview(session: Session, conversation: Conversation, message: Message) -> None:
    """Let the lists show the new words, where these are the newest of the conversation."""
    public = Message.conversation_id == conversation.id, Message.visibility == Visibility.PUBLIC
    newest = session.scalars(select(Message.id).where(*public).order_by(Message.id.desc()).limit(1)).first()
    if newest == message.id:
        gone = DELETED_BY_WRITER if message.deleted_by == CUSTOMER else DELETED
        conversation.preview = gone if message.is_deleted else preview(message.text)
