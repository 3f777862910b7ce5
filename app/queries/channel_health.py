"""Settings: how one channel fared of late, day by day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.clock import now
from app.models import Channel, Delivery, DeliveryState

DAYS = 14


@dataclass(frozen=True, slots=True)
class DayRow:
    """Deliveries that arrived on a day of UTC, and those of them that are parked now."""

    day: date
    deliveries: int
    parked: int


def days(session: Session, *, channel: Channel) -> tuple[DayRow, ...]:
    """Return the last DAYS days, the oldest first, also those on which nothing came."""
    today = now().astimezone(UTC).date()
    first = today - timedelta(days=DAYS - 1)
    day = func.date(func.timezone("UTC", Delivery.received_at))
    parked = func.count().filter(Delivery.state == DeliveryState.PARKED)
    query = (
        select(day, func.count(), parked)
        .where(Delivery.channel_id == channel.id, Delivery.received_at >= datetime.combine(first, time(), UTC))
        .group_by(day)
    )
    counted = {when: (all_, kept) for when, all_, kept in session.execute(query)}
    every = (first + timedelta(days=at) for at in range(DAYS))
    return tuple(DayRow(when, *counted.get(when, (0, 0))) for when in every)
