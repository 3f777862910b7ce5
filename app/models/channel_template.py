"""A message that a channel's provider approved beforehand, as it was when it was last asked."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Created, Id, PublicId


class ChannelTemplate(Base):
    """`text` has {{1}}, {{2}} … where values go. What the provider no longer has is deleted at the next sync."""

    __tablename__ = "channel_template"
    __table_args__ = (UniqueConstraint("channel_id", "name", "language"),)

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    channel_id: Mapped[int] = mapped_column(ForeignKey("channel.id", ondelete="CASCADE"))
    name: Mapped[str]
    language: Mapped[str]
    text: Mapped[str]
    synced_at: Mapped[datetime]
    created_at: Mapped[Created]
