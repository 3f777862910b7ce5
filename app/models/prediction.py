"""What models said of messages, and which model is in use."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pgvector.sqlalchemy import HALFVEC
from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Created, Id, Json

EMBEDDING_SIZE = 384


class Prediction(Base):
    """What one model version said of one message for one task; told once, never overwritten.

    `labels` is [[label, confidence], …], best first: an emotional text may have several. `probabilities` is the model's
    own {label: probability}, before any workspace head. `reasons` is [[start, end, weight], …], characters of the text
    that was read (`annotated_text`). `assignee_id` and `team_id` are the conversation's when the message was first
    annotated; no foreign keys, for reports remember who has left. `head_version`: the workspace head that decided.
    """

    __tablename__ = "prediction"
    __table_args__ = (Index("uq_prediction_told_once", "message_id", "task", "model_version", unique=True),)

    id: Mapped[Id]
    message_id: Mapped[int] = mapped_column(ForeignKey("message.id", ondelete="CASCADE"))
    task: Mapped[str]
    label: Mapped[str]
    score: Mapped[float | None]
    confidence: Mapped[float]
    abstained: Mapped[bool]
    abstain_reason: Mapped[str | None]
    labels: Mapped[list[list[Any]]] = mapped_column(default=list, server_default="[]")
    probabilities: Mapped[Json] = mapped_column(default=dict, server_default="{}")
    reasons: Mapped[list[list[Any]]] = mapped_column(default=list, server_default="[]")
    model_id: Mapped[str]
    model_version: Mapped[str]
    head_version: Mapped[int | None]
    assignee_id: Mapped[int | None]
    team_id: Mapped[int | None]
    created_at: Mapped[Created]


class MessageEmbedding(Base):
    """Where the newest model puts a message among all others: a vector of unit length."""

    __tablename__ = "message_embedding"

    message_id: Mapped[int] = mapped_column(ForeignKey("message.id", ondelete="CASCADE"), primary_key=True)
    model_version: Mapped[str]
    embedding: Mapped[list[float]] = mapped_column(HALFVEC(EMBEDDING_SIZE))


class PredictionModel(Base):
    """A version of the model that has annotated here; the one taken up last is in use, the work of others is redone."""

    __tablename__ = "prediction_model"

    version: Mapped[str] = mapped_column(primary_key=True)
    model_id: Mapped[str]
    taken_up_at: Mapped[datetime]
