"""Signs of life of the processes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.clock import now
from app.models import Heartbeat

KEEP = timedelta(hours=1)


def beat(session: Session, *, process: str, kind: str, detail: dict[str, Any]) -> None:
    """Say that a process lives."""
    statement = insert(Heartbeat).values(process=process, kind=kind, beat_at=now(), detail=detail)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=[Heartbeat.process], set_={"beat_at": now(), "detail": statement.excluded.detail}
        )
    )


def purge(session: Session) -> None:
    """Forget processes that have been silent for an hour."""
    session.execute(delete(Heartbeat).where(Heartbeat.beat_at < now() - KEEP))
