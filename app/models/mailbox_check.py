"""How a mailbox compares with what is stored of it: asked for by a person, counted by a worker."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Created, Id, Json, one_of


class CheckState(StrEnum):
    COUNTING = "counting"  # asked for; the server is being looked at
    COUNTED = "counted"
    FETCHING = "fetching"  # what is missing is being brought in
    FAILED = "failed"  # the reason says why


class MailboxCheck(Base):
    """One a channel, the newest. `folders` holds what was found of each: see app/services/mailbox_checks.py.

    `fetched` of `wanted` mails have been brought in by the run that goes on, or went on last.
    """

    __tablename__ = "mailbox_check"

    id: Mapped[Id]
    channel_id: Mapped[int] = mapped_column(ForeignKey("channel.id", ondelete="CASCADE"), unique=True)
    state: Mapped[CheckState] = mapped_column(one_of(CheckState), default=CheckState.COUNTING)
    folders: Mapped[list[Json]] = mapped_column(default=list, server_default="[]")
    wanted: Mapped[int] = mapped_column(default=0, server_default="0")
    fetched: Mapped[int] = mapped_column(default=0, server_default="0")
    reason: Mapped[str] = mapped_column(default="", server_default="")
    asked_at: Mapped[datetime]
    counted_at: Mapped[datetime | None]
    claimed_until: Mapped[datetime | None]
    created_at: Mapped[Created]
