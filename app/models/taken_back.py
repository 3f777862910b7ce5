"""A reply that its writer took back before it left: what it was made of, until it is written again or given up."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Created, Id, Json, PublicId


class TakenBack(Base):
    """`files` are {filename, content_type, size, blob_sha256, content_id} in order; `template` is what Message.template
    kept, `sender` the address it was to leave with ("" for the usual one), and `due_at` when, if it was scheduled.
    """

    __tablename__ = "taken_back"
    __table_args__ = (Index("ix_taken_back_conversation", "conversation_id", "user_id"),)

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversation.id", ondelete="CASCADE"))
    answers_id: Mapped[int | None] = mapped_column(ForeignKey("message.id", ondelete="CASCADE"), index=True)
    text: Mapped[str] = mapped_column(default="", server_default="")
    cc: Mapped[list[str]] = mapped_column(default=list, server_default="[]")
    bcc: Mapped[list[str]] = mapped_column(default=list, server_default="[]")
    sender: Mapped[str] = mapped_column(default="", server_default="")
    due_at: Mapped[datetime | None]
    in_private: Mapped[bool] = mapped_column(default=False, server_default="false")
    template: Mapped[Json | None] = mapped_column(JSONB(none_as_null=True))
    files: Mapped[list[Json]] = mapped_column(default=list, server_default="[]")
    created_at: Mapped[Created]
