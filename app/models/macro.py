"""Named bundles of actions that people run by hand, and what each run did."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Created, Id, Json, PublicId


class Macro(Base):
    """For one team, for its owner alone, or for everybody (both are empty).

    `actions` are {"do", "value"} in the words of app/services/macro_actions.py, in order.
    """

    __tablename__ = "macro"
    __table_args__ = (CheckConstraint("num_nonnulls(team_id, owner_id) <= 1", name="one_place"),)

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    name: Mapped[str]
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id", ondelete="CASCADE"), index=True)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    position: Mapped[int] = mapped_column(default=0, server_default="0")
    actions: Mapped[list[Json]] = mapped_column(default=list, server_default="[]")
    uses: Mapped[int] = mapped_column(default=0, server_default="0")
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    created_at: Mapped[Created]


class MacroRun(Base):
    """`steps` are what it changed, {"verb", "value", "before", "after"} in the words of bulk_verbs, in order.

    The same `client_key` twice is one run.
    """

    __tablename__ = "macro_run"
    __table_args__ = (
        Index("uq_macro_run_client_key", "conversation_id", "client_key", unique=True),
        Index("ix_macro_run_user_id", "user_id"),
        Index("ix_macro_run_macro_id", "macro_id"),
        Index("ix_macro_run_message_id", "message_id"),
    )

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    macro_id: Mapped[int | None] = mapped_column(ForeignKey("macro.id", ondelete="SET NULL"))
    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversation.id", ondelete="CASCADE"))
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"))
    message_id: Mapped[int | None] = mapped_column(ForeignKey("message.id", ondelete="SET NULL"))  # the reply
    client_key: Mapped[str]
    steps: Mapped[list[Json]] = mapped_column(default=list, server_default="[]")
    undone_at: Mapped[datetime | None]
    created_at: Mapped[Created]
