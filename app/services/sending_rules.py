"""The workspace's rules for how replies leave."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.errors import Invalid
from app.models import SendingSetting
from app.phrases import phrase

DEFAULT_UNDO_SECONDS, MOST_UNDO_SECONDS = 10, 120


def undo_send_seconds(session: Session) -> int:
    """Return how long a person's reply waits before it leaves, in seconds; 0 for not at all."""
    row = session.get(SendingSetting, 1)
    return row.undo_send_seconds if row else DEFAULT_UNDO_SECONDS


def undo_wait(session: Session) -> timedelta:
    return timedelta(seconds=undo_send_seconds(session))


def change(session: Session, *, undo_send_seconds: str) -> None:
    """Store how long replies wait. Raises Invalid for what is no whole number of 0 to MOST_UNDO_SECONDS."""
    typed = undo_send_seconds.strip()
    seconds = int(typed) if typed.isascii() and typed.isdecimal() and len(typed) <= len(str(MOST_UNDO_SECONDS)) else -1
    if not 0 <= seconds <= MOST_UNDO_SECONDS:
        raise Invalid(phrase("Give whole seconds from 0 to {most}.", most=MOST_UNDO_SECONDS), field="undo_send_seconds")
    row = insert(SendingSetting).values(id=1, undo_send_seconds=seconds)
    kept = {"undo_send_seconds": row.excluded.undo_send_seconds}
    session.execute(row.on_conflict_do_update(index_elements=[SendingSetting.id], set_=kept))
    session.expire_all()
