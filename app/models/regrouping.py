"""Messages that a person moved from one conversation to another: what was moved, so that it can be undone."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Created, Id, Json, PublicId, one_of


class RegroupingKind(StrEnum):
    MERGE = "merge"  # all of source went into target, and source leads there from now on
    SPLIT = "split"  # some of source became target, a new conversation
    MOVE = "move"  # some of source went into target


class Regrouping(Base):
    """`message_ids`, `activity_ids`, `tag_ids`, `case_ids` and `references` (ids of mails) are what went from `source`
    to `target`; `before` is what both rows said: {"source": {…}, "target": {…}} of app.services.regrouping.FACTS.
    """

    __tablename__ = "regrouping"
    __table_args__ = (
        CheckConstraint("source_id <> target_id", name="two_conversations"),
        Index("ix_regrouping_source_id", "source_id"),
        Index("ix_regrouping_target_id", "target_id"),
    )

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    kind: Mapped[RegroupingKind] = mapped_column(one_of(RegroupingKind))
    source_id: Mapped[int] = mapped_column(ForeignKey("conversation.id", ondelete="CASCADE"))
    target_id: Mapped[int] = mapped_column(ForeignKey("conversation.id", ondelete="CASCADE"))
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"), index=True)
    message_ids: Mapped[list[int]]
    activity_ids: Mapped[list[int]] = mapped_column(default=list, server_default="[]")
    tag_ids: Mapped[list[int]] = mapped_column(default=list, server_default="[]")
    case_ids: Mapped[list[int]] = mapped_column(default=list, server_default="[]")
    references: Mapped[list[str]] = mapped_column(default=list, server_default="[]")
    before: Mapped[Json] = mapped_column(default=dict, server_default="{}")
    undone_at: Mapped[datetime | None]
    created_at: Mapped[Created]
