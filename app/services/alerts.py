"""What people do with an alert: acknowledge it, with a note."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.clock import now
from app.errors import Conflict, Invalid
from app.models import Alert, User
from app.phrases import phrase
from app.services import alert_changes, alert_notices

LONGEST_NOTE = 2000


def acknowledge(session: Session, *, alert: Alert, actor: User, note: str) -> None:
    """Say that somebody looks after it; others see who. The first who says so stays. Raises Invalid, Conflict."""
    written = note.replace("\r\n", "\n").strip()
    if len(written) > LONGEST_NOTE:
        raise Invalid(phrase("Use at most {most} characters.", most=LONGEST_NOTE), field="note")
    if alert.acknowledged_at is not None and alert.acknowledged_by_id != actor.id:
        raise Conflict(phrase("Somebody else has acknowledged this alert meanwhile."), version=alert.version)
    alert.acknowledged_at = alert.acknowledged_at or now()
    alert.acknowledged_by_id, alert.note = actor.id, written
    alert_notices.mark_read(session, user=actor, alert=alert)
    alert_changes.tell(session, alert)
