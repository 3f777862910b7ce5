"""Who signs in, in which teams, and whether they are there."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, func
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Created, Id, Json, PublicId, one_of


class Role(StrEnum):
    AGENT = "agent"
    SUPERVISOR = "supervisor"
    ADMIN = "admin"
    BOT = "bot"


class TokenPurpose(StrEnum):
    SETUP = "setup"
    INVITE = "invite"
    RESET = "reset"


class User(Base):
    """A person or bot. `session_version` goes up when the password changes: every older session ends.

    `language` (as in `<html lang>`) and `time_zone` (as "Europe/Berlin"): "" leaves them to the browser.
    `own_keys`: the commands whose keys they changed, by id (app/commands/registry.py), "" for none.
    `first_steps`: what they put aside and tried of them (services/first_steps.py), empty for who never had any.
    `keeps_offline`: devices on which they stay signed in may keep what they read.
    """

    __tablename__ = "user"
    __table_args__ = (CheckConstraint("email = lower(email)", name="email_lower"),)

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    role: Mapped[Role] = mapped_column(one_of(Role), default=Role.AGENT)
    password_hash: Mapped[str | None]
    session_version: Mapped[int] = mapped_column(default=1)
    is_active: Mapped[bool] = mapped_column(default=True)
    is_accepting: Mapped[bool] = mapped_column(default=True, server_default="true")
    theme: Mapped[str] = mapped_column(default="system", server_default="system")
    writes_plain: Mapped[bool] = mapped_column(default=False, server_default="false")  # replies without formatting
    language: Mapped[str] = mapped_column(default="", server_default="")
    time_zone: Mapped[str] = mapped_column(default="", server_default="")
    own_keys: Mapped[Json] = mapped_column(default=dict, server_default="{}")
    has_single_keys: Mapped[bool] = mapped_column(default=True, server_default="true")
    first_steps: Mapped[Json] = mapped_column(default=dict, server_default="{}")
    keeps_offline: Mapped[bool] = mapped_column(default=True, server_default="true")
    created_at: Mapped[Created]

    @property
    def is_admin(self) -> bool:
        return self.role is Role.ADMIN

    @property
    def initials(self) -> str:
        words = self.name.split() or ["?"]
        return (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper()


class UserToken(Base):
    """A one-time link: only the SHA-256 of its token is kept."""

    __tablename__ = "user_token"

    id: Mapped[Id]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    purpose: Mapped[TokenPurpose] = mapped_column(one_of(TokenPurpose))
    token_hash: Mapped[str] = mapped_column(unique=True)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    created_at: Mapped[Created]


class Presence(Base):
    """One open socket of a user; a user is online while one was seen in the last minute."""

    __tablename__ = "presence"
    __table_args__ = (Index("ix_presence_user_id_seen_at", "user_id", "seen_at"),)

    connection: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"))
    seen_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Team(Base):
    __tablename__ = "team"

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    name: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[Created]


class TeamMember(Base):
    __tablename__ = "team_member"

    team_id: Mapped[int] = mapped_column(ForeignKey("team.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), primary_key=True, index=True)
    last_assigned_at: Mapped[datetime | None]
