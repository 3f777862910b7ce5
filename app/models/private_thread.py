"""Where a conversation goes on in private that began in public."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Created, Id


class PrivateThread(Base):
    """The thread at the provider in which this conversation's customer is answered in private.

    `thread_key` is the provider's name of it, None until they wrote there: the first private message of `sender` tells
    it. A customer's thread belongs to one conversation: the one that was last moved into it.
    """

    __tablename__ = "private_thread"
    __table_args__ = (
        Index("uq_private_thread_sender", "channel_id", "sender", unique=True),
        Index("ix_private_thread_key", "channel_id", "thread_key", postgresql_where="thread_key IS NOT NULL"),
    )

    id: Mapped[Id]
    channel_id: Mapped[int] = mapped_column(ForeignKey("channel.id"))
    sender: Mapped[str]
    thread_key: Mapped[str | None]
    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversation.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[Created]
