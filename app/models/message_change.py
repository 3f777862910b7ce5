"""What a provider told of a message that was said before: an edit, a deletion, a reaction, a state."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Created, Id, Json


class MessageChange(Base):
    """One such event, kept under its own `external_id`, so that what is told twice happens once.

    `target` is the external id of the message; `message_id` is None while that has not come (or never will), and the
    change waits. `at` is the provider's time, else when it arrived: of two changes the later one counts, in whatever
    order they come. `details` holds what the kind needs: text and html, reaction, status and reason. `refused` says
    why it was not applied.
    """

    __tablename__ = "message_change"
    __table_args__ = (
        UniqueConstraint("channel_id", "external_id"),
        Index("ix_message_change_message", "message_id", "id", postgresql_where="message_id IS NOT NULL"),
        Index("ix_message_change_waiting", "channel_id", "target", postgresql_where="message_id IS NULL"),
        Index("ix_message_change_created_at", "created_at"),
    )

    id: Mapped[Id]
    channel_id: Mapped[int] = mapped_column(ForeignKey("channel.id"))
    external_id: Mapped[str]
    target: Mapped[str]
    kind: Mapped[str]
    sender: Mapped[str] = mapped_column(default="", server_default="")
    details: Mapped[Json] = mapped_column(default=dict, server_default="{}")
    at: Mapped[datetime]
    delivery_id: Mapped[int | None] = mapped_column(ForeignKey("delivery.id"), index=True)
    message_id: Mapped[int | None] = mapped_column(ForeignKey("message.id", ondelete="CASCADE"))
    refused: Mapped[str] = mapped_column(default="", server_default="")
    created_at: Mapped[Created]
