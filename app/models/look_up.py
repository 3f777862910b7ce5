"""A question to a provider: who is behind the address of an identity."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Created, Id, one_of


class LookUpState(StrEnum):
    WAITING = "waiting"  # for its first attempt or for the next one
    ASKING = "asking"
    DONE = "done"  # `reason` says why nothing was learnt; asked again when they write and enough time has passed


class LookUp(Base):
    """One for each identity. `thread_key` is where they last wrote on this channel, `tried_at` when it was last begun,
    `done_at` when it last ended.
    """

    __tablename__ = "look_up"
    __table_args__ = (
        UniqueConstraint("identity_id"),
        Index("ix_look_up_waiting", "id", postgresql_where="state IN ('waiting', 'asking')"),
        Index("ix_look_up_channel_id_tried_at", "channel_id", "tried_at"),
    )

    id: Mapped[Id]
    identity_id: Mapped[int] = mapped_column(ForeignKey("contact_identity.id", ondelete="CASCADE"))
    channel_id: Mapped[int] = mapped_column(ForeignKey("channel.id", ondelete="CASCADE"))
    thread_key: Mapped[str | None]
    state: Mapped[LookUpState] = mapped_column(one_of(LookUpState), default=LookUpState.WAITING)
    reason: Mapped[str] = mapped_column(default="", server_default="")
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    claimed_until: Mapped[datetime | None]
    next_try_at: Mapped[datetime | None]
    tried_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    created_at: Mapped[Created]
