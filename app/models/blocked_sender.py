"""Senders whose messages go straight to Spam."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Created, Id, PublicId

DOMAIN = "domain"  # a kind: everybody who writes from there by mail
MAIL = "email"  # the kind of identity that has domains


def domain_of(address: str) -> str:
    """Return the domain of a mail address in small letters, "" where it has none."""
    return address.rpartition("@")[2].strip().lower() if "@" in address else ""


class BlockedSender(Base):
    """An address of a kind of identity, or a mail domain (`kind` is DOMAIN). `name` is what they were called then;
    `caught` counts their messages since.
    """

    __tablename__ = "blocked_sender"
    __table_args__ = (UniqueConstraint("kind", "address"),)

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    kind: Mapped[str]
    address: Mapped[str]
    name: Mapped[str] = mapped_column(default="", server_default="")
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"), index=True)
    caught: Mapped[int] = mapped_column(default=0, server_default="0")
    last_caught_at: Mapped[datetime | None]
    created_at: Mapped[Created]
