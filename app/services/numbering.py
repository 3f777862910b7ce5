"""Ids taken from their sequence ahead of the INSERT, so that a batch of new rows is written with one statement."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.models import Base


class Ids:
    """Hand out new ids of one table; fetched in blocks. An id that is not used leaves a gap, which is harmless."""

    def __init__(self, session: Session, kind: type[Base], block: int) -> None:
        self._session, self._table, self._block = session, kind.__tablename__, max(block, 1)
        self._left: list[int] = []

    def take(self) -> int:
        if not self._left:
            statement = text("SELECT nextval(pg_get_serial_sequence(:name, 'id')) FROM generate_series(1, :count)")
            with self._session.no_autoflush:
                found = self._session.scalars(statement, {"name": self._table, "count": self._block})
                self._left = sorted(found, reverse=True)
        return self._left.pop()
