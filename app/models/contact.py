"""A customer person, and the addresses they write from."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Created, Id, Json, PublicId


class Contact(Base):
    __tablename__ = "contact"

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    name: Mapped[str] = mapped_column(default="", server_default="")
    custom: Mapped[Json] = mapped_column(default=dict, server_default="{}")
    note: Mapped[str] = mapped_column(default="", server_default="")
    mood: Mapped[float | None]  # in [-1, 1], of the newest conversations; app/services/moods.py
    last_message_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    created_at: Mapped[Created]

    __table_args__ = (Index("ix_contact_last_message_at", "last_message_at"),)


class ContactIdentity(Base):
    """One address of a contact. `verified`: a channel vouched that this person holds it.

    `handle`, `profile_url`, `avatar_url` and `followers` are what the provider showed of them to everybody at
    `profile_seen_at`: written by that person, never to be trusted.
    """

    __tablename__ = "contact_identity"
    __table_args__ = (UniqueConstraint("kind", "address"),)

    id: Mapped[Id]
    contact_id: Mapped[int] = mapped_column(ForeignKey("contact.id"), index=True)
    kind: Mapped[str]
    address: Mapped[str]
    name: Mapped[str] = mapped_column(default="", server_default="")
    verified: Mapped[bool] = mapped_column(default=False, server_default="false")
    handle: Mapped[str] = mapped_column(default="", server_default="")
    profile_url: Mapped[str] = mapped_column(default="", server_default="")
    avatar_url: Mapped[str] = mapped_column(default="", server_default="")
    followers: Mapped[int | None]
    profile_seen_at: Mapped[datetime | None]
    bounced_at: Mapped[datetime | None]  # mail to this address came back
    bounce_reason: Mapped[str] = mapped_column(default="", server_default="")
    complained_at: Mapped[datetime | None]  # they called a mail of ours spam
    complaint: Mapped[str] = mapped_column(default="", server_default="")  # abuse, fraud … (RFC 5965)
    complaint_by: Mapped[str] = mapped_column(default="", server_default="")  # the address that told us
    read_until: Mapped[datetime | None]  # all that was sent to it before was read, as the provider told
    reached_until: Mapped[datetime | None]  # arrived
    seen_at: Mapped[datetime | None]  # last time this address was connected live (a chat visitor)
    created_at: Mapped[Created]
