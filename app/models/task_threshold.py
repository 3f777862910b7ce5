"""How sure the model must be before its word is used: one row a change, the newest of a task holds."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Created, Id


class TaskThreshold(Base):
    """`threshold` is None where the model's own holds again."""

    __tablename__ = "task_threshold"
    __table_args__ = (Index("ix_task_threshold_task", "task", "id"),)

    id: Mapped[Id]
    task: Mapped[str]
    threshold: Mapped[float | None]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"), index=True)
    created_at: Mapped[Created]
