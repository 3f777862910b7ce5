"""Who outside hears of events, and every letter to them with what became of it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Created, Id, Json, PublicId, one_of


class WebhookEndpoint(Base):
    """An address of a customer's own system. `events` are the wire names it wants; `sealed` holds its secrets.

    `failures` counts failed attempts since the last success and `failing_since` is the first of them; until
    `quiet_until` nothing is tried. `nudged_until`: a job for it was asked for, and may still come.
    """

    __tablename__ = "webhook_endpoint"

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    name: Mapped[str]
    url: Mapped[str]
    sealed: Mapped[bytes]
    events: Mapped[list[str]]
    is_active: Mapped[bool] = mapped_column(default=True, server_default="true")
    paused_reason: Mapped[str] = mapped_column(default="", server_default="")
    failures: Mapped[int] = mapped_column(default=0, server_default="0")
    failing_since: Mapped[datetime | None]
    quiet_until: Mapped[datetime | None]
    nudged_until: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    created_at: Mapped[Created]


class WebhookState(StrEnum):
    WAITING = "waiting"  # for its first attempt or for the next one
    DELIVERED = "delivered"
    FAILED = "failed"  # given up; a person may send it again


class WebhookDelivery(Base):
    """One fact for one endpoint. `fact` names it (`message.received:12`): told again by a nudge, it is the same fact.

    `ids` is the event as it was recorded; `payload` is what is sent, made at the first attempt and kept for all later
    ones. `is_urged`: a person asked for this attempt, so that it goes out whatever the endpoint's state.
    """

    __tablename__ = "webhook_delivery"
    __table_args__ = (
        UniqueConstraint("endpoint_id", "outbox_event_id"),
        UniqueConstraint("endpoint_id", "fact"),
        Index("ix_webhook_delivery_log", "endpoint_id", "id"),
        Index("ix_webhook_delivery_waiting", "endpoint_id", "next_attempt_at", postgresql_where="state = 'waiting'"),
        Index("ix_webhook_delivery_created_at", "created_at"),
    )

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    endpoint_id: Mapped[int] = mapped_column(ForeignKey("webhook_endpoint.id", ondelete="CASCADE"))
    outbox_event_id: Mapped[int | None]  # no foreign key: published events are forgotten after a day
    event: Mapped[str]
    fact: Mapped[str]
    ids: Mapped[Json]
    payload: Mapped[Json | None] = mapped_column(JSONB(none_as_null=True))
    state: Mapped[WebhookState] = mapped_column(one_of(WebhookState), default=WebhookState.WAITING)
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    next_attempt_at: Mapped[datetime | None]
    claimed_until: Mapped[datetime | None]
    is_urged: Mapped[bool] = mapped_column(default=False, server_default="false")
    response_code: Mapped[int | None]
    response: Mapped[str] = mapped_column(default="", server_default="")  # the beginning of what was answered
    duration_seconds: Mapped[float | None]
    error: Mapped[str] = mapped_column(default="", server_default="")
    attempted_at: Mapped[datetime | None]
    created_at: Mapped[Created]
