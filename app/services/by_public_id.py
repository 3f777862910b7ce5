"""Find what an installation is made of (users, teams, channels, rules, tags) by the id in an address.

For pages and commands of admins, who may see all of it; what belongs to an inbox goes through services/access.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar, cast
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import NotFound
from app.models import Base

Row = TypeVar("Row", bound=Base)


def get(session: Session, kind: type[Row], public_id: str | UUID, *, lock: bool = False) -> Row:
    """Return the row of a table that has public ids. Raises NotFound, also for what is no id at all."""
    try:
        wanted = public_id if isinstance(public_id, UUID) else UUID(public_id)
    except ValueError:
        raise NotFound from None
    query = select(kind).where(cast("Any", kind).public_id == wanted)
    row = session.scalars(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise NotFound
    return row


def get_all(session: Session, kind: type[Row], public_ids: Sequence[str]) -> list[Row]:
    """Return the rows of several ids. Raises NotFound if one of them is missing."""
    return [get(session, kind, public_id) for public_id in dict.fromkeys(public_ids)]


def get_named(session: Session, kind: Any, name: str, *, what: str) -> Any:
    """Return the row of a name. Raises NotFound saying what there is none of, or that there are several."""
    rows = session.scalars(select(kind).where(kind.name == name).limit(2)).all()
    if not rows:
        raise NotFound(f"There is no {what} named “{name}”.")
    if len(rows) > 1:
        raise NotFound(f"There are several {what}s named “{name}”: say which by its id.")
    return rows[0]
