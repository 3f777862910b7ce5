"""What holds for a message: a person's word before the model's.

For everything that counts or averages predictions (moods, roll-ups, accuracy): SQL expressions over a Prediction, and
`truth_of` for a handful of messages. A message about which a person spoke is never abstained.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import ColumnElement, and_, case, func, select
from sqlalchemy.orm import Session

from app.models import Correction, Prediction

SCORES = {"negative": -1.0, "neutral": 0.0, "positive": 1.0}  # a person's word counts in full


def truth_of(session: Session, message_ids: Collection[int]) -> dict[tuple[int, str], tuple[str, ...]]:
    """Return the labels people gave, by (message id, task); best first, ("none",) for a message without emotion."""
    query = select(Correction.message_id, Correction.task, Correction.labels).where(
        Correction.message_id.in_(message_ids), Correction.undone_at.is_(None)
    )
    return {(message_id, task): tuple(labels) for message_id, task, labels in session.execute(query)}


def corrected_label() -> ColumnElement[str | None]:
    """Return the first label a person gave for a Prediction's message and task, NULL where nobody did."""
    query = select(Correction.labels[0].astext).where(
        Correction.message_id == Prediction.message_id,
        Correction.task == Prediction.task,
        Correction.undone_at.is_(None),
    )
    return query.correlate(Prediction).scalar_subquery()


def label() -> ColumnElement[str]:
    """Return the label that holds for a Prediction, abstained or not."""
    return func.coalesce(corrected_label(), Prediction.label)


def abstained() -> ColumnElement[bool]:
    """Say of a Prediction whether nothing about it may be used."""
    return and_(Prediction.abstained, corrected_label().is_(None))


def score() -> ColumnElement[float | None]:
    """Return the score that holds for a Prediction: the model's, or that of the label a person put in its place."""
    said = corrected_label()
    scores = case(SCORES, value=said)
    is_other = and_(Prediction.task == "sentiment", said.is_not(None), said != Prediction.label)
    return case((is_other, scores), else_=Prediction.score)
