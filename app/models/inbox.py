"""Where a team works: the access boundary, and the channels that feed it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Created, Id, Json, PublicId, one_of


class ChannelState(StrEnum):
    ACTIVE = "active"
    PAUSED = "paused"
    REMOVED = "removed"


class Reopening(StrEnum):
    """What becomes of a resolved conversation whose customer writes again."""

    ALWAYS = "always"  # it is open again
    WITHIN = "within"  # open again within `reopen_days`, a new conversation later
    NEVER = "never"  # always a new conversation


class AssigneeThen(StrEnum):
    """Who has a conversation that was resolved, once it is open again."""

    KEPT = "kept"
    KEPT_IF_HERE = "kept_if_here"  # else its team, or that of the inbox, hands it out
    CLEARED = "cleared"


class Inbox(Base):
    """`team_id` is the team that takes what no rule assigns; `auto_assign` gives it to a member who is online.

    `reopening`, `reopen_days`, `assignee_then` and `thanks_reopen` are its reopen rules (app/services/reopen_rules.py).
    """

    __tablename__ = "inbox"

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    name: Mapped[str] = mapped_column(unique=True)
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id", ondelete="SET NULL"), index=True)
    auto_assign: Mapped[bool] = mapped_column(default=True, server_default="true")
    signature: Mapped[str] = mapped_column(default="", server_default="")
    reopening: Mapped[Reopening] = mapped_column(
        one_of(Reopening), default=Reopening.ALWAYS, server_default=Reopening.ALWAYS.value
    )
    reopen_days: Mapped[int] = mapped_column(default=14, server_default="14")
    assignee_then: Mapped[AssigneeThen] = mapped_column(
        one_of(AssigneeThen), default=AssigneeThen.KEPT, server_default=AssigneeThen.KEPT.value
    )
    thanks_reopen: Mapped[bool] = mapped_column(default=False, server_default="false")
    created_at: Mapped[Created]


class InboxAccess(Base):
    """Who may see an inbox: a user, or everybody of a team. Admins see all."""

    __tablename__ = "inbox_access"
    __table_args__ = (
        CheckConstraint("num_nonnulls(user_id, team_id) = 1", name="user_or_team"),
        Index("uq_inbox_access_user", "inbox_id", "user_id", unique=True),
        Index("uq_inbox_access_team", "inbox_id", "team_id", unique=True),
    )

    id: Mapped[Id]
    inbox_id: Mapped[int] = mapped_column(ForeignKey("inbox.id", ondelete="CASCADE"))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id", ondelete="CASCADE"), index=True)


class Channel(Base):
    """One connected source. `sealed` holds all its settings encrypted; `token` names it in public addresses. `senders`
    are further addresses that replies may leave with, {email, name} in order.

    `last_success_at` is when we last heard from the provider, `last_delivery_at` when it last brought something, and
    `lag_seconds` how long the newest message took from there to us. `templates_at` is when templates were last fetched,
    `templates_claimed_until` that somebody is at it. `demo_of_id`: only the demo conversation of this user comes
    through it; nothing of it is counted, and all of it is removed in one step (services/demo_conversation.py).
    """

    __tablename__ = "channel"

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    inbox_id: Mapped[int] = mapped_column(ForeignKey("inbox.id"), index=True)
    kind: Mapped[str]
    name: Mapped[str]
    address: Mapped[str] = mapped_column(default="", server_default="")
    senders: Mapped[list[Json]] = mapped_column(default=list, server_default="[]")
    token: Mapped[str] = mapped_column(unique=True)
    sealed: Mapped[bytes]
    cursor: Mapped[Json] = mapped_column(default=dict, server_default="{}")
    state: Mapped[ChannelState] = mapped_column(one_of(ChannelState), default=ChannelState.ACTIVE)
    state_reason: Mapped[str] = mapped_column(default="", server_default="")
    last_success_at: Mapped[datetime | None]
    last_delivery_at: Mapped[datetime | None]
    lag_seconds: Mapped[float | None]
    last_error: Mapped[str] = mapped_column(default="", server_default="")
    last_error_at: Mapped[datetime | None]
    templates_at: Mapped[datetime | None]
    templates_error: Mapped[str] = mapped_column(default="", server_default="")
    templates_claimed_until: Mapped[datetime | None]
    leased_by: Mapped[str | None]
    leased_until: Mapped[datetime | None]
    demo_of_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"), index=True)
    created_at: Mapped[Created]

    @property
    def is_active(self) -> bool:
        return self.state is ChannelState.ACTIVE

    @property
    def is_demo(self) -> bool:
        return self.demo_of_id is not None
