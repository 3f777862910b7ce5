"""One message's labels, for the sheet in which people correct them. One query."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from app.models import Conversation, Correction, Message, Prediction, User
from app.queries._json import InboxIds, json_list, json_object


@dataclass(frozen=True, slots=True)
class TaskLabels:
    """What the model says for a task, and what a person said (`labels` is empty where nobody did)."""

    task: str
    said: tuple[str, ...]
    confidence: float
    abstained: bool
    labels: tuple[str, ...]
    corrected_by: str

    @property
    def hold(self) -> tuple[str, ...]:
        """Return the labels that hold."""
        return self.labels or self.said


@dataclass(frozen=True, slots=True)
class MessageLabels:
    public_id: UUID
    conversation_id: UUID
    text: str
    tasks: tuple[TaskLabels, ...]

    def of(self, task: str) -> TaskLabels | None:
        return next((one for one in self.tasks if one.task == task), None)


def find(session: Session, *, public_id: str, inbox_ids: InboxIds) -> MessageLabels | None:
    """Read a message of these inboxes; None if it is not in them or not at all."""
    try:
        wanted = UUID(public_id)
    except ValueError:
        return None
    text = func.left(func.coalesce(func.nullif(Message.text, ""), Message.subject), 200)
    query = (
        select(Message.public_id, Conversation.public_id, text, _predictions(), _corrections())
        .join(Conversation, Conversation.id == Message.conversation_id)
        .where(Message.public_id == wanted, Conversation.inbox_id.in_(inbox_ids))
    )
    row = session.execute(query).one_or_none()
    if row is None:
        return None
    said: dict[str, dict[str, Any]] = {}
    for one in row[3]:
        said.setdefault(one["task"], one)  # the newest comes first
    spoken = {one["task"]: one for one in row[4]}
    tasks = tuple(_labels(one, spoken.get(task)) for task, one in said.items())
    return MessageLabels(public_id=row[0], conversation_id=row[1], text=row[2], tasks=tasks)


def _labels(said: dict[str, Any], spoken: dict[str, Any] | None) -> TaskLabels:
    several = [label for label, _ in said["labels"]] if said["task"] == "emotion" else []
    return TaskLabels(
        task=said["task"],
        said=tuple(several or [said["label"]]),
        confidence=said["confidence"],
        abstained=said["abstained"],
        labels=tuple(spoken["labels"]) if spoken else (),
        corrected_by=spoken["by"] if spoken else "",
    )


def _predictions() -> ColumnElement[Any]:
    told = json_object(
        task=Prediction.task,
        label=Prediction.label,
        labels=Prediction.labels,
        confidence=Prediction.confidence,
        abstained=Prediction.abstained,
    )
    query = select(json_list(told, order=Prediction.id.desc())).where(Prediction.message_id == Message.id)
    return query.correlate(Message).scalar_subquery()


def _corrections() -> ColumnElement[Any]:
    spoken = json_object(task=Correction.task, labels=Correction.labels, by=func.coalesce(User.name, ""))
    query = (
        select(json_list(spoken))
        .select_from(Correction)
        .outerjoin(User, User.id == Correction.user_id)
        .where(Correction.message_id == Message.id, Correction.undone_at.is_(None))
    )
    return query.correlate(Message).scalar_subquery()
