"""Keep what the models said, told once per model version, and the mood that follows from it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on, insert
from sqlalchemy.orm import Session

from app import outbox
from app.clock import now
from app.events import MessageAnnotated
from app.models import Conversation, Direction, Message, Prediction, Visibility
from app.services.changes import message_event

NEWEST_WEIGHT = 0.4  # of the newest message in the mood; older ones fade by 0.6 each
MOOD_MESSAGES = 30  # older ones weigh less than one in a million


class Said(Protocol):
    """One task's answer (nlp.prediction.Prediction has this shape; app may not import nlp)."""

    @property
    def task(self) -> str: ...
    @property
    def label(self) -> str: ...
    @property
    def score(self) -> float | None: ...
    @property
    def confidence(self) -> float: ...
    @property
    def abstained(self) -> bool: ...
    @property
    def abstain_reason(self) -> str | None: ...


class Annotated(Protocol):
    """All answers about one text (nlp.prediction.Annotation)."""

    @property
    def language(self) -> str: ...
    @property
    def predictions(self) -> Sequence[Said]: ...
    @property
    def model_id(self) -> str: ...
    @property
    def model_version(self) -> str: ...


def waiting_texts(session: Session, *, limit: int) -> list[tuple[int, str]]:
    """Return (message id, new words) of the oldest messages nobody has annotated yet."""
    query = (
        select(Message.id, Message.subject, Message.text)
        .where(Message.annotated_at.is_(None), Message.direction == Direction.INBOUND)
        .order_by(Message.id)
        .limit(limit)
    )
    return [(id_, text or subject) for id_, subject, text in session.execute(query)]


def record(session: Session, *, annotations: Mapping[int, Annotated]) -> None:
    """Store the answers by message id, and move sentiment, intent and mood of their conversations."""
    query = select(Message).where(Message.id.in_(annotations))
    messages = session.scalars(query.order_by(Message.id)).all()
    conversations = _locked(session, {message.conversation_id for message in messages})
    _insert(session, annotations, {message.id for message in messages})
    news = [message for message in messages if message.annotated_at is None]
    for message in news:
        message.annotated_at = now()
        message.language = annotations[message.id].language
        conversations[message.conversation_id].language = message.language
    _move_moods(session, conversations)
    for message in news:
        conversation = conversations[message.conversation_id]
        outbox.record(session, message_event(session, MessageAnnotated, conversation, message))


def mood_of(scores: Iterable[float]) -> float | None:
    """Return the weighted mean of scores in [-1, 1], oldest first, newest heaviest; None for none."""
    mood: float | None = None
    for score in scores:
        mood = score if mood is None else mood + NEWEST_WEIGHT * (score - mood)
    return mood


def _locked(session: Session, ids: set[int]) -> dict[int, Conversation]:
    query = select(Conversation).where(Conversation.id.in_(ids)).order_by(Conversation.id).with_for_update()
    return {conversation.id: conversation for conversation in session.scalars(query)}


def _insert(session: Session, annotations: Mapping[int, Annotated], ids: set[int]) -> None:
    rows: list[dict[str, Any]] = [
        {
            "message_id": message_id,
            "task": said.task,
            "label": said.label,
            "score": said.score,
            "confidence": said.confidence,
            "abstained": said.abstained,
            "abstain_reason": said.abstain_reason,
            "model_id": annotation.model_id,
            "model_version": annotation.model_version,
        }
        for message_id, annotation in sorted(annotations.items())
        if message_id in ids
        for said in annotation.predictions
    ]
    if rows:
        session.execute(insert(Prediction).values(rows).on_conflict_do_nothing())


def _move_moods(session: Session, conversations: Mapping[int, Conversation]) -> None:
    """Recompute from the stored answers, so that the order in which they came does not matter."""
    by_task = _usable(session, conversations)
    for id_, conversation in conversations.items():
        sentiments, intents = by_task[id_, "sentiment"], by_task[id_, "intent"]
        conversation.mood = mood_of(score for _, score in sentiments[-MOOD_MESSAGES:] if score is not None)
        conversation.sentiment = sentiments[-1][0] if sentiments else None
        conversation.intent = intents[-1][0] if intents else None


def _usable(
    session: Session, conversations: Mapping[int, Conversation]
) -> dict[tuple[int, str], list[tuple[str, float | None]]]:
    """Return (label, score) per conversation and task in order of arrival: the newest answer each, no abstentions."""
    query = (
        select(Message.conversation_id, Message.id, Prediction.task, Prediction.label, Prediction.score)
        .join(Prediction, Prediction.message_id == Message.id)
        .where(Message.conversation_id.in_(conversations), Message.visibility == Visibility.PUBLIC)
        .where(Prediction.abstained.is_(False))
        .ext(distinct_on(Message.conversation_id, Message.delivery_id, Message.id, Prediction.task))
        .order_by(Message.conversation_id, Message.delivery_id, Message.id, Prediction.task, Prediction.id.desc())
    )
    found: dict[tuple[int, str], list[tuple[str, float | None]]] = defaultdict(list)
    for conversation_id, _, task, label, score in session.execute(query):
        found[conversation_id, task].append((label, score))
    return found
