"""A reusable text with variables, in several languages, and how often it was used for what."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Created, Id, PublicId


class CannedResponse(Base):
    """Offered in one inbox, to one team, to its owner alone, or everywhere (all three are empty).

    `text` is for every language that has no variant of its own; `language` is what it is written in, ISO 639-1, "" for
    any. `shortcut` is what people type, unique without regard to case, of an owner among their own; an archived one
    gives its shortcut free.
    """

    __tablename__ = "canned_response"
    __table_args__ = (
        CheckConstraint("num_nonnulls(inbox_id, team_id, owner_id) <= 1", name="one_place"),
        Index(
            "uq_canned_response_shortcut",
            text("lower(shortcut)"),
            unique=True,
            postgresql_where="NOT is_archived AND owner_id IS NULL",
        ),
        Index(
            "uq_canned_response_own_shortcut",
            "owner_id",
            text("lower(shortcut)"),
            unique=True,
            postgresql_where="NOT is_archived AND owner_id IS NOT NULL",
        ),
    )

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    shortcut: Mapped[str]
    title: Mapped[str]
    text: Mapped[str]
    inbox_id: Mapped[int | None] = mapped_column(ForeignKey("inbox.id", ondelete="CASCADE"), index=True)
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id", ondelete="CASCADE"), index=True)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"))
    language: Mapped[str] = mapped_column(default="", server_default="")
    is_archived: Mapped[bool] = mapped_column(default=False, server_default="false")
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    created_at: Mapped[Created]


class CannedResponseVariant(Base):
    """The same said in another language (ISO 639-1): taken where the customer writes it."""

    __tablename__ = "canned_response_variant"
    __table_args__ = (UniqueConstraint("canned_response_id", "language"),)

    id: Mapped[Id]
    canned_response_id: Mapped[int] = mapped_column(ForeignKey("canned_response.id", ondelete="CASCADE"))
    language: Mapped[str]
    text: Mapped[str]


class CannedResponseUse(Base):
    """How often a user put it into a draft where the customer wanted something (`intent`, "" for nobody knows)."""

    __tablename__ = "canned_response_use"

    canned_response_id: Mapped[int] = mapped_column(
        ForeignKey("canned_response.id", ondelete="CASCADE"), primary_key=True
    )
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), primary_key=True, index=True)
    intent: Mapped[str] = mapped_column(primary_key=True)
    uses: Mapped[int] = mapped_column(default=1, server_default="1")
    last_used_at: Mapped[datetime]
