"""Keep what the models said, told once per model version, and move all that follows from it.

Locks in one order: contacts, then conversations; messages are read once their conversation is locked, so that two
annotators who heard of the same message count it once.
"""

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
from app.models import (
    Contact,
    Conversation,
    Direction,
    Message,
    MessageEmbedding,
    Prediction,
    PredictionModel,
    Visibility,
)
from app.services import conversation_moods, sentiment_counts
from app.services.changes import message_event
from app.services.conversation_moods import Answer
from app.services.moods import Place

Row = dict[str, Any]


class SaidReason(Protocol):
    """Characters of the text that drove a label (nlp.prediction.Reason)."""

    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...
    @property
    def weight(self) -> float: ...


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
    def labels(self) -> Sequence[tuple[str, float]]: ...
    @property
    def probabilities(self) -> Mapping[str, float]: ...
    @property
    def abstained(self) -> bool: ...
    @property
    def abstain_reason(self) -> str | None: ...
    @property
    def reasons(self) -> Sequence[SaidReason]: ...
    @property
    def head_version(self) -> int | None: ...


class Annotated(Protocol):
    """All answers about one text (nlp.prediction.Annotation); the embedding of an empty text is empty."""

    @property
    def language(self) -> str: ...
    @property
    def predictions(self) -> Sequence[Said]: ...
    @property
    def embedding(self) -> Sequence[float]: ...
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
    return [(id_, annotated_text(subject, text)) for id_, subject, text in session.execute(query)]


def annotated_text(subject: str, text: str) -> str:
    """Return the words of a message that models read, and that reasons point into."""
    return text or subject


def take_up(session: Session, *, model_id: str, version: str) -> None:
    """Say that an annotator begins to work with this version: from now on it is the one in use."""
    statement = insert(PredictionModel).values(version=version, model_id=model_id, taken_up_at=now())
    session.execute(statement.on_conflict_do_update(index_elements=["version"], set_={"taken_up_at": now()}))


def record(session: Session, *, annotations: Mapping[int, Annotated], read: Mapping[int, str] | None = None) -> None:
    """Store the answers by message id, and move counts, latest answers, moods.

    `read` are the texts that were read: a message whose writer changed or deleted it meanwhile is left out.

    Answers that are stored already are left alone. Of a message that was annotated by an older version the answers are
    kept and counted beside the older ones; the rest follows when its conversation has been read again (rescoring).
    """
    conversations = lock_conversations(session, set(annotations))
    messages = session.scalars(
        select(Message)
        .where(Message.id.in_(annotations))
        .order_by(Message.id)
        .execution_options(populate_existing=True)
    ).all()
    messages = [message for message in messages if _says_still(message, read)]
    known = {conversation.mood_version for conversation in conversations.values()}
    _know_models(session, [told for told in annotations.values() if told.model_version not in known])
    fresh = [message for message in messages if message.annotated_at is None]
    for message in fresh:
        _mark(message, conversations[message.conversation_id], annotations[message.id])
    stored = _insert(session, annotations, messages, conversations)
    _keep_embeddings(session, annotations, messages)
    sentiment_counts.move(session, prediction_ids=list(stored))
    conversation_moods.move(session, conversations, _answers(fresh, stored.values()))
    events = [message_event(session, MessageAnnotated, conversations[m.conversation_id], m) for m in fresh]
    outbox.record_all(session, events)


def _says_still(message: Message, read: Mapping[int, str] | None) -> bool:
    """Say whether a message still has the words that were read."""
    if message.is_deleted:
        return False
    return read is None or read.get(message.id) == annotated_text(message.subject, message.text)


def lock_conversations(session: Session, message_ids: set[int]) -> dict[int, Conversation]:
    """Lock the conversations of these messages, after their contacts, each in ascending order."""
    homes = select(Message.conversation_id).where(Message.id.in_(message_ids))
    return lock_by_id(session, set(session.scalars(homes)))


def lock_by_id(session: Session, ids: set[int]) -> dict[int, Conversation]:
    """Lock these conversations, after their contacts, each in ascending order."""
    people = select(Conversation.contact_id).where(Conversation.id.in_(ids))
    query = select(Contact).where(Contact.id.in_(set(session.scalars(people)))).order_by(Contact.id)
    session.scalars(query.with_for_update(key_share=True).execution_options(populate_existing=True)).all()
    locked = select(Conversation).where(Conversation.id.in_(ids)).order_by(Conversation.id).with_for_update()
    rows = session.scalars(locked.execution_options(populate_existing=True))
    return {conversation.id: conversation for conversation in rows}


