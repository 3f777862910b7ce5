"""Messages that belong together, and how far each user has read them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, Sequence, text
from sqlalchemy.orm import Mapped, mapped_column, synonym

from app.models.base import Base, Created, Id, Json, PublicId, one_of

MOOD_PLACE = text("COALESCE(mood, 2)")  # in a list from the worst mood to the best, none at the end
BEST_MOOD_PLACE = text("COALESCE(-mood, 2)")
PRIORITY_PLACE = text("array_position(ARRAY['low', 'normal', 'high', 'urgent'], priority)")
WAITING_PLACE = text("COALESCE(waiting_since, 'infinity'::timestamptz)")  # who waits longest first, who does not last


class Status(StrEnum):
    OPEN = "open"
    PENDING = "pending"
    SNOOZED = "snoozed"
    RESOLVED = "resolved"
    SPAM = "spam"  # in no list but its own; nothing happens by itself, and messages do not open it


class Priority(StrEnum):
    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    URGENT = "urgent"


class Conversation(Base):
    """`version` goes up with every change a person can see; `reply_token` finds it again from an answer.

    `mood` in [-1, 1] is the weighted mean of the customer's sentiment, newest heaviest, and the end of the line whose
    other values follow it (app/services/moods.py says what they mean); all are of one model, `mood_version`.
    `sentiment`
    (`confidence` is the model's of it), `emotion`, `intent` and `urgency` are the last ones that were not abstained;
    `latest_answers` says which messages gave them. `waiting_since` is set while the customer waits for us.
    `caught_by_id`: the block that put it into spam. `resolved_at`: since when it is resolved, None where that is
    not known; `continued_in_id`: where its customer went on after that, by the reopen rules of the inbox.
    `sleeps_through`: while snoozed, new messages do not wake it unless they make the mood fall.
    """

    __tablename__ = "conversation"
    __table_args__ = (
        # what they include is for counts: those visit no rows
        Index(
            "ix_conversation_counted",
            "inbox_id",
            "status",
            "last_message_at",
            "id",
            postgresql_include=[
                "merged_into_id",
                "channel_id",
                "assignee_id",
                "sentiment",
                "emotion",
                "intent",
                "urgency",
                "language",
                "priority",
            ],
        ),
        Index(
            "ix_conversation_by_assignee",
            "assignee_id",
            "status",
            "last_message_at",
            postgresql_include=["inbox_id", "merged_into_id"],
        ),
        Index("ix_conversation_contact", "contact_id", "last_message_at"),
        Index(
            "ix_conversation_thread", "channel_id", "thread_key", unique=True, postgresql_where="thread_key IS NOT NULL"
        ),
        Index("ix_conversation_mood", "status", MOOD_PLACE, "id"),
        Index("ix_conversation_best_mood", "status", BEST_MOOD_PLACE, "id"),
        Index("ix_conversation_priority", "status", PRIORITY_PLACE, "last_message_at", "id"),
        Index(  # a list over many inboxes
            "ix_conversation_by_status",
            "status",
            "last_message_at",
            "id",
            postgresql_include=["inbox_id", "last_message_id"],
        ),
        Index(
            "ix_conversation_by_time", "last_message_at", "id", postgresql_include=["inbox_id", "intent", "language"]
        ),
        Index("ix_conversation_waiting", "status", WAITING_PLACE, "id"),
        Index("ix_conversation_rescoring", "mood_version", "last_message_at"),
        Index("ix_conversation_merged_into", "merged_into_id", postgresql_where="merged_into_id IS NOT NULL"),
        Index("ix_conversation_continued_in", "continued_in_id", postgresql_where="continued_in_id IS NOT NULL"),
        Index("ix_conversation_caught_by", "caught_by_id", postgresql_where="caught_by_id IS NOT NULL"),
        Index("ix_conversation_waking", "snoozed_until", postgresql_where="status = 'snoozed'"),
    )

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    number: Mapped[int] = mapped_column(Sequence("conversation_number", metadata=Base.metadata), unique=True)
    inbox_id: Mapped[int] = mapped_column(ForeignKey("inbox.id"))
    channel_id: Mapped[int] = mapped_column(ForeignKey("channel.id"))
    contact_id: Mapped[int] = mapped_column(ForeignKey("contact.id"))
    subject: Mapped[str] = mapped_column(default="", server_default="")
    preview: Mapped[str] = mapped_column(default="", server_default="")
    thread_key: Mapped[str | None]
    reply_token: Mapped[str] = mapped_column(unique=True)
    related_id: Mapped[int | None] = mapped_column(ForeignKey("conversation.id"))
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("conversation.id"))  # where its messages are now
    continued_in_id: Mapped[int | None] = mapped_column(ForeignKey("conversation.id", ondelete="SET NULL"))
    caught_by_id: Mapped[int | None] = mapped_column(ForeignKey("blocked_sender.id", ondelete="SET NULL"))
    status: Mapped[Status] = mapped_column(one_of(Status), default=Status.OPEN)
    priority: Mapped[Priority] = mapped_column(one_of(Priority), default=Priority.NORMAL)
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id", ondelete="SET NULL"), index=True)
    snoozed_until: Mapped[datetime | None]  # None while snoozed: until the customer answers
    sleeps_through: Mapped[bool] = mapped_column(default=False, server_default="false")
    waiting_since: Mapped[datetime | None]
    resolved_at: Mapped[datetime | None]
    last_message_at: Mapped[datetime]
    last_message_id: Mapped[
        int | None
    ]  # the newest message a customer or colleague wrote; no foreign key: it would be a circle
    messages: Mapped[int] = mapped_column(default=0, server_default="0")
    mood: Mapped[float | None]
    mood_start: Mapped[float | None]
    mood_lowest: Mapped[float | None]
    mood_slope: Mapped[float | None]  # a message
    has_recovered: Mapped[bool] = mapped_column(default=False, server_default="false")
    mood_version: Mapped[str | None]
    sentiment: Mapped[str | None]
    confidence: Mapped[float | None]
    emotion: Mapped[str | None]
    intent: Mapped[str | None]
    urgency: Mapped[str | None]
    latest_answers: Mapped[Json] = mapped_column(default=dict, server_default="{}")
    language: Mapped[str | None]
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    created_at: Mapped[Created]

    mood_end = synonym("mood")


class ConversationRead(Base):
    """The newest message a user has seen in a conversation."""

    __tablename__ = "conversation_read"

    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), primary_key=True)
    conversation_id: Mapped[int] = mapped_column(
        ForeignKey("conversation.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    message_id: Mapped[int]


class ThreadReference(Base):
    """Every Message-ID an inbox has seen, or seen referred to, and the conversation it leads to."""

    __tablename__ = "thread_reference"

    inbox_id: Mapped[int] = mapped_column(ForeignKey("inbox.id"), primary_key=True)
    external_id: Mapped[str] = mapped_column(primary_key=True)
    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversation.id", ondelete="CASCADE"), index=True)
