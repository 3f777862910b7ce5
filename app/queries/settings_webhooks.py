"""Settings: endpoints of other systems, how they fare, and the letters to one of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ScalarSelect, func, select
from sqlalchemy.orm import Session

from app.clock import now
from app.models import WebhookDelivery, WebhookEndpoint, WebhookState
from app.models.base import Json
from app.queries._json import AnySelect

NEWEST = 50
RECENT = timedelta(days=1)
SOON = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class EndpointRow:
    """`delivered` and `failed` count letters of the last day; `waiting` those not yet delivered, of any age."""

    public_id: UUID
    name: str
    url: str
    events: list[str]
    is_active: bool
    paused_reason: str
    failing_since: datetime | None
    delivered: int
    failed: int
    waiting: int


@dataclass(frozen=True, slots=True)
class LetterRow:
    """`payload` is None before the first attempt."""

    public_id: UUID
    event: str
    state: WebhookState
    attempts: int
    next_attempt_at: datetime | None
    response_code: int | None
    response: str
    duration_seconds: float | None
    error: str
    payload: Json | None
    attempted_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Log:
    """The newest letters, newest first; `is_moving`: one of them is about to be tried."""

    rows: tuple[LetterRow, ...]
    is_moving: bool


def endpoints(session: Session) -> list[EndpointRow]:
    """Return all endpoints by name, with what became of their letters."""
    query: AnySelect = select(
        WebhookEndpoint.public_id,
        WebhookEndpoint.name,
        WebhookEndpoint.url,
        WebhookEndpoint.events,
        WebhookEndpoint.is_active,
        WebhookEndpoint.paused_reason,
        WebhookEndpoint.failing_since,
        _count(WebhookState.DELIVERED, recent=True),
        _count(WebhookState.FAILED, recent=True),
        _count(WebhookState.WAITING, recent=False),
    ).order_by(func.lower(WebhookEndpoint.name), WebhookEndpoint.id)
    return [EndpointRow(*row) for row in session.execute(query)]


def log(session: Session, *, endpoint: WebhookEndpoint, state: WebhookState | None = None) -> Log:
    """Return the newest letters of one endpoint, all or those in one state."""
    query: AnySelect = select(
        WebhookDelivery.public_id,
        WebhookDelivery.event,
        WebhookDelivery.state,
        WebhookDelivery.attempts,
        WebhookDelivery.next_attempt_at,
        WebhookDelivery.response_code,
        WebhookDelivery.response,
        WebhookDelivery.duration_seconds,
        WebhookDelivery.error,
        WebhookDelivery.payload,
        WebhookDelivery.attempted_at,
        WebhookDelivery.created_at,
    ).where(WebhookDelivery.endpoint_id == endpoint.id)
    if state is not None:
        query = query.where(WebhookDelivery.state == state)
    rows = tuple(LetterRow(*row) for row in session.execute(query.order_by(WebhookDelivery.id.desc()).limit(NEWEST)))
    soon = now() + SOON
    return Log(rows, any(row.next_attempt_at is not None and row.next_attempt_at <= soon for row in rows))


def _count(state: WebhookState, *, recent: bool) -> ScalarSelect[int]:
    query = select(func.count(WebhookDelivery.id)).where(
        WebhookDelivery.endpoint_id == WebhookEndpoint.id, WebhookDelivery.state == state
    )
    if recent:
        query = query.where(WebhookDelivery.created_at > now() - RECENT)
    return query.scalar_subquery()
