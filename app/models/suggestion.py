"""What can be suggested to an agent, as the model sees it, and what became of suggestions that were taken."""

from __future__ import annotations

from pgvector.sqlalchemy import HALFVEC
from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Created, Id
from app.models.prediction import EMBEDDING_SIZE


class SuggestionEmbedding(Base):
    """One piece of a canned response or an article: exactly one of the two is set.

    `source_version` is the version of the text that was read: another one means that it must be read again.
    """

    __tablename__ = "suggestion_embedding"
    __table_args__ = (
        CheckConstraint("num_nonnulls(canned_response_id, kb_article_id) = 1", name="one_source"),
        Index("uq_suggestion_embedding_canned_response", "canned_response_id", "piece", unique=True),
        Index("uq_suggestion_embedding_kb_article", "kb_article_id", "piece", unique=True),
    )

    id: Mapped[Id]
    canned_response_id: Mapped[int | None] = mapped_column(ForeignKey("canned_response.id", ondelete="CASCADE"))
    kb_article_id: Mapped[int | None] = mapped_column(ForeignKey("kb_article.id", ondelete="CASCADE"))
    piece: Mapped[int] = mapped_column(default=0, server_default="0")
    source_version: Mapped[int]
    model_version: Mapped[str]
    embedding: Mapped[list[float]] = mapped_column(HALFVEC(EMBEDDING_SIZE))


class SuggestionUse(Base):
    """An agent put a suggestion into a draft: exactly one of the three sources is set (`reply_id`: a past reply).

    `message_id` is the customer's message it answers; `mood_before` the conversation's mood then. Whether it ended well
    is read off the conversation, so it stays true when the conversation is opened again.
    """

    __tablename__ = "suggestion_use"
    __table_args__ = (
        CheckConstraint("num_nonnulls(canned_response_id, kb_article_id, reply_id) = 1", name="one_source"),
        Index("ix_suggestion_use_canned_response", "canned_response_id", "id"),
        Index("ix_suggestion_use_kb_article", "kb_article_id", "id"),
        Index("ix_suggestion_use_reply", "reply_id", "id"),
        Index("ix_suggestion_use_conversation", "conversation_id"),
        Index("ix_suggestion_use_message", "message_id"),
        Index("ix_suggestion_use_user", "user_id"),
    )

    id: Mapped[Id]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))
    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversation.id", ondelete="CASCADE"))
    message_id: Mapped[int] = mapped_column(ForeignKey("message.id", ondelete="CASCADE"))
    canned_response_id: Mapped[int | None] = mapped_column(ForeignKey("canned_response.id", ondelete="CASCADE"))
    kb_article_id: Mapped[int | None] = mapped_column(ForeignKey("kb_article.id", ondelete="CASCADE"))
    reply_id: Mapped[int | None] = mapped_column(ForeignKey("message.id", ondelete="CASCADE"))
    mood_before: Mapped[float | None]
    created_at: Mapped[Created]
