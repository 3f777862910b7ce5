"""The line of a conversation's mood, as one model version drew it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base


class ConversationMood(Base):
    """What app.services.moods needs to go on with the line when the next message comes, and its words.

    `scores` counts the answers in the line; `place_delivery` and `place_message` are those of the last one;
    `line_sum` is the sum of the line's values, `weighted_sum` that of value times position (from 0).
    `lowest_message_id`, `lowest_at`: the message where the line was lowest. While an older model's answers are redone,
    `rescored_to` is the oldest message that has been, and `claimed_until` says that an annotator is at it.
    """

    __tablename__ = "conversation_mood"
    __table_args__ = (Index("ix_conversation_mood_lowest_at", "lowest_at"),)  # alerts count falls by the hour

    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversation.id", ondelete="CASCADE"), primary_key=True)
    model_version: Mapped[str] = mapped_column(primary_key=True)
    scores: Mapped[int] = mapped_column(default=0, server_default="0")
    place_delivery: Mapped[int | None]
    place_message: Mapped[int | None]
    mood: Mapped[float | None]
    start: Mapped[float | None]
    lowest: Mapped[float | None]
    lowest_message_id: Mapped[int | None]
    lowest_at: Mapped[datetime | None]
    line_sum: Mapped[float] = mapped_column(default=0.0, server_default="0")
    weighted_sum: Mapped[float] = mapped_column(default=0.0, server_default="0")
    rescored_to: Mapped[int | None]
    claimed_until: Mapped[datetime | None]
