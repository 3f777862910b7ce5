"""Filters that people keep, and how each user's list looks."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Created, Id, Json, PublicId, one_of


class ViewScope(StrEnum):
    PERSONAL = "personal"
    TEAM = "team"
    EVERYONE = "everyone"


class SavedView(Base):
    """`conditions` is a group as app/queries/filter_groups.py reads it, `sort` an order of conversation_order.

    A personal one is its owner's, whoever else may see everything; one of a team is for its members. What it shows is
    always only what the reader may see.
    """

    __tablename__ = "saved_view"
    __table_args__ = (
        CheckConstraint("(scope = 'team') = (team_id IS NOT NULL)", name="team_of_scope"),
        CheckConstraint("scope <> 'personal' OR owner_id IS NOT NULL", name="owner_of_personal"),
    )

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    name: Mapped[str]
    scope: Mapped[ViewScope] = mapped_column(one_of(ViewScope), default=ViewScope.PERSONAL)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id", ondelete="CASCADE"), index=True)
    colour: Mapped[str] = mapped_column(default="slate", server_default="slate")
    conditions: Mapped[Json] = mapped_column(default=dict, server_default="{}")
    sort: Mapped[str] = mapped_column(default="", server_default="")
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    created_at: Mapped[Created]


class ListSetting(Base):
    """How one user's list looks: `hidden` names parts of a row they do without, `view_order` their views in order."""

    __tablename__ = "list_setting"

    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), primary_key=True)
    density: Mapped[str] = mapped_column(default="comfortable", server_default="comfortable")
    hidden: Mapped[list[str]] = mapped_column(default=list, server_default="[]")
    view_order: Mapped[list[str]] = mapped_column(default=list, server_default="[]")
    default_view_id: Mapped[int | None] = mapped_column(ForeignKey("saved_view.id", ondelete="SET NULL"), index=True)
