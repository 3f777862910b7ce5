"""A reusable text with variables."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Created, Id, PublicId


class CannedResponse(Base):
    """Offered in one inbox, to one team, or everywhere (both are empty); `language` is ISO 639-1, "" for any.

    `shortcut` is what people type, unique without regard to case; an archived one gives its shortcut free.
    """

    __tablename__ = "canned_response"
    __table_args__ = (
        CheckConstraint("num_nonnulls(inbox_id, team_id) <= 1", name="inbox_or_team"),
        Index("uq_canned_response_shortcut", text("lower(shortcut)"), unique=True, postgresql_where="NOT is_archived"),
    )

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    shortcut: Mapped[str]
    title: Mapped[str]
    text: Mapped[str]
    inbox_id: Mapped[int | None] = mapped_column(ForeignKey("inbox.id", ondelete="CASCADE"), index=True)
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id", ondelete="CASCADE"), index=True)
    language: Mapped[str] = mapped_column(default="", server_default="")
    is_archived: Mapped[bool] = mapped_column(default=False, server_default="false")
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    created_at: Mapped[Created]
