"""Whom a note mentions, whom that told, and which threads of notes are resolved."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Created, Id


class NoteMention(Base):
    """A user or a team, named in the text of a note from `start` on, `length` characters long with the @.

    The name there is the one they had then; a page shows the one that they have now.
    """

    __tablename__ = "note_mention"
    __table_args__ = (
        CheckConstraint("num_nonnulls(user_id, team_id) = 1", name="one_named"),
        Index("uq_note_mention", "message_id", "start", unique=True),
    )

    id: Mapped[Id]
    message_id: Mapped[int] = mapped_column(ForeignKey("message.id", ondelete="CASCADE"))
    start: Mapped[int]
    length: Mapped[int]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id", ondelete="CASCADE"), index=True)


class MentionedUser(Base):
    """One person that a note mentions, by name or as a member of a team, until they have `seen_at` seen it."""

    __tablename__ = "mentioned_user"
    __table_args__ = (Index("ix_mentioned_user_unseen", "user_id", postgresql_where="seen_at IS NULL"),)

    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), primary_key=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("message.id", ondelete="CASCADE"), primary_key=True, index=True)
    seen_at: Mapped[datetime | None]
    created_at: Mapped[Created]


class NoteThread(Base):
    """What was decided about a note and its answers (Message.thread_id): none while it is open."""

    __tablename__ = "note_thread"

    message_id: Mapped[int] = mapped_column(ForeignKey("message.id", ondelete="CASCADE"), primary_key=True)
    resolved_at: Mapped[Created]
    resolved_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"), index=True)
