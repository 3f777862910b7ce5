"""Letters to endpoints: planned when the event is published, tried until they arrive or there is no hope.

Two clocks keep a tired receiver from being hammered and everybody else from waiting: a letter that failed is tried
again after 10 seconds, then ever later, up to a day; and an endpoint that does not answer is left alone for a while,
whatever is waiting for it. One that fails for days is paused, with the reason on its page.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import ColumnElement, and_, delete, exists, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session
from uuid_utils.compat import uuid7

from app import outbox
from app.clock import now
from app.errors import Conflict
from app.events import (
    AlertRaised,
    CaseChanged,
    ContactChanged,
    ConversationEvent,
    Event,
    MessageAnnotated,
    MessageReceived,
    WebhookQueued,
    WebhookTested,
)
from app.models import WebhookDelivery, WebhookEndpoint, WebhookState
from app.phrases import counted, phrase
from app.services import webhook_payloads, webhook_signing, webhooks

CLAIM = timedelta(seconds=60)  # an attempt takes 15 seconds at most, and the look-up of a name
NUDGE_AGAIN = timedelta(seconds=30)
BACK_OFF_SECONDS = (10, 30, 120, 600, 1800, 3600, 7200, 14400, 28800, 57600, 86400)
MAX_ATTEMPTS = len(BACK_OFF_SECONDS) + 1
QUIET_SECONDS, LONGEST_QUIET_SECONDS = 10, 600  # doubled with every failure in a row
PAUSE_AFTER = timedelta(days=3)  # of nothing but failures
KEEP = timedelta(days=30)
LONGEST_WAIT_SECONDS = 86400.0
MAX_SHOWN = 2_000  # characters of an answer or an error that are kept
GONE = 410


@dataclass(frozen=True, slots=True)
class Letter:
    """One attempt, ready to leave: the same id and body at every attempt, signed anew."""

    delivery_id: int
    url: str
    body: bytes
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt ended. `status` is None where nobody answered; `error` is "" for one that arrived."""

    error: str = ""
    status: int | None = None
    response: str = ""
    seconds: float | None = None
    retry_after_seconds: float | None = None
    is_down: bool = False  # no answer, or one that says: not now. Not the letter's fault


def plan(session: Session, events: Sequence[tuple[int, Event]]) -> None:
    """Keep a letter for every active endpoint that wants one of these (outbox id, event): once a fact, ever."""
    offered = [(id_, event) for id_, event in events if type(event) in webhooks.OFFERED]
    if not offered:
        return
    query = select(WebhookEndpoint.id, WebhookEndpoint.events).where(WebhookEndpoint.is_active)
    wanted = {endpoint_id: set(names) for endpoint_id, names in session.execute(query)}
    rows = [
        _row(endpoint_id, event, fact=fact_of(event), outbox_event_id=id_)
        for id_, event in offered
        for endpoint_id, names in wanted.items()
        if event.wire_name() in names
    ]
    if not rows:
        return
    kept = insert(WebhookDelivery).values(rows).on_conflict_do_nothing().returning(WebhookDelivery.endpoint_id)
    _nudge(session, set(session.scalars(kept)))


def fact_of(event: Event) -> str:
    """Return what tells a fact from all others of its name. A nudge says the same again, under the same fact."""
    name = event.wire_name()
    if isinstance(event, (MessageReceived, MessageAnnotated)):
        return f"{name}:{event.message_id}"
    if isinstance(event, ConversationEvent):
        return f"{name}:{event.conversation_id}:{event.version}"
    if isinstance(event, CaseChanged):
        return f"{name}:{event.case_id}:{event.version}"
    if isinstance(event, AlertRaised):
        return f"{name}:{event.alert_id}"
    assert isinstance(event, ContactChanged)
    return f"{name}:{event.contact_id}:{event.version}"


def send_test(session: Session, *, endpoint: WebhookEndpoint) -> None:
    """Send a test letter now, also to an endpoint that is paused; it is tried once."""
    event = WebhookTested(endpoint_id=endpoint.id)
    row = _row(endpoint.id, event, fact=f"{event.wire_name()}:{uuid4()}", outbox_event_id=None)
    session.execute(insert(WebhookDelivery).values({**row, "is_urged": True}))
    _nudge(session, {endpoint.id})


