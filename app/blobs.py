"""Bytes on disk, named by their SHA-256: written once, fsynced, never changed. What comes through a channel is never
removed; files that were attached to a draft and never sent are (services.draft_files).
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

from app.config import settings
from app.errors import NotFound

WRITERS = 16


def name_of(data: bytes) -> str:
    """Return the SHA-256 of bytes, in hex: the name under which they are kept."""
    return hashlib.sha256(data).hexdigest()


def put(data: bytes) -> str:
    """Keep bytes and return their name. They are on disk when this returns."""
    return put_all([data])[0]


def put_all(items: Sequence[bytes]) -> list[str]:
    """Keep several; return their names, in order."""
    names = [name_of(item) for item in items]
    put_named(dict(zip(names, items, strict=True)))
    return names


def put_named(items: Mapping[str, bytes]) -> None:
    """Keep bytes whose names are known. Waiting for the disk is done side by side, so that it writes them together."""
    missing = [(sha256, data) for sha256, data in items.items() if not _is_there(sha256)]
    if len(missing) < 2:
        for sha256, data in missing:
            _write(sha256, data)
        return
    with ThreadPoolExecutor(min(len(missing), WRITERS)) as pool:
        list(pool.map(_write, *zip(*missing, strict=True)))


def remove(sha256: str, *, unless_since: datetime) -> bool:
    """Remove bytes that nothing names, unless they were put (again) since then; tell whether they are gone.

    Whoever puts the same bytes meanwhile either finds them not there and writes them, or is seen here.
    """
    path = _path(sha256)
    aside = path.with_name(f"{sha256}.{secrets.token_hex(4)}")
    try:
        path.rename(aside)
    except FileNotFoundError:
        return True
    if aside.stat().st_mtime >= unless_since.timestamp():
        aside.replace(path)
        return False
    aside.unlink()
    return True


def _is_there(sha256: str) -> bool:
    """Tell whether bytes are kept already, and let `remove` see that they are wanted."""
    try:
        os.utime(_path(sha256))
    except FileNotFoundError:
        return False
    return True


def _write(sha256: str, data: bytes) -> None:
    path = _path(sha256)
    _make_folder(path.parent)
    part = path.with_name(f"{sha256}.{secrets.token_hex(4)}")
    with part.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    _sync_folder(path.parent)


def get(sha256: str) -> bytes:
    """Return the bytes. Raises NotFound."""
    try:
        return _path(sha256).read_bytes()
    except FileNotFoundError:
        raise NotFound("The stored file is missing on disk.") from None


def path_of(sha256: str) -> Path:
    """Return where the bytes lie, for a server that streams files. Raises NotFound."""
    path = _path(sha256)
    if not path.exists():
        raise NotFound("The stored file is missing on disk.")
    return path


def _path(sha256: str) -> Path:
    if len(sha256) != 64 or not sha256.isalnum():
        raise NotFound("Not the name of a stored file.")
    return settings().blobs / sha256[:2] / sha256


def _make_folder(folder: Path) -> None:
    folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not folder.exists():
        folder.mkdir(mode=0o700, exist_ok=True)
        _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
