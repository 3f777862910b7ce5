"""Who did something sensitive, when, and to what; and the workspace's rules for personal data."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, func
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Id, Json


class AuditAction(StrEnum):
    """A sensitive deed; kept as text, so that old entries stay readable when a deed is no longer done."""

    DATA_REVEALED = "data_revealed"
    DATA_EXPORTED = "data_exported"
    DELIVERY_DOWNLOADED = "delivery_downloaded"
    ROLE_CHANGED = "role_changed"
    USER_INVITED = "user_invited"
    USER_DEACTIVATED = "user_deactivated"
    USER_ACTIVATED = "user_activated"
    PASSWORD_LINK_MADE = "password_link_made"  # noqa: S105 - the name of a deed
    KEYS_ROTATED = "keys_rotated"
    PRIVACY_CHANGED = "privacy_changed"


class AuditEntry(Base):
    """One deed. `user_id` is empty for what was done in a terminal; `details` never holds the data itself."""

    __tablename__ = "audit_entry"
    __table_args__ = (
        Index("ix_audit_entry_user_id_id", "user_id", "id"),
        Index("ix_audit_entry_action_id", "action", "id"),
    )

    id: Mapped[Id]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))
    action: Mapped[str]
    object_kind: Mapped[str] = mapped_column(default="", server_default="")
    object_id: Mapped[UUID | None]
    at: Mapped[datetime] = mapped_column(server_default=func.now())
    ip: Mapped[str] = mapped_column(default="", server_default="")
    details: Mapped[Json] = mapped_column(default=dict, server_default="{}")


class PrivacySetting(Base):
    """One row. `region`: the country (two letters) whose numbers are written without one; `agents_reveal`: agents too
    may show what is hidden.
    """

    __tablename__ = "privacy_setting"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"), CheckConstraint("length(region) = 2", name="region"))

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=1)
    region: Mapped[str] = mapped_column(default="US", server_default="US")
    agents_reveal: Mapped[bool] = mapped_column(default=False, server_default="false")
