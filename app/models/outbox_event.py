"""A fact that other processes must hear, stored with the change it tells of."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Created, Id, Json


class OutboxEvent(Base):
    __tablename__ = "outbox_event"
    __table_args__ = (
        Index("ix_outbox_event_waiting", "id", postgresql_where="published_at IS NULL"),
        Index("ix_outbox_event_published", "published_at", postgresql_where="published_at IS NOT NULL"),
    )

    id: Mapped[Id]
    name: Mapped[str]
    payload: Mapped[Json]
    published_at: Mapped[datetime | None]
    created_at: Mapped[Created]


class Heartbeat(Base):
    """The last sign of life of a process, for `doctor` and /ready."""

    __tablename__ = "heartbeat"

    process: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    beat_at: Mapped[datetime]
    detail: Mapped[Json] = mapped_column(default=dict, server_default="{}")
