"""Write down sensitive deeds, in the transaction in which they are done: no deed without its entry."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from app.models import AuditAction, AuditEntry, User


def record(
    session: Session,
    *,
    action: AuditAction,
    user: User | None,
    kind: str = "",
    object_id: UUID | None = None,
    ip: str = "",
    details: dict[str, Any] | None = None,
) -> None:
    """Add an entry. `kind` and `object_id` name what it was done to; `details` must not hold personal data.

    `user` is None for what somebody did in a terminal.
    """
    entry = AuditEntry(action=action.value, user_id=user.id if user else None, object_kind=kind, object_id=object_id)
    entry.ip, entry.details = ip, details or {}
    session.add(entry)
    session.flush()
