"""The workspace's own list of what customers want, and the examples each is known by."""

from __future__ import annotations

from datetime import datetime

from pgvector.sqlalchemy import HALFVEC
from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Created, Id, PublicId
from app.models.prediction import EMBEDDING_SIZE


class WorkspaceIntent(Base):
    """`slug` is the label in predictions, rules and filters and never changes; `title` is what people read."""

    __tablename__ = "workspace_intent"

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    slug: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    description: Mapped[str] = mapped_column(default="", server_default="")
    archived_at: Mapped[datetime | None]
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("workspace_intent.id"), index=True)
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    created_at: Mapped[Created]


class IntentExample(Base):
    """A text that belongs to an intent; `message_id` where it was taken from one. `embedding` is of `model_version`."""

    __tablename__ = "intent_example"
    __table_args__ = (Index("ix_intent_example_intent", "intent_id", "id"),)

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    intent_id: Mapped[int] = mapped_column(ForeignKey("workspace_intent.id", ondelete="CASCADE"))
    text: Mapped[str]
    message_id: Mapped[int | None] = mapped_column(ForeignKey("message.id", ondelete="CASCADE"), index=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"), index=True)
    embedding: Mapped[list[float] | None] = mapped_column(HALFVEC(EMBEDDING_SIZE))
    model_version: Mapped[str | None]
    created_at: Mapped[Created]
