"""The words of a message before its writer changed them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Created, Id


class MessageRevision(Base):
    """`html` is raw and untrusted. `seen_at` is when these words were written; each is kept once."""

    __tablename__ = "message_revision"
    __table_args__ = (UniqueConstraint("message_id", "seen_at"),)

    id: Mapped[Id]
    message_id: Mapped[int] = mapped_column(ForeignKey("message.id", ondelete="CASCADE"))
    text: Mapped[str]
    html: Mapped[str | None]
    seen_at: Mapped[datetime]
    created_at: Mapped[Created]
