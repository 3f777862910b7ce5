"""Carry the letters: claim what the outbox holds, hand jobs to the queues and pokes to the browsers, mark, commit.

Delivery is at least once. The claim is a flag on the row, never "id > last seen": a smaller id can commit later. The
relay is the one place where Redis is spoken to inside a transaction, because the claim is the transaction.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app.clock import now
from app.config import settings
from app.db import first_line, transaction
from app.events import AccessChanged, Event
from app.log import get_logger
from app.models import OutboxEvent
from app.outbox import WAKE_CHANNEL
from app.services import presence, push_letters, webhook_deliveries
from workers import queues, realtime
from workers.embedded_postgres import connect_to
from workers.heartbeat import beating, pause
from workers.queues import Job
from workers.subscriptions import jobs_of, pokes_of

BATCH = 500
POLL_SECONDS = 1.0  # the net under LISTEN/NOTIFY
LONGEST_PAUSE_SECONDS = 5.0


def run() -> None:
    """Relay until the process is told to stop."""
    import psycopg
    import redis

    failures = 0
    with beating("relay"):
        while True:
            try:
                for _ in _wakings():
                    while publish_batch() == BATCH:
                        pass
                    failures = 0
            except (psycopg.Error, SQLAlchemyError, redis.RedisError, OSError) as error:
                failures += 1
                get_logger().warning("relay.waiting", error=first_line(error))
                pause(min(0.2 * 2**failures, LONGEST_PAUSE_SECONDS))


def publish_batch() -> int:
    """Publish up to BATCH events, oldest first; return how many there were."""
    with transaction() as session:
        query = select(OutboxEvent).where(OutboxEvent.published_at.is_(None))
        rows = session.scalars(query.order_by(OutboxEvent.id).limit(BATCH).with_for_update(skip_locked=True)).all()
        if not rows:
            return 0
        events = [Event.from_payload(row.name, row.payload) for row in rows]
        webhook_deliveries.plan(session, [(row.id, event) for row, event in zip(rows, events, strict=True)])
        queues.enqueue([*jobs_of(events), *_pushes(session, events)])
        realtime.emit(pokes_of(events))
        for event in events:
            if isinstance(event, AccessChanged):
                realtime.disconnect(presence.connections_of(session, event.user_id))
        ids = [row.id for row in rows]
        session.execute(update(OutboxEvent).where(OutboxEvent.id.in_(ids)).values(published_at=now()))
    return len(rows)


def _pushes(session: Session, events: Sequence[Event]) -> list[Job]:
    """Return the job that tells closed browsers; what it is to look at is written down with the claim."""
    asked = push_letters.ask(session, events)
    return [Job("slow", "workers.jobs.push.tell", tuple(asked))] if asked else []


def _wakings() -> Iterator[None]:
    """Yield at once, then whenever a transaction recorded an event, and every POLL_SECONDS."""
    with _listening() as connection:
        yield
        while True:
            for _ in connection.notifies(timeout=POLL_SECONDS, stop_after=1):
                pass
            yield


def _listening() -> Any:
    connection = connect_to(settings().database_url, seconds=5)
    connection.execute(f"LISTEN {WAKE_CHANNEL}")
    return connection
