"""The titles of the workspace's own intents, for labels on any page: read at most every few seconds a process."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from app.config import settings
from app.db import reading
from app.services import workspace_intents

SECONDS = 5.0


@dataclass
class _Known:
    """What was read, of which database, and until when it holds."""

    database: str = ""
    until: float = 0.0
    titles: dict[str, str] = field(default_factory=dict)


_known = _Known()


def title_of(label: str) -> str | None:
    """Return the title of an own intent by its slug, None for any other label.

    One request reads them, the others go on with what was known: pages ask while they hold a connection, and many that
    all wait for a second one would wait for each other.
    """
    database = settings().database_url
    if _known.database != database:
        _known.database, _known.titles, _known.until = database, {}, 0.0
    if time.monotonic() >= _known.until:
        _known.until = time.monotonic() + SECONDS
        _read()
    return _known.titles.get(label)


def _read() -> None:
    try:
        with reading() as session:
            _known.titles = workspace_intents.titles(session)
    except BaseException:
        forget()
        raise


def forget() -> None:
    """Read anew when asked next: an intent was renamed."""
    _known.until = 0.0
