"""Who follows a conversation: they are told of everything that is said in it."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Created


class Follower(Base):
    """`is_off`: somebody who does not want to follow any more; a note of theirs does not make them follow again."""

    __tablename__ = "follower"
    __table_args__ = (Index("ix_follower_user_id", "user_id", "conversation_id", postgresql_where="NOT is_off"),)

    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversation.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), primary_key=True)
    is_off: Mapped[bool] = mapped_column(default=False, server_default="false")
    created_at: Mapped[Created]
