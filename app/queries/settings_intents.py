"""Settings: the workspace's intents, one intent's examples, messages like them, and how far training has come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from app.models import (
    Conversation,
    HeadKind,
    IntentExample,
    Learning,
    LightHead,
    Message,
    MessageEmbedding,
    Subject,
    User,
    WorkspaceIntent,
)
from app.phrases import phrase
from app.queries._json import AnySelect, InboxIds

MOST_EXAMPLES_SHOWN, MOST_LIKE, MOST_LOOKED_AT = 200, 20, 5_000
Into = aliased(WorkspaceIntent)


@dataclass(frozen=True, slots=True)
class IntentRow:
    id: int
    public_id: UUID
    slug: str
    title: str
    description: str
    version: int
    is_archived: bool
    merged_into: str | None


@dataclass(frozen=True, slots=True)
class ExampleRow:
    public_id: UUID
    text: str
    is_from_message: bool
    user_name: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class LikeRow:
    """A message that could be an example."""

    public_id: UUID
    conversation_id: UUID
    text: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Training:
    """How far training has come, and what the newest version of the workspace's intents is like."""

    is_running: bool
    step: str
    progress: float
    error: str
    finished_at: datetime | None
    asked_by: str | None
    version: int | None
    is_in_use: bool
    trained_at: datetime | None
    examples: int
    metrics: dict[str, Any]

    def recall(self, slug: str) -> float | None:
        """Return how many of an intent's examples were found again when they were held back."""
        found: dict[str, Any] = self.metrics.get("per_label", {}).get(slug, {})
        return found.get("recall")


def intents(session: Session) -> list[IntentRow]:
    """Return all intents, those in use first, by title."""
    query = (
        select(
            WorkspaceIntent.id,
            WorkspaceIntent.public_id,
            WorkspaceIntent.slug,
            WorkspaceIntent.title,
            WorkspaceIntent.description,
            WorkspaceIntent.version,
            WorkspaceIntent.archived_at.is_not(None).label("is_archived"),
            Into.title.label("merged_into"),
        )
        .outerjoin(Into, Into.id == WorkspaceIntent.merged_into_id)
        .order_by("is_archived", func.lower(WorkspaceIntent.title), WorkspaceIntent.id)
    )
    return [IntentRow(*row) for row in session.execute(query)]


def examples(session: Session, *, intent_id: int) -> list[ExampleRow]:
    """Return an intent's newest examples."""
    query = (
        select(
            IntentExample.public_id,
            IntentExample.text,
            IntentExample.message_id.is_not(None),
            User.name,
            IntentExample.created_at,
        )
        .outerjoin(User, User.id == IntentExample.user_id)
        .where(IntentExample.intent_id == intent_id)
        .order_by(IntentExample.id.desc())
        .limit(MOST_EXAMPLES_SHOWN)
    )
    return [ExampleRow(*row) for row in session.execute(query)]


def messages_with(session: Session, *, words: str, inbox_ids: InboxIds) -> list[LikeRow]:
    """Return the newest customer messages that contain these words, among the newest MOST_LOOKED_AT."""
    newest = _newest(inbox_ids).subquery()
    found = newest.c.text.icontains(words, autoescape=True)
    query = select(newest.c.public_id, newest.c.conversation, newest.c.text, newest.c.created_at).where(found)
    return [LikeRow(*row) for row in session.execute(query.order_by(newest.c.id.desc()).limit(MOST_LIKE))]


def messages_like(session: Session, *, intent_id: int, inbox_ids: InboxIds) -> list[LikeRow]:
    """Return the customer messages nearest to an intent's examples, among the newest; none where none is embedded."""
    of_intent = IntentExample.intent_id == intent_id
    known = select(IntentExample.message_id).where(of_intent, IntentExample.message_id.is_not(None))
    written = select(IntentExample.embedding.label("place")).where(of_intent, IntentExample.embedding.is_not(None))
    taken = select(MessageEmbedding.embedding.label("place")).where(MessageEmbedding.message_id.in_(known))
    places = written.union_all(taken).subquery()
    middle = select(func.avg(places.c.place, type_=MessageEmbedding.embedding.type)).scalar_subquery()
    newest = _newest(inbox_ids).subquery()
    distance = MessageEmbedding.embedding.cosine_distance(middle)
    query = (
        select(newest.c.public_id, newest.c.conversation, newest.c.text, newest.c.created_at)
        .join(MessageEmbedding, MessageEmbedding.message_id == newest.c.id)
        .where(newest.c.id.not_in(known), middle.is_not(None))
    )
    return [LikeRow(*row) for row in session.execute(query.order_by(distance, newest.c.id.desc()).limit(MOST_LIKE))]


def training(session: Session) -> Training:
    """Return how far training has come. One query."""
    head = (
        select(LightHead.version, LightHead.is_active, LightHead.created_at, LightHead.examples, LightHead.metrics)
        .where(LightHead.kind == HeadKind.INTENTS)
        .order_by(LightHead.is_active.desc(), LightHead.version.desc())
        .limit(1)
        .lateral()
    )
    query = (
        select(Learning, User.name, *head.c)
        .outerjoin(User, User.id == Learning.asked_by_id)
        .outerjoin(head, Learning.subject == Subject.INTENTS)
        .where(Learning.subject == Subject.INTENTS)
    )
    row, asked_by, version, is_active, trained_at, count, metrics = session.execute(query).one()
    return Training(
        is_running=row.is_waiting,
        step=row.step or phrase("Waiting for the annotator"),
        progress=row.progress,
        error=row.error,
        finished_at=row.finished_at,
        asked_by=asked_by,
        version=version,
        is_in_use=bool(is_active),
        trained_at=trained_at,
        examples=count or 0,
        metrics=metrics or {},
    )


def _newest(inbox_ids: InboxIds) -> AnySelect:
    text = func.left(func.coalesce(func.nullif(Message.text, ""), Message.subject), 400)
    return (
        select(
            Message.id,
            Message.public_id,
            Conversation.public_id.label("conversation"),
            text.label("text"),
            Message.created_at,
        )
        .join(Conversation, Conversation.id == Message.conversation_id)
        .where(Message.direction == "inbound", Conversation.inbox_id.in_(inbox_ids))
        .order_by(Message.id.desc())
        .limit(MOST_LOOKED_AT)
    )