def send_again(session: Session, *, delivery: WebhookDelivery) -> None:
    """Try a letter now, whatever became of it before. Raises Conflict while it is on its way."""
    if delivery.claimed_until is not None and delivery.claimed_until > now():
        raise Conflict(phrase("It is on its way at this moment."))
    delivery.state = WebhookState.WAITING
    delivery.next_attempt_at, delivery.claimed_until, delivery.is_urged = now(), None, True
    session.flush()
    _nudge(session, {delivery.endpoint_id})


def claim_next(session: Session, *, endpoint_id: int) -> Letter | None:
    """Take the oldest letter that is due, count the attempt, and make its body if this is the first; None: no more."""
    while delivery := _next_due(session, endpoint_id):
        endpoint = session.get_one(WebhookEndpoint, endpoint_id)
        delivery.attempts += 1
        delivery.claimed_until = now() + CLAIM
        if delivery.payload is None:
            event = Event.from_payload(delivery.event, delivery.ids)
            delivery.payload = webhook_payloads.body_of(session, event=event, at=delivery.created_at)
            session.flush()
            session.refresh(delivery, ["payload"])  # as it is stored: every attempt says it in the same bytes
        if delivery.payload is not None:
            return _letter(endpoint, delivery)
        delivery.state, delivery.claimed_until = WebhookState.FAILED, None
        delivery.error = str(phrase("What it was to tell of does not exist any more."))
        session.flush()
    return None


def record(session: Session, *, delivery_id: int, outcome: Outcome) -> bool:
    """Write down how an attempt ended; return whether the endpoint may be sent the next letter at once."""
    endpoint = session.scalar(
        select(WebhookEndpoint)
        .join(WebhookDelivery, WebhookDelivery.endpoint_id == WebhookEndpoint.id)
        .where(WebhookDelivery.id == delivery_id)
        .with_for_update(of=WebhookEndpoint)
    )
    delivery = session.get(WebhookDelivery, delivery_id, with_for_update=True)
    if endpoint is None or delivery is None:
        return False  # deleted meanwhile
    delivery.claimed_until, delivery.is_urged, delivery.attempted_at = None, False, now()
    delivery.response_code, delivery.response = outcome.status, outcome.response[:MAX_SHOWN]
    delivery.duration_seconds, delivery.error = outcome.seconds, outcome.error[:MAX_SHOWN]
    if outcome.error:
        _failed(session, endpoint, delivery, outcome)
        return not outcome.is_down
    delivery.state, delivery.next_attempt_at = WebhookState.DELIVERED, None
    endpoint.failures = 0
    endpoint.failing_since = endpoint.quiet_until = None
    return True


def reconcile(session: Session, *, older_than: timedelta, limit: int) -> int:
    """Wake what is due: retries whose time has come, and letters whose job was lost. Return how many endpoints."""
    due = exists().where(
        WebhookDelivery.endpoint_id == WebhookEndpoint.id, WebhookDelivery.created_at <= now() - older_than, *_due()
    )
    at_rest = or_(WebhookEndpoint.nudged_until.is_(None), WebhookEndpoint.nudged_until <= now())
    query = select(WebhookEndpoint).where(at_rest, due).order_by(WebhookEndpoint.id).limit(limit)
    found = session.scalars(query.with_for_update(skip_locked=True)).all()
    for endpoint in found:
        endpoint.nudged_until = now() + NUDGE_AGAIN
    _nudge(session, {endpoint.id for endpoint in found})
    return len(found)


def ask_for_more(session: Session, *, endpoint_id: int) -> None:
    """Ask for another job: this one has worked long enough."""
    _nudge(session, {endpoint_id})


def purge(session: Session) -> None:
    """Forget letters of more than a month ago."""
    session.execute(delete(WebhookDelivery).where(WebhookDelivery.created_at < now() - KEEP))


def wait_seconds(attempts: int, *, asked: float | None = None) -> float:
    """Return how long to wait after so many attempts, within a fifth more or less; longer where the receiver asked."""
    base = BACK_OFF_SECONDS[min(attempts, len(BACK_OFF_SECONDS)) - 1]
    scattered = base * secrets.SystemRandom().uniform(0.8, 1.2)
    return min(max(scattered, asked or 0.0), LONGEST_WAIT_SECONDS)


