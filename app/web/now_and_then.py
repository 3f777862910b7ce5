"""What every page asks and hardly ever changes: read from the database at most every few seconds a process."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Generic, TypeVar

from sqlalchemy.orm import Session

from app.config import settings
from app.db import reading

Value = TypeVar("Value")


class NowAndThen(Generic[Value]):
    """One request reads it, the others go on with what was known: pages ask while they hold a connection, and many that
    all wait for a second one would wait for each other.
    """

    def __init__(self, read: Callable[[Session], Value], nothing: Value, *, seconds: float) -> None:
        self._read, self._nothing, self._seconds = read, nothing, seconds
        self._database = ""
        self._until = 0.0
        self._value = nothing

    def value(self) -> Value:
        """Return what is known, read anew where that was too long ago."""
        database = settings().database_url
        if self._database != database:
            self._database, self._value, self._until = database, self._nothing, 0.0
        if time.monotonic() >= self._until:
            self._until = time.monotonic() + self._seconds
            self._read_now()
        return self._value

    def forget(self) -> None:
        """Read anew when asked next."""
        self._until = 0.0

    def _read_now(self) -> None:
        try:
            with reading() as session:
                self._value = self._read(session)
        except BaseException:
            self.forget()
            raise
