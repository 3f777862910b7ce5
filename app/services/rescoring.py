"""Let the model in use read again what an older one annotated: behind all new work, a few messages at a time.

    due (the clock) → job with conversation ids → next_texts → [the model] → keep → … → the conversation is shown anew

The conversations written in last come first, and of each its newest messages. A conversation shows what the older
model said until all its messages have been read again; then mood, line and latest answers change together. Where it
had come to is kept in the row of its new line, so that another annotator goes on there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import exists, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.clock import now
from app.models import Conversation, ConversationMood, Direction, Message, Prediction, PredictionModel
from app.services import conversation_moods, predictions
from app.services.changes import conversation_changed
from app.services.moods import step_of
from app.services.predictions import Annotated, annotated_text

TEXTS = 16  # read in one transaction, and recorded in one
CLAIM = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Portion:
    """Texts of one conversation by message id, newest first; empty: all have been read again."""

    conversation_id: int
    version: str
    texts: Mapping[int, str]


def due(session: Session, *, limit: int) -> list[int]:
    """Return the ids of conversations whose answers are of an older model, those written in last first."""
    older = session.scalars(select(PredictionModel.version).order_by(PredictionModel.taken_up_at.desc()).offset(1))
    row = (ConversationMood.conversation_id == Conversation.id) & (ConversationMood.claimed_until > now())
    query = select(Conversation.id).where(Conversation.mood_version.in_(older.all()), ~exists().where(row))
    return list(session.scalars(query.order_by(Conversation.last_message_at.desc()).limit(limit)))


def is_in_use(session: Session, *, version: str) -> bool:
    """Say whether this version was taken up last: an annotator of an older one reads nothing again."""
    newest = select(PredictionModel.version).order_by(PredictionModel.taken_up_at.desc()).limit(1)
    return session.scalar(newest) == version


def next_texts(session: Session, *, conversation_id: int, version: str) -> Portion | None:
    """Claim a conversation for a minute and return what to read next; None where there is nothing to do for us."""
    shown = session.scalar(select(Conversation.mood_version).where(Conversation.id == conversation_id))
    if shown is None or shown == version:
        return None
    claimed = _claim(session, conversation_id, version)
    if claimed is None:
        return None
    texts = _unread(session, conversation_id, version, before=claimed.rescored_to)
    if not texts and claimed.rescored_to is not None:
        texts = _unread(session, conversation_id, version, before=None)  # an older annotator was at work meanwhile
    return Portion(conversation_id, version, texts)


def keep(session: Session, *, portion: Portion, annotations: Mapping[int, Annotated]) -> None:
    """Store the answers to (the first part of) a portion; when nothing was left to read, show the conversation anew."""
    if not portion.texts:
        _show_anew(session, portion)
        return
    predictions.record(session, annotations=annotations, read=portion.texts)
    row = session.get_one(ConversationMood, (portion.conversation_id, portion.version), with_for_update=True)
    row.rescored_to = min(annotations, default=row.rescored_to)
    row.claimed_until = None


def _claim(session: Session, conversation_id: int, version: str) -> ConversationMood | None:
    """Return the row of the new line, ours for a while; None where another annotator holds it."""
    until = now() + CLAIM
    values = {"conversation_id": conversation_id, "model_version": version, "claimed_until": until}
    free = or_(ConversationMood.claimed_until.is_(None), ConversationMood.claimed_until <= now())
    statement = insert(ConversationMood).values(values)
    taken = statement.on_conflict_do_update(
        index_elements=["conversation_id", "model_version"], set_={"claimed_until": until}, where=free
    )
    return session.scalars(taken.returning(ConversationMood), execution_options={"populate_existing": True}).first()


def _unread(session: Session, conversation_id: int, version: str, *, before: int | None) -> dict[int, str]:
    told = (Prediction.message_id == Message.id) & (Prediction.model_version == version)
    query = select(Message.id, Message.subject, Message.text).where(
        Message.conversation_id == conversation_id,
        Message.direction == Direction.INBOUND,
        Message.annotated_at.is_not(None),
        Message.deleted_at.is_(None),
        ~exists().where(told),
    )
    if before is not None:
        query = query.where(Message.id < before)
    rows = session.execute(query.order_by(Message.id.desc()).limit(TEXTS))
    return {id_: annotated_text(subject, text) for id_, subject, text in rows}


def _show_anew(session: Session, portion: Portion) -> None:
    """Let the conversation show what the new version said of it. No step is told: nothing happened but a new model."""
    found = predictions.lock_by_id(session, {portion.conversation_id})
    conversation = found[portion.conversation_id]
    row = session.get_one(ConversationMood, (portion.conversation_id, portion.version), with_for_update=True)
    row.claimed_until = None
    if conversation.mood_version == portion.version:
        return
    before = _looks(conversation)
    conversation_moods.redraw(session, conversation, version=portion.version)
    conversation_moods.move_contacts(session, [conversation.contact_id])
    if _looks(conversation) != before:
        conversation_changed(session, conversation)


def _looks(conversation: Conversation) -> tuple[str | None, ...]:
    """Return what a list shows of a conversation's answers."""
    told = conversation.sentiment, conversation.emotion, conversation.intent, conversation.urgency
    return (step_of(conversation.mood).value, *told)