def _mark(message: Message, conversation: Conversation, annotation: Annotated) -> None:
    message.annotated_at = now()
    message.language = conversation.language = annotation.language
    if conversation.mood_version is None:
        conversation.mood_version = annotation.model_version


def _know_models(session: Session, annotations: Iterable[Annotated]) -> None:
    rows = {a.model_version: {"version": a.model_version, "model_id": a.model_id} for a in annotations}
    values = [row | {"taken_up_at": now()} for _, row in sorted(rows.items())]
    if values:
        session.execute(insert(PredictionModel).values(values).on_conflict_do_nothing())


def _insert(
    session: Session,
    annotations: Mapping[int, Annotated],
    messages: Sequence[Message],
    conversations: Mapping[int, Conversation],
) -> dict[int, Row]:
    """Store what nobody has told yet; return it by its id."""
    owners = _owners_before(session, [message.id for message in messages])
    rows = [
        _row(annotations[message.id], said) | {"message_id": message.id} | _owner(owners, conversations, message)
        for message in messages
        for said in annotations[message.id].predictions
    ]
    if not rows:
        return {}
    key = Prediction.message_id, Prediction.task, Prediction.model_version
    told_once = insert(Prediction).on_conflict_do_nothing().returning(Prediction.id, *key)
    new = session.execute(told_once, rows, execution_options={"render_nulls": True})  # one statement for all shapes
    by_key = {(row["message_id"], row["task"], row["model_version"]): row for row in rows}
    return {id_: by_key[message_id, task, version] for id_, message_id, task, version in new}


def _row(annotation: Annotated, said: Said) -> Row:
    return {
        "task": said.task,
        "label": said.label,
        "score": said.score,
        "confidence": said.confidence,
        "labels": [[label, confidence] for label, confidence in said.labels],
        "probabilities": dict(said.probabilities),
        "abstained": said.abstained,
        "abstain_reason": said.abstain_reason,
        "reasons": [[reason.start, reason.end, reason.weight] for reason in said.reasons],
        "head_version": said.head_version,
        "model_id": annotation.model_id,
        "model_version": annotation.model_version,
    }


def _owner(owners: Mapping[int, Row], conversations: Mapping[int, Conversation], message: Message) -> Row:
    """Return whose the conversation is, or was when an older version annotated the message."""
    conversation = conversations[message.conversation_id]
    now_of = {"assignee_id": conversation.assignee_id, "team_id": conversation.team_id}
    return owners.get(message.id, now_of)


def _owners_before(session: Session, message_ids: Sequence[int]) -> dict[int, Row]:
    query = select(Prediction.message_id, Prediction.assignee_id, Prediction.team_id)
    first = query.where(Prediction.message_id.in_(message_ids)).ext(distinct_on(Prediction.message_id))
    rows = session.execute(first.order_by(Prediction.message_id, Prediction.id))
    return {id_: {"assignee_id": assignee_id, "team_id": team_id} for id_, assignee_id, team_id in rows}


def _keep_embeddings(session: Session, annotations: Mapping[int, Annotated], messages: Sequence[Message]) -> None:
    """Keep one embedding a message, of the version that read it last."""
    rows = [
        {
            "message_id": m.id,
            "model_version": annotations[m.id].model_version,
            "embedding": list(annotations[m.id].embedding),
        }
        for m in messages
        if annotations[m.id].embedding
    ]
    if rows:
        statement = insert(MessageEmbedding)
        newest = {"model_version": statement.excluded.model_version, "embedding": statement.excluded.embedding}
        session.execute(statement.on_conflict_do_update(index_elements=["message_id"], set_=newest), rows)


def _answers(messages: Sequence[Message], stored: Iterable[Row]) -> dict[int, list[Answer]]:
    """Return what was told of public messages and may be used, by conversation id, in order of arrival."""
    public = {message.id: message for message in messages if message.visibility is Visibility.PUBLIC}
    found: dict[int, list[Answer]] = defaultdict(list)
    for row in stored:
        message = public.get(row["message_id"])
        if message is None or row["abstained"]:
            continue
        answer = Answer(
            place=Place.of(message.delivery_id, message.id),
            at=message.created_at,
            task=row["task"],
            label=row["label"],
            score=row["score"],
            confidence=row["confidence"],
            version=row["model_version"],
        )
        found[message.conversation_id].append(answer)
    return {id_: sorted(answers, key=lambda answer: answer.place) for id_, answers in found.items()}
