"""Settings: what the workspace has taught the model: versions, who put which to use, and the newest corrections."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from app.models import (
    Conversation,
    Correction,
    HeadActivation,
    HeadKind,
    Learning,
    LightHead,
    Message,
    Subject,
    User,
)
from app.queries._json import InboxIds

MOST_VERSIONS, MOST_ACTIVATIONS, MOST_CORRECTIONS = 30, 20, 50


@dataclass(frozen=True, slots=True)
class VersionRow:
    task: str
    version: int
    kind: HeadKind
    examples: int
    metrics: dict[str, Any]
    model_version: str
    is_active: bool
    user_name: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ActivationRow:
    task: str
    version: int | None
    user_name: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class CorrectionRow:
    message_id: UUID
    conversation_id: UUID
    task: str
    labels: tuple[str, ...]
    said: tuple[str, ...]
    text: str
    is_set_aside: bool
    user_name: str | None
    created_at: datetime

    @property
    def is_confirmation(self) -> bool:
        return sorted(self.labels) == sorted(self.said)


@dataclass(frozen=True, slots=True)
class TaskState:
    """`spoken` counts what people said of a task, `set_aside` what of it a rollback left out."""

    task: str
    spoken: int
    set_aside: int
    is_waiting: bool
    error: str


def versions(session: Session) -> list[VersionRow]:
    """Return the newest versions of every task, newest first, and those in use."""
    place = func.row_number().over(partition_by=LightHead.task, order_by=LightHead.version.desc())
    newest = select(LightHead.id, place.label("place")).subquery()
    query = (
        select(
            LightHead.task,
            LightHead.version,
            LightHead.kind,
            LightHead.examples,
            LightHead.metrics,
            LightHead.model_version,
            LightHead.is_active,
            User.name,
            LightHead.created_at,
        )
        .join(newest, newest.c.id == LightHead.id)
        .outerjoin(User, User.id == LightHead.created_by_id)
        .where((newest.c.place <= MOST_VERSIONS) | LightHead.is_active)
        .order_by(LightHead.task, LightHead.version.desc())
    )
    return [VersionRow(*row) for row in session.execute(query)]


def activations(session: Session) -> list[ActivationRow]:
    """Return who put which version to use, newest first."""
    query = (
        select(HeadActivation.task, HeadActivation.version, User.name, HeadActivation.created_at)
        .outerjoin(User, User.id == HeadActivation.user_id)
        .order_by(HeadActivation.id.desc())
        .limit(MOST_ACTIVATIONS)
    )
    return [ActivationRow(*row) for row in session.execute(query)]


def states(session: Session) -> list[TaskState]:
    """Return how far learning has come, task by task."""
    aside = func.count(Correction.set_aside_at)
    counts = (
        select(Correction.task, func.count().label("spoken"), aside.label("set_aside"))
        .where(Correction.undone_at.is_(None))
        .group_by(Correction.task)
        .subquery()
    )
    task = case((Learning.subject == Subject.INTENTS, "intent"), else_=Learning.subject)
    query = (
        select(
            task,
            func.coalesce(func.max(counts.c.spoken), 0),
            func.coalesce(func.max(counts.c.set_aside), 0),
            func.bool_or(Learning.learned < Learning.wanted),
            func.max(Learning.error),
        )
        .outerjoin(counts, counts.c.task == task)
        .group_by(task)
    )
    found = {row[0]: TaskState(*row) for row in session.execute(query)}
    return [found[subject.value] for subject in Subject if subject.value in found]


def newest_corrections(session: Session, *, inbox_ids: InboxIds) -> list[CorrectionRow]:
    """Return what people said last of messages in these inboxes."""
    query = (
        select(
            Message.public_id,
            Conversation.public_id,
            Correction.task,
            Correction.labels,
            Correction.said_labels,
            func.left(func.coalesce(func.nullif(Message.text, ""), Message.subject), 200),
            Correction.set_aside_at.is_not(None),
            User.name,
            Correction.created_at,
        )
        .join(Message, Message.id == Correction.message_id)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .outerjoin(User, User.id == Correction.user_id)
        .where(Correction.undone_at.is_(None), Conversation.inbox_id.in_(inbox_ids))
        .order_by(Correction.id.desc())
        .limit(MOST_CORRECTIONS)
    )
    rows = session.execute(query)
    return [CorrectionRow(a, b, task, tuple(labels), tuple(said), *rest) for a, b, task, labels, said, *rest in rows]
