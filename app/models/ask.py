"""A question of a screen to the models, answered by the annotator within a second or so."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Created, Id, Json, PublicId, one_of


class AskKind(StrEnum):
    SUGGESTIONS = "suggestions"  # what could be answered here
    TONE = "tone"  # how the draft in the question sounds
    SUMMARY = "summary"  # what a long conversation says
    QUESTIONS = "questions"  # what the customer asked and nobody answered


class AskState(StrEnum):
    WAITING = "waiting"
    ANSWERED = "answered"
    FAILED = "failed"


class Ask(Base):
    """`question` is {"text": the draft} for tone and questions, else {}; the draft is taken out once it was read.

    `answer` is what app/services/ask_answers.py reads: ids, places in texts and numbers, never text. Rows are deleted
    after an hour.
    """

    __tablename__ = "ask"
    __table_args__ = (
        Index("ix_ask_waiting", "id", postgresql_where="state = 'waiting'"),
        Index("ix_ask_of_user", "user_id", "conversation_id", "kind"),
        Index("ix_ask_conversation_id", "conversation_id"),
        Index("ix_ask_created_at", "created_at"),
    )

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"))
    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversation.id", ondelete="CASCADE"))
    kind: Mapped[AskKind] = mapped_column(one_of(AskKind))
    question: Mapped[Json] = mapped_column(default=dict, server_default="{}")
    answer: Mapped[Json | None]
    state: Mapped[AskState] = mapped_column(one_of(AskState), default=AskState.WAITING)
    reason: Mapped[str] = mapped_column(default="", server_default="")
    created_at: Mapped[Created]
    answered_at: Mapped[datetime | None]

    @property
    def is_waiting(self) -> bool:
        return self.state is AskState.WAITING
