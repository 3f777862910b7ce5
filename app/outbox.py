"""The letter tray: what other processes must hear is written in the transaction that made it true."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import insert, text
from sqlalchemy.orm import Session

from app.events import Event
from app.models import OutboxEvent

WAKE_CHANNEL = "outbox"  # LISTEN/NOTIFY: wakes the relay at commit


def record(session: Session, event: Event) -> None:
    """Keep an event for the relay; it leaves once the transaction has committed."""
    record_all(session, [event])


def record_all(session: Session, events: Iterable[Event]) -> None:
    """Keep several events, in order, with one INSERT."""
    rows = [{"name": event.wire_name(), "payload": event.payload()} for event in events]
    if not rows:
        return
    session.execute(insert(OutboxEvent), rows)
    session.execute(text(f"NOTIFY {WAKE_CHANNEL}"))
