"""An article of the knowledge base: as much of it as suggestions need."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Created, Id, PublicId, one_of


class ArticleState(StrEnum):
    DRAFT = "draft"
    PUBLISHED = "published"


class KbArticle(Base):
    """`body` is plain text; only what is published is suggested."""

    __tablename__ = "kb_article"

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    title: Mapped[str]
    body: Mapped[str]
    language: Mapped[str] = mapped_column(default="", server_default="")
    state: Mapped[ArticleState] = mapped_column(one_of(ArticleState), default=ArticleState.DRAFT)
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    created_at: Mapped[Created]
