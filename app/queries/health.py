"""Is everything alive? For `doctor`, /up and /ready."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from app.clock import now
from app.config import settings
from app.models import (
    Channel,
    ChannelState,
    Delivery,
    DeliveryState,
    Direction,
    Heartbeat,
    Message,
    OutboxEvent,
    SendState,
)

FRESH = timedelta(seconds=20)
EXPECTED = ("relay", "annotator", "poller", "clock")
TRANSLATOR = "translator"  # only where an installation names models for it
QUEUES = ("ingest", "default", "send", "slow")


@dataclass(frozen=True, slots=True)
class Process:
    kind: str
    name: str
    age_seconds: float
    detail: dict[str, Any]

    @property
    def is_fresh(self) -> bool:
        return self.age_seconds < FRESH.total_seconds()


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits: counts, and the age in seconds of the oldest (None when nothing waits)."""

    name: str
    waiting: int
    oldest_seconds: float | None


@dataclass(frozen=True, slots=True)
class ChannelHealth:
    name: str
    kind: str
    state: str
    last_success_seconds: float | None
    last_error: str
    parked: int
    last_delivery_seconds: float | None = None
    lag_seconds: float | None = None


_SILENT = Process(TRANSLATOR, "", 0.0, {})


def answers(session: Session) -> bool:
    """Say whether the database answers."""
    return bool(session.scalar(text("SELECT 1")) == 1)


def processes(session: Session) -> list[Process]:
    """Return every process heard of in the last hour; a silent one only while nothing fresh does its work."""
    rows = session.scalars(select(Heartbeat).order_by(Heartbeat.kind, Heartbeat.beat_at.desc()))
    found = [Process(r.kind, r.process, (now() - r.beat_at).total_seconds(), r.detail) for r in rows]
    replaced = {(process.kind, str(process.detail.get("queues"))) for process in found if process.is_fresh}
    return [p for p in found if p.is_fresh or (p.kind, str(p.detail.get("queues"))) not in replaced]


def missing(found: list[Process]) -> list[str]:
    """Return what keeps the installation from being ready: silent processes, models still loading."""
    fresh = {process.kind: process for process in found if process.is_fresh}
    served = {queue for process in found if process.is_fresh for queue in process.detail.get("queues", ())}
    gaps = [kind for kind in EXPECTED if kind not in fresh]
    gaps += [f"worker of {queue}" for queue in QUEUES if queue not in served]
    annotator = fresh.get("annotator")
    if annotator and not annotator.detail.get("model"):
        gaps.append("model")
    if settings().translators and not fresh.get(TRANSLATOR, _SILENT).detail.get("model"):
        gaps.append(TRANSLATOR)
    return gaps


def backlogs(session: Session) -> list[Backlog]:
    """Return what has not moved on yet."""
    inbound = Message.direction == Direction.INBOUND
    undecided = Message.send_state.in_((SendState.FAILED, SendState.UNCERTAIN))
    waiting = (
        ("events not relayed", OutboxEvent.created_at, OutboxEvent.published_at.is_(None)),
        ("deliveries not read", Delivery.created_at, Delivery.state == DeliveryState.STORED),
        ("messages not annotated", Message.created_at, Message.annotated_at.is_(None) & inbound),
        (
            "messages not routed",
            Message.created_at,
            Message.routed_at.is_(None) & inbound,
        ),
        ("replies not sent", Message.created_at, Message.send_state.in_((SendState.QUEUED, SendState.SENDING))),
        ("replies that need a decision", Message.created_at, undecided),
        ("deliveries parked", Delivery.created_at, Delivery.state == DeliveryState.PARKED),
    )
    found = []
    for name, column, condition in waiting:
        count, oldest = session.execute(select(func.count(), func.min(column)).where(condition)).one()
        found.append(Backlog(name, count, (now() - oldest).total_seconds() if count else None))
    return found


def channels(session: Session) -> list[ChannelHealth]:
    """Return the health of every channel that is not removed."""
    parked = (
        select(func.count())
        .where(Delivery.channel_id == Channel.id, Delivery.state == DeliveryState.PARKED)
        .scalar_subquery()
    )
    query = select(Channel, parked).where(Channel.state != ChannelState.REMOVED).order_by(Channel.name)
    return [
        ChannelHealth(
            name=row.name,
            kind=row.kind,
            state=row.state.value + (f": {row.state_reason}" if row.state_reason else ""),
            last_success_seconds=(now() - row.last_success_at).total_seconds() if row.last_success_at else None,
            last_error=row.last_error,
            parked=count,
            last_delivery_seconds=(now() - row.last_delivery_at).total_seconds() if row.last_delivery_at else None,
            lag_seconds=row.lag_seconds,
        )
        for row, count in session.execute(query)
    ]
