"""What the models said of a message, and what people said of that. Each is JSON in the message's row."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import aliased

from app.models import Correction, Message, Prediction, User
from app.queries._json import json_list, json_object

Corrector = aliased(User)


@dataclass(frozen=True, slots=True)
class PredictionRow:
    """What holds: where a person spoke (`corrected_by`, "" for somebody who has left), their word, never abstained.

    `labels` are (label, confidence), best first; `reasons` (start, end, weight) in the text that was read; `head` is
    the version of the workspace's own head that decided, if one did.
    """

    task: str
    label: str
    labels: tuple[tuple[str, float], ...]
    score: float | None
    confidence: float
    abstained: bool
    abstain_reason: str | None
    reasons: tuple[tuple[int, int, float], ...]
    model: str
    head: int | None = None
    corrected_by: str | None = None
    said: str = ""  # the model's own label

    @property
    def is_confirmed(self) -> bool:
        """A person said that the model was right."""
        return self.corrected_by is not None and self.label == self.said


def column() -> ColumnElement[Any]:
    """Return one JSON column for the row of a Message: its predictions, the newest first."""
    told = json_object(
        task=Prediction.task,
        label=Prediction.label,
        labels=Prediction.labels,
        score=Prediction.score,
        confidence=Prediction.confidence,
        abstained=Prediction.abstained,
        abstain_reason=Prediction.abstain_reason,
        reasons=Prediction.reasons,
        model=Prediction.model_version,
        head=Prediction.head_version,
        correction=_correction(),
    )
    query = select(json_list(told, order=Prediction.id.desc())).where(Prediction.message_id == Message.id)
    return query.correlate(Message).scalar_subquery()


def _correction() -> ColumnElement[Any]:
    spoken = json_object(labels=Correction.labels, by=func.coalesce(Corrector.name, ""))
    query = (
        select(spoken)
        .outerjoin(Corrector, Corrector.id == Correction.user_id)
        .where(Correction.message_id == Prediction.message_id, Correction.task == Prediction.task)
        .where(Correction.undone_at.is_(None))
    )
    return query.correlate(Prediction).scalar_subquery()


def read(told: dict[str, Any]) -> PredictionRow:
    """Return what holds of one prediction: a person's word before the model's."""
    correction = told.pop("correction")
    lists = {name: tuple(tuple(one) for one in told[name]) for name in ("labels", "reasons")}
    said = PredictionRow(**(told | lists), said=told["label"])
    if correction is None:
        return said
    labels = tuple((label, 1.0) for label in correction["labels"])
    return replace(said, label=labels[0][0], labels=labels, abstained=False, corrected_by=correction["by"])
