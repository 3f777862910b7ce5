"""Find rows that everybody who is signed in may see (colleagues, teams, tags) by their public ids."""

from __future__ import annotations

from typing import TypeVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import Tag, Team, User

Shared = TypeVar("Shared", User, Team, Tag)


def find(session: Session, kind: type[Shared], public_id: str) -> Shared | None:
    """Return the row, or None for an id that is unknown or no id at all."""
    try:
        wanted = UUID(public_id)
    except ValueError:
        return None
    return session.scalars(select(kind).where(kind.public_id == wanted)).one_or_none()
