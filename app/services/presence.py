"""Who is here: one row an open socket, refreshed while it is open."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.clock import now
from app.models import Presence, User

FRESH_SECONDS = 60


def connect(session: Session, *, user_id: int, connection: str) -> None:
    statement = insert(Presence).values(connection=connection, user_id=user_id, seen_at=now())
    session.execute(statement.on_conflict_do_update(index_elements=[Presence.connection], set_={"seen_at": now()}))


def seen(session: Session, *, user_id: int, connection: str) -> None:
    """Say that a socket is still open (the row may have been purged meanwhile)."""
    connect(session, user_id=user_id, connection=connection)


def disconnect(session: Session, *, connection: str) -> None:
    session.execute(delete(Presence).where(Presence.connection == connection))


def connections_of(session: Session, user_id: int) -> list[str]:
    return list(session.scalars(select(Presence.connection).where(Presence.user_id == user_id)))


def online_user_ids(session: Session) -> set[int]:
    """Return the users with a socket seen in the last minute."""
    fresh = now() - timedelta(seconds=FRESH_SECONDS)
    return set(session.scalars(select(Presence.user_id).where(Presence.seen_at > fresh).distinct()))


def accepting_user_ids(session: Session) -> set[int]:
    """Return the users who are online and take new work."""
    online = online_user_ids(session)
    willing = select(User.id).where(User.id.in_(online), User.is_active, User.is_accepting)
    return set(session.scalars(willing)) if online else set()


def purge(session: Session) -> None:
    """Forget sockets that went away without saying so."""
    session.execute(delete(Presence).where(Presence.seen_at < now() - timedelta(seconds=5 * FRESH_SECONDS)))
