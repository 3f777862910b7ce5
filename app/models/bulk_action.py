"""One thing done to many conversations, and what became of each: how it goes on after a crash, and how it is undone."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Created, Id, Json, PublicId, one_of


class BulkState(StrEnum):
    RUNNING = "running"
    DONE = "done"
    UNDOING = "undoing"
    UNDONE = "undone"


class BulkItemState(StrEnum):
    """`unchanged`: it was so already. `refused`: not shared with the user, or not possible there. `kept`: changed
    since, so undoing left it alone.
    """

    WAITING = "waiting"
    DONE = "done"
    UNCHANGED = "unchanged"
    REFUSED = "refused"
    RESTORED = "restored"
    KEPT = "kept"


class BulkAction(Base):
    """`verb` is one of app/services/bulk_verbs.py, `value` what it was given. `claimed_until`: a worker is at it."""

    __tablename__ = "bulk_action"
    __table_args__ = (
        Index("ix_bulk_action_user", "user_id", "id"),
        Index("ix_bulk_action_unfinished", "id", postgresql_where="state IN ('running', 'undoing')"),
    )

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"))
    verb: Mapped[str]
    value: Mapped[Json] = mapped_column(default=dict, server_default="{}")
    state: Mapped[BulkState] = mapped_column(one_of(BulkState), default=BulkState.RUNNING)
    total: Mapped[int] = mapped_column(default=0, server_default="0")
    claimed_until: Mapped[datetime | None]
    created_at: Mapped[Created]
    finished_at: Mapped[datetime | None]
    is_dismissed: Mapped[bool] = mapped_column(default=False, server_default="false")


class BulkItem(Base):
    """`before` and `after` are what the verb changed, as it was and as it was left."""

    __tablename__ = "bulk_item"
    __table_args__ = (Index("ix_bulk_item_state", "bulk_id", "state", "conversation_id"),)

    bulk_id: Mapped[int] = mapped_column(ForeignKey("bulk_action.id", ondelete="CASCADE"), primary_key=True)
    conversation_id: Mapped[int] = mapped_column(
        ForeignKey("conversation.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    state: Mapped[BulkItemState] = mapped_column(one_of(BulkItemState), default=BulkItemState.WAITING)
    before: Mapped[Json | None]
    after: Mapped[Json | None]
