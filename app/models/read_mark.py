"""How far we told a provider that a conversation was read."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base


class ReadMark(Base):
    """`seen_id` is the newest message that somebody here has seen, `told_id` the one up to which the provider knows."""

    __tablename__ = "read_mark"
    __table_args__ = (Index("ix_read_mark_waiting", "conversation_id", postgresql_where="seen_id > told_id"),)

    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversation.id", ondelete="CASCADE"), primary_key=True)
    seen_id: Mapped[int]
    told_id: Mapped[int] = mapped_column(default=0, server_default="0")
    told_at: Mapped[datetime | None]
    asked_at: Mapped[datetime]  # when a worker was last asked to tell; in the future: not again before then
