"""A sign that somebody put under a message."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Created, Id


class MessageReaction(Base):
    """`reaction` is an emoji, or the provider's word for one. Everybody has at most one under a message.

    By the customer at `sender` (their address on the channel; `contact_id` where we know them), or by us: then `sender`
    is "" and `user_id` is who did it. What is taken back is deleted.
    """

    __tablename__ = "message_reaction"
    __table_args__ = (UniqueConstraint("message_id", "sender"),)

    id: Mapped[Id]
    message_id: Mapped[int] = mapped_column(ForeignKey("message.id", ondelete="CASCADE"))
    sender: Mapped[str] = mapped_column(default="", server_default="")
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contact.id", ondelete="SET NULL"), index=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"), index=True)
    reaction: Mapped[str]
    reacted_at: Mapped[datetime]
    created_at: Mapped[Created]

    @property
    def is_ours(self) -> bool:
        return self.sender == ""
