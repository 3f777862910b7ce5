"""What an agent does with a customer's message besides answering it: like, hide, delete."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Created, Id, PublicId, one_of


class ActionState(StrEnum):
    QUEUED = "queued"
    DOING = "doing"
    DONE = "done"
    FAILED = "failed"


class MessageAction(Base):
    """`kind` is connectors.base.ActionKind. The newest done one of like/unlike and hide/unhide is how things stand."""

    __tablename__ = "message_action"
    __table_args__ = (
        Index("ix_message_action_message", "message_id", "id"),
        Index("ix_message_action_waiting", "id", postgresql_where="state IN ('queued', 'doing')"),
    )

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    message_id: Mapped[int] = mapped_column(ForeignKey("message.id", ondelete="CASCADE"))
    kind: Mapped[str]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"), index=True)
    state: Mapped[ActionState] = mapped_column(one_of(ActionState), default=ActionState.QUEUED)
    reason: Mapped[str] = mapped_column(default="", server_default="")
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    claimed_until: Mapped[datetime | None]
    next_try_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    created_at: Mapped[Created]
