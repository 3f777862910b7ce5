"""Settings: connected sources with their health, and what arrived through them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.clock import now
from app.models import Channel, ChannelState, DailyCount, Delivery, DeliveryState, Direction, Inbox

NEWEST = 50


@dataclass(frozen=True, slots=True)
class ChannelRow:
    """`parked` counts deliveries that wait for a person; `today` the messages that came in since midnight UTC."""

    public_id: UUID
    name: str
    kind: str
    address: str
    inbox: str
    state: ChannelState
    state_reason: str
    last_success_at: datetime | None
    last_error: str
    last_error_at: datetime | None
    parked: int
    today: int

    @property
    def is_failing(self) -> bool:
        """The newest thing that happened was an error."""
        if not self.last_error or self.last_error_at is None:
            return False
        return self.last_success_at is None or self.last_error_at > self.last_success_at


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    public_id: UUID
    channel: str
    channel_id: UUID
    kind: str
    received_at: datetime
    state: DeliveryState
    reason: str
    attempts: int
    size: int

    @property
    def is_parked(self) -> bool:
        return self.state is DeliveryState.PARKED


def channels(session: Session) -> list[ChannelRow]:
    """Return all channels but the removed ones, by inbox and name."""
    parked = (
        select(func.count(Delivery.id))
        .where(Delivery.channel_id == Channel.id, Delivery.state == DeliveryState.PARKED)
        .scalar_subquery()
    )
    today = (
        select(func.coalesce(func.sum(DailyCount.messages), 0))
        .where(
            DailyCount.channel_id == Channel.id,
            DailyCount.direction == Direction.INBOUND,
            DailyCount.day == now().date(),
        )
        .scalar_subquery()
    )
    query = (
        select(
            Channel.public_id,
            Channel.name,
            Channel.kind,
            Channel.address,
            Inbox.name,
            Channel.state,
            Channel.state_reason,
            Channel.last_success_at,
            Channel.last_error,
            Channel.last_error_at,
            parked,
            today,
        )
        .join(Inbox, Inbox.id == Channel.inbox_id)
        .where(Channel.state != ChannelState.REMOVED)
    )
    rows = session.execute(query.order_by(func.lower(Inbox.name), func.lower(Channel.name), Channel.id))
    return [ChannelRow(*tuple(row)) for row in rows]


def deliveries(
    session: Session, *, inboxes: Sequence[Inbox], channel: Channel | None = None, parked_only: bool = False
) -> list[DeliveryRow]:
    """Return the newest deliveries of these inboxes, at most NEWEST."""
    query = (
        select(
            Delivery.public_id,
            Channel.name,
            Channel.public_id,
            Channel.kind,
            Delivery.received_at,
            Delivery.state,
            Delivery.reason,
            Delivery.attempts,
            Delivery.size,
        )
        .join(Channel, Channel.id == Delivery.channel_id)
        .where(Channel.inbox_id.in_([inbox.id for inbox in inboxes]))
    )
    if channel is not None:
        query = query.where(Delivery.channel_id == channel.id)
    if parked_only:
        query = query.where(Delivery.state == DeliveryState.PARKED)
    return [DeliveryRow(*row) for row in session.execute(query.order_by(Delivery.id.desc()).limit(NEWEST))]


def parked_ids(session: Session, *, channel: Channel | None = None, limit: int = 500) -> list[int]:
    """Return the ids of parked deliveries, oldest first."""
    query = select(Delivery.id).where(Delivery.state == DeliveryState.PARKED)
    if channel is not None:
        query = query.where(Delivery.channel_id == channel.id)
    return list(session.scalars(query.order_by(Delivery.id).limit(limit)))
