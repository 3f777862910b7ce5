"""A message's words in another language, as a model of this installation put them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Created, Id, one_of


class TranslationState(StrEnum):
    WAITING = "waiting"
    ANSWERED = "answered"
    FAILED = "failed"


class MessageTranslation(Base):
    """`source` and `language` are ISO 639-1: what the message is written in, and what is wanted. `text` is what screens
    show of the message, translated: what they hide of it was hidden from the model too.
    """

    __tablename__ = "message_translation"
    __table_args__ = (
        UniqueConstraint("message_id", "language"),
        Index("ix_message_translation_waiting", "id", postgresql_where="state = 'waiting'"),
    )

    id: Mapped[Id]
    message_id: Mapped[int] = mapped_column(ForeignKey("message.id", ondelete="CASCADE"))
    source: Mapped[str]
    language: Mapped[str]
    text: Mapped[str] = mapped_column(default="", server_default="")
    model: Mapped[str] = mapped_column(default="", server_default="")
    state: Mapped[TranslationState] = mapped_column(
        one_of(TranslationState), default=TranslationState.WAITING, server_default=TranslationState.WAITING.value
    )
    reason: Mapped[str] = mapped_column(default="", server_default="")
    created_at: Mapped[Created]
    answered_at: Mapped[datetime | None]