def _row(endpoint_id: int, event: Event, *, fact: str, outbox_event_id: int | None) -> dict[str, Any]:
    return {
        "public_id": uuid7(),
        "endpoint_id": endpoint_id,
        "outbox_event_id": outbox_event_id,
        "event": event.wire_name(),
        "fact": fact,
        "ids": event.payload(),
        "next_attempt_at": now(),
        "state": WebhookState.WAITING,
    }


def _due() -> tuple[ColumnElement[bool], ...]:
    """Return the conditions on a WebhookDelivery, beside its WebhookEndpoint, under which it may be tried now."""
    speaks = or_(WebhookEndpoint.quiet_until.is_(None), WebhookEndpoint.quiet_until <= now())
    return (
        WebhookDelivery.state == WebhookState.WAITING,
        WebhookDelivery.next_attempt_at <= now(),
        or_(WebhookDelivery.claimed_until.is_(None), WebhookDelivery.claimed_until <= now()),
        or_(WebhookDelivery.is_urged, and_(WebhookEndpoint.is_active, speaks)),
    )


def _next_due(session: Session, endpoint_id: int) -> WebhookDelivery | None:
    query = (
        select(WebhookDelivery)
        .join(WebhookEndpoint, WebhookEndpoint.id == WebhookDelivery.endpoint_id)
        .where(WebhookDelivery.endpoint_id == endpoint_id, *_due())
        .order_by(WebhookDelivery.is_urged.desc(), WebhookDelivery.id)
        .limit(1)
    )
    return session.scalar(query.with_for_update(of=WebhookDelivery, skip_locked=True))


def _letter(endpoint: WebhookEndpoint, delivery: WebhookDelivery) -> Letter:
    body = json.dumps(delivery.payload, ensure_ascii=False, separators=(",", ":")).encode()
    signed = webhook_signing.headers(
        webhooks.secrets_of(endpoint), id_=f"msg_{delivery.public_id}", timestamp=int(now().timestamp()), body=body
    )
    headers = {"content-type": "application/json", "user-agent": "Tributary", **signed}
    return Letter(delivery_id=delivery.id, url=endpoint.url, body=body, headers=headers)


def _failed(session: Session, endpoint: WebhookEndpoint, delivery: WebhookDelivery, outcome: Outcome) -> None:
    is_test = delivery.event == WebhookTested.wire_name()
    if is_test or delivery.attempts >= MAX_ATTEMPTS or outcome.status == GONE:
        delivery.state, delivery.next_attempt_at = WebhookState.FAILED, None
    else:
        wait = wait_seconds(delivery.attempts, asked=outcome.retry_after_seconds)
        delivery.next_attempt_at = now() + timedelta(seconds=wait)
    if is_test:
        return
    endpoint.failures += 1
    endpoint.failing_since = endpoint.failing_since or now()
    if outcome.is_down:
        quiet = QUIET_SECONDS * 2 ** min(endpoint.failures - 1, 10)
        endpoint.quiet_until = now() + timedelta(seconds=min(quiet, LONGEST_QUIET_SECONDS))
    _pause_if_hopeless(session, endpoint, outcome)


def _pause_if_hopeless(session: Session, endpoint: WebhookEndpoint, outcome: Outcome) -> None:
    if not endpoint.is_active:
        return
    if outcome.status == GONE:
        webhooks.pause(session, endpoint=endpoint, reason=phrase("The receiver said that it is gone for good (410)."))
    elif endpoint.failing_since is not None and now() - endpoint.failing_since >= PAUSE_AFTER:
        days = (now() - endpoint.failing_since).days
        reason = counted(
            "Nothing arrived for {count} day. The last attempt: {error}",
            "Nothing arrived for {count} days. The last attempt: {error}",
            days,
            error=outcome.error,
        )
        webhooks.pause(session, endpoint=endpoint, reason=reason)


def _nudge(session: Session, endpoint_ids: set[int]) -> None:
    outbox.record_all(session, [WebhookQueued(endpoint_id=endpoint_id) for endpoint_id in sorted(endpoint_ids)])
