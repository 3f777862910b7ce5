"""A reply that is to leave at a time its writer chose. It becomes a Message when it is released, and is none before."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Created, Id, Json, PublicId, one_of


class ScheduledState(StrEnum):
    WAITING = "waiting"
    HELD = "held"  # a person decides; `held_reason` says why


class ScheduledReply(Base):
    """`files` are {filename, content_type, size, blob_sha256, content_id} in order; `sender` is the address it leaves
    with, "" for the usual one. `waits_for_nobody`: it leaves even if the customer wrote after message `seen_id`, the
    newest one when it was scheduled.
    """

    __tablename__ = "scheduled_reply"
    __table_args__ = (
        Index("uq_scheduled_reply_client_key", "conversation_id", "client_key", unique=True),
        Index("ix_scheduled_reply_due", "due_at", postgresql_where="state = 'waiting'"),
    )

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversation.id", ondelete="CASCADE"))
    author_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"), index=True)
    answers_id: Mapped[int | None] = mapped_column(ForeignKey("message.id", ondelete="SET NULL"), index=True)
    text: Mapped[str] = mapped_column(default="", server_default="")
    is_markdown: Mapped[bool] = mapped_column(default=False, server_default="false")
    cc: Mapped[list[str]] = mapped_column(default=list, server_default="[]")
    bcc: Mapped[list[str]] = mapped_column(default=list, server_default="[]")
    sender: Mapped[str] = mapped_column(default="", server_default="")
    in_private: Mapped[bool] = mapped_column(default=False, server_default="false")
    is_public: Mapped[bool] = mapped_column(default=False, server_default="false")
    files: Mapped[list[Json]] = mapped_column(default=list, server_default="[]")
    client_key: Mapped[str]
    due_at: Mapped[datetime]
    waits_for_nobody: Mapped[bool] = mapped_column(default=False, server_default="false")
    seen_id: Mapped[int | None]
    state: Mapped[ScheduledState] = mapped_column(one_of(ScheduledState), default=ScheduledState.WAITING)
    held_reason: Mapped[str] = mapped_column(default="", server_default="")
    created_at: Mapped[Created]
