"""Settings, audit log: who did what that is sensitive, the newest first, a page at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from app.models import AuditEntry, User

PAGE = 50


@dataclass(frozen=True, slots=True)
class AuditRow:
    """`who` is empty for what was done in a terminal, and for users who are gone."""

    id: int
    at: datetime
    who: str
    action: str
    object_kind: str
    object_id: UUID | None
    ip: str
    details: dict[str, Any]


@dataclass(frozen=True, slots=True)
class AuditPage:
    rows: tuple[AuditRow, ...]
    before: int  # id before which there is more, 0 at the beginning of the log


@dataclass(frozen=True, slots=True)
class Person:
    public_id: str
    name: str


def page(session: Session, *, user: str = "", action: str = "", before: int = 0, limit: int = PAGE) -> AuditPage:
    """Read entries of one person (a public id) or all, of one kind of deed or all."""
    query = select(
        AuditEntry.id,
        AuditEntry.at,
        func.coalesce(User.name, ""),
        AuditEntry.action,
        AuditEntry.object_kind,
        AuditEntry.object_id,
        AuditEntry.ip,
        AuditEntry.details,
    ).outerjoin(User, User.id == AuditEntry.user_id)
    if user:
        query = query.where(
            AuditEntry.user_id == select(User.id).where(User.public_id == _uuid(user)).scalar_subquery()
        )
    if action:
        query = query.where(AuditEntry.action == action)
    if before:
        query = query.where(AuditEntry.id < before)
    found = session.execute(query.order_by(AuditEntry.id.desc()).limit(limit + 1)).all()
    rows = tuple(AuditRow(*row) for row in found[:limit])
    return AuditPage(rows, rows[-1].id if len(found) > limit else 0)


def people(session: Session) -> Sequence[Person]:
    """Return who has entries, by name."""
    query = select(User.public_id, User.name).where(exists().where(AuditEntry.user_id == User.id))
    return [Person(str(public_id), name) for public_id, name in session.execute(query.order_by(User.name, User.id))]


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        return UUID(int=0)
