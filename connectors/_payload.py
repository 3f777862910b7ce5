"""Read what a provider posted without trusting its shape: a value of the wrong type counts as missing. Total."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from connectors.submission import clean_line, clean_text

NOTHING: Mapping[str, Any] = {}
LATEST_SECONDS = 253_402_300_799  # the end of the year 9999
EPOCH_MILLISECONDS = 100_000_000_000  # greater than that is no number of seconds of our time


def mapping(value: Any) -> Mapping[str, Any]:
    """Return an object, {} for anything else."""
    return value if isinstance(value, dict) else NOTHING


def at(value: Any, *path: str) -> Any:
    """Return what lies under nested keys, None where there is nothing."""
    for key in path:
        value = mapping(value).get(key)
    return value


def items(value: Any) -> Sequence[Any]:
    """Return a list, () for anything else."""
    return value if isinstance(value, list) else ()


def objects(value: Any) -> list[Mapping[str, Any]]:
    """Return the objects in a list."""
    return [item for item in items(value) if isinstance(item, dict)]


def line(value: Any, limit: int = 500) -> str:
    """Return one clean line of a string or number, "" for anything else."""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return ""
    return clean_line(_written(value), limit)


def text(value: Any) -> str:
    """Return clean text of a string or number, "" for anything else."""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return ""
    return clean_text(_written(value))


def whole(value: Any) -> int | None:
    """Return a whole number, also one written as a string; None for anything else and for huge ones."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 19:
        return int(value)
    return value if isinstance(value, int) and abs(value) < 2**63 else None


def moment(value: Any) -> datetime | None:
    """Return the time of Unix seconds or milliseconds (number or digits) or of an ISO 8601 string; None if neither."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str) and not value.replace(".", "", 1).isdigit():
        return _iso(value)
    try:
        seconds = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    seconds = seconds / 1000 if seconds > EPOCH_MILLISECONDS else seconds
    if not math.isfinite(seconds) or not 0 < seconds <= LATEST_SECONDS:
        return None
    return datetime.fromtimestamp(seconds, UTC)


def _iso(value: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(value[:64].strip())
        return found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _written(value: str | int) -> str:
    # an int of a million digits cannot be written, and is no id either
    return value if isinstance(value, str) else str(value) if abs(value) < 2**127 else ""
