"""How right the model is, as far as people said: judged messages, how sure it was of all others, what it kept back.

Everything is of inboxes that the user may see, and of the newest messages: a page must not wait for old ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from app.models import Channel, Conversation, Correction, Message, Prediction, TaskThreshold, User
from app.queries._json import InboxIds

STEPS = 50  # thresholds between 0 and 1
MOST_SAMPLED, MOST_JUDGED = 20_000, 20_000
MOST_KEPT_BACK, MOST_CHANGES = 50, 20


@dataclass(frozen=True, slots=True)
class Judged:
    """Messages that are alike in all this. `step` is the confidence in STEPS-ths; `kept_back` as in Answers."""

    said: str
    truth: tuple[str, ...]
    step: int
    kept_back: str
    language: str
    channel: str
    messages: int

    @property
    def is_right(self) -> bool:
        return self.said in self.truth


@dataclass(frozen=True, slots=True)
class Answers:
    """Answers that are alike. `kept_back` says why they are not used: "", "confidence", "empty", "language:xx"."""

    step: int
    kept_back: str
    messages: int


@dataclass(frozen=True, slots=True)
class KeptBack:
    """A message whose answer is not used."""

    public_id: UUID
    conversation_id: UUID
    text: str
    label: str
    confidence: float
    channel: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ThresholdChange:
    threshold: float | None
    user_name: str | None
    created_at: datetime


def judged(session: Session, *, task: str, inbox_ids: InboxIds) -> list[Judged]:
    """Return what people corrected or confirmed of a task, the newest MOST_JUDGED, folded."""
    newest = (
        select(
            func.coalesce(Correction.said_labels[0].astext, "").label("said"),
            Correction.labels.label("truth"),
            _step(Correction.said_confidence).label("step"),
            func.coalesce(Prediction.abstain_reason, "").label("kept_back"),
            func.coalesce(Message.language, "und").label("language"),
            Channel.name.label("channel"),
        )
        .join(Message, Message.id == Correction.message_id)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .join(Channel, Channel.id == Message.channel_id)
        .outerjoin(
            Prediction,
            and_(
                Prediction.message_id == Correction.message_id,
                Prediction.task == Correction.task,
                Prediction.model_version == Correction.model_version,
            ),
        )
        .where(Correction.task == task, Correction.undone_at.is_(None), Conversation.inbox_id.in_(inbox_ids))
        .order_by(Correction.id.desc())
        .limit(MOST_JUDGED)
        .subquery()
    )
    columns = list(newest.c)
    rows = session.execute(select(*columns, func.count()).group_by(*columns).order_by(*columns))
    return [Judged(said, tuple(truth), *rest) for said, truth, *rest in rows]


def answers(session: Session, *, task: str, inbox_ids: InboxIds) -> list[Answers]:
    """Return how sure the model was of the newest MOST_SAMPLED messages, folded."""
    newest = (
        select(
            _step(Prediction.confidence).label("step"), func.coalesce(Prediction.abstain_reason, "").label("kept_back")
        )
        .join(Message, Message.id == Prediction.message_id)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .where(Prediction.task == task, Conversation.inbox_id.in_(inbox_ids))
        .order_by(Prediction.id.desc())
        .limit(MOST_SAMPLED)
        .subquery()
    )
    columns = list(newest.c)
    rows = session.execute(select(*columns, func.count()).group_by(*columns).order_by(*columns))
    return [Answers(row[0], row[1], row[2]) for row in rows]


def kept_back(session: Session, *, task: str, reason: str, inbox_ids: InboxIds) -> list[KeptBack]:
    """Return the newest messages whose answer is not used for a reason, and about which nobody spoke yet."""
    query = (
        select(
            Message.public_id,
            Conversation.public_id,
            func.left(func.coalesce(func.nullif(Message.text, ""), Message.subject), 300),
            Prediction.label,
            Prediction.confidence,
            Channel.name,
            Message.created_at,
        )
        .join(Message, Message.id == Prediction.message_id)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .join(Channel, Channel.id == Message.channel_id)
        .where(
            Prediction.task == task,
            Prediction.abstained.is_(True),
            Prediction.abstain_reason == reason,
            Conversation.inbox_id.in_(inbox_ids),
            ~_is_judged(),
        )
    )
    rows = session.execute(query.order_by(Prediction.id.desc()).limit(MOST_KEPT_BACK))
    return [KeptBack(*row) for row in rows]


def threshold_changes(session: Session, *, task: str) -> list[ThresholdChange]:
    """Return who changed a task's threshold, newest first."""
    query = (
        select(TaskThreshold.threshold, User.name, TaskThreshold.created_at)
        .outerjoin(User, User.id == TaskThreshold.user_id)
        .where(TaskThreshold.task == task)
    )
    rows = session.execute(query.order_by(TaskThreshold.id.desc()).limit(MOST_CHANGES))
    return [ThresholdChange(*row) for row in rows]


def _is_judged() -> ColumnElement[bool]:
    spoken = select(Correction.id).where(
        Correction.message_id == Prediction.message_id,
        Correction.task == Prediction.task,
        Correction.undone_at.is_(None),
    )
    return spoken.correlate(Prediction).exists()


def _step(confidence: Any) -> ColumnElement[int]:
    """Return how many STEPS-ths a confidence reaches."""
    return func.floor(func.coalesce(confidence, 0.0) * STEPS + 1e-6).cast(Prediction.id.type)
