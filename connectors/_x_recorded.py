"""Payloads of X read from a folder, for those without access to its API: NAME.json, as the API or a webhook gave it.

A folder is read again at every start; what is known already is known by its content. New files are found as they come:
write to another name and rename, so that nobody reads half a file.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from connectors.base import Batch, RawDelivery
from connectors.errors import BadCredentials, Transient
from connectors.phrases import phrase

BATCH = 50
MOST_BYTES = 10_000_000  # of one file
MOST_BATCH_BYTES = 20_000_000


def folder_of(named: str) -> Path:
    """Return the folder. Raises BadCredentials where there is none."""
    folder = Path(named)
    if "\0" in named or not folder.is_dir():
        raise BadCredentials(phrase("There is no folder {named} with recorded payloads.", named=repr(named)))
    return folder


def names_in(folder: Path) -> list[str]:
    """Return the files to read, in the order of their names. Raises Transient."""
    try:
        found = [entry.name for entry in os.scandir(folder) if entry.is_file(follow_symlinks=False)]
    except OSError as error:
        raise Transient(
            phrase("The folder {folder} cannot be read: {strerror}.", folder=folder, strerror=error.strerror)
        ) from None
    return sorted(name for name in found if name.endswith(".json") and not name.startswith("."))


def recorded(folder: Path, step_seconds: float, heartbeat_seconds: float) -> Iterator[Batch]:
    """Yield what lies there, then what comes; never ends by itself. Raises Transient."""
    seen: set[str] = set()
    signed_at = time.monotonic()
    while True:
        fresh = [name for name in names_in(folder) if name not in seen]
        seen.update(fresh)
        yield from _read(folder, fresh)
        if fresh or time.monotonic() - signed_at >= heartbeat_seconds:
            signed_at = time.monotonic()
            yield Batch()
        time.sleep(step_seconds)


def _read(folder: Path, names: list[str]) -> Iterator[Batch]:
    group: list[RawDelivery] = []
    size = 0
    for name in names:
        try:
            with (folder / name).open("rb") as file:
                raw = file.read(MOST_BYTES)
        except OSError as error:
            raise Transient(phrase("{name} cannot be read: {strerror}.", name=name, strerror=error.strerror)) from None
        size += len(raw)
        group.append(RawDelivery(raw, datetime.now(UTC), f"recorded:{sha256(raw).hexdigest()}"))
        if len(group) >= BATCH or size >= MOST_BATCH_BYTES:
            yield Batch(tuple(group))
            group, size = [], 0
    if group:
        yield Batch(tuple(group))
