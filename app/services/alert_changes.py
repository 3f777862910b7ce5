"""Tell those who see an alert that it changed: its version goes up and the fact is kept with the change."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import outbox
from app.events import AlertChanged
from app.models import Alert, AlertNotice, Role
from app.services import access

HEAR_ALWAYS = frozenset({Role.SUPERVISOR, Role.ADMIN})


def tell(session: Session, alert: Alert) -> None:
    """Record `alert.changed` for supervisors, and those who were told, as far as they may see it."""
    alert.version += 1
    session.flush()
    seeing = access.users_seeing(session, alert)
    told = set(session.scalars(select(AlertNotice.user_id).where(AlertNotice.alert_id == alert.id)))
    users = [str(user.public_id) for id_, user in seeing.items() if id_ in told or user.role in HEAR_ALWAYS]
    outbox.record(
        session, AlertChanged(alert_id=alert.id, alert=str(alert.public_id), users=users, version=alert.version)
    )
