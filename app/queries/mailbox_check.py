"""A mailbox beside what is stored of it: the newest count, and what is parked with its reason."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.models import Channel, CheckState, Delivery, DeliveryState, MailboxCheck

MOST_PARKED = 50


@dataclass(frozen=True, slots=True)
class ParkedRow:
    public_id: UUID
    folder: str
    reason: str
    received_at: datetime
    size: int


@dataclass(frozen=True, slots=True)
class MailboxView:
    """`folders` as app/services/mailbox_checks.py keeps them; `is_running` while a worker is at it, or
    will be.
    """

    state: CheckState | None
    folders: tuple[dict[str, Any], ...]
    reason: str
    counted_at: datetime | None
    wanted: int
    fetched: int
    is_running: bool
    missing: int
    parked_count: int
    parked: tuple[ParkedRow, ...]


def view(session: Session, *, channel: Channel) -> MailboxView:
    """Read the page; two queries, whatever there is."""
    check = session.scalars(select(MailboxCheck).where(MailboxCheck.channel_id == channel.id)).one_or_none()
    parked, count = _parked(session, channel)
    if check is None:
        return MailboxView(None, (), "", None, 0, 0, False, 0, count, parked)
    return MailboxView(
        state=check.state,
        folders=tuple(check.folders),
        reason=check.reason,
        counted_at=check.counted_at,
        wanted=check.wanted,
        fetched=check.fetched,
        is_running=check.state in {CheckState.COUNTING, CheckState.FETCHING},
        missing=sum(len(folder["missing"]) + folder["more"] for folder in check.folders),
        parked_count=count,
        parked=parked,
    )


def _parked(session: Session, channel: Channel) -> tuple[tuple[ParkedRow, ...], int]:
    columns = (Delivery.public_id, Delivery.meta, Delivery.reason, Delivery.received_at, Delivery.size)
    query = (
        select(*columns, func.count().over())
        .where(Delivery.channel_id == channel.id, Delivery.state == DeliveryState.PARKED)
        .order_by(Delivery.id.desc())
        .limit(MOST_PARKED)
    )
    rows = session.execute(query).all()
    parked = tuple(
        ParkedRow(public_id, str(meta.get("folder") or ""), reason, received_at, size)
        for public_id, meta, reason, received_at, size, _ in rows
    )
    return parked, rows[0][-1] if rows else 0
