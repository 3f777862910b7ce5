"""Browsers that are told through a push service, what they are to be told of, and every letter to them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Created, Id, PublicId, one_of


class PushSubscription(Base):
    """One browser of one user. `sealed` holds its address at the push service and its keys; `digest` tells them apart.

    It ends with the session it was made in: `session_version` is the user's of that time. Until `live_until` a page
    of this browser is open and tells by itself. `says_words`: names and words of customers may stand in what it shows.
    """

    __tablename__ = "push_subscription"

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    digest: Mapped[str] = mapped_column(unique=True)
    sealed: Mapped[bytes]
    browser: Mapped[str]
    session_version: Mapped[int]
    says_words: Mapped[bool] = mapped_column(default=False, server_default="false")
    live_until: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    created_at: Mapped[Created]


class PushState(StrEnum):
    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"


class PushLetter(Base):
    """One thing to tell one browser, once: `key` names what happened, as in queries/notices.py."""

    __tablename__ = "push_letter"
    __table_args__ = (
        UniqueConstraint("subscription_id", "key"),
        Index("ix_push_letter_waiting", "next_attempt_at", postgresql_where="state = 'waiting'"),
        Index("ix_push_letter_created_at", "created_at"),
    )

    id: Mapped[Id]
    subscription_id: Mapped[int] = mapped_column(ForeignKey("push_subscription.id", ondelete="CASCADE"))
    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversation.id", ondelete="CASCADE"), index=True)
    key: Mapped[str]
    state: Mapped[PushState] = mapped_column(one_of(PushState), default=PushState.WAITING, server_default="waiting")
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    next_attempt_at: Mapped[datetime]
    created_at: Mapped[Created]


class PushAsk(Base):
    """Something happened in a conversation, and nobody has looked yet whom to tell: written as the job is handed out.

    No foreign key: the relay writes it, and must not wait for whoever has locked the conversation.
    """

    __tablename__ = "push_ask"

    conversation_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    asked_at: Mapped[datetime]
