"""Which models have annotated here, and how far the one in use has come with reading again what others annotated."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.models import Conversation, PredictionModel


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """`conversations` show what this version says."""

    version: str
    model_id: str
    taken_up_at: datetime
    conversations: int


@dataclass(frozen=True, slots=True)
class Reading:
    """`in_use` is None before the first message; `older` are those that still show in conversations, newest first."""

    in_use: ModelVersion | None
    older: tuple[ModelVersion, ...]

    @property
    def left(self) -> int:
        """Count the conversations that are still to be read again."""
        return sum(version.conversations for version in self.older)

    @property
    def share(self) -> float:
        """Return how much shows what the model in use says, in [0, 1]."""
        done = self.in_use.conversations if self.in_use else 0
        return done / (done + self.left) if done + self.left else 1.0


def reading_again(session: Session) -> Reading:
    """Read which version is in use and how many conversations show each. One query, over an index."""
    shown = (
        select(Conversation.mood_version, func.count().label("conversations"))
        .where(Conversation.mood_version.is_not(None))
        .group_by(Conversation.mood_version)
        .subquery()
    )
    query = select(PredictionModel, func.coalesce(shown.c.conversations, 0)).outerjoin(
        shown, shown.c.mood_version == PredictionModel.version
    )
    rows = session.execute(query.order_by(PredictionModel.taken_up_at.desc()))
    found = [ModelVersion(row.version, row.model_id, row.taken_up_at, count) for row, count in rows]
    older = tuple(version for version in found[1:] if version.conversations)
    return Reading(in_use=found[0] if found else None, older=older)
