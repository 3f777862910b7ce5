"""Bytes on disk, named by their SHA-256: written once, fsynced, never changed."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from app.config import settings
from app.errors import NotFound

WRITERS = 16


def put(data: bytes) -> str:
    """Keep bytes and return their SHA-256 in hex. They are on disk when this returns."""
    sha256 = hashlib.sha256(data).hexdigest()
    path = _path(sha256)
    if path.exists():
        return sha256
    _make_folder(path.parent)
    part = path.with_name(f"{sha256}.{secrets.token_hex(4)}")
    with part.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    _sync_folder(path.parent)
    return sha256


def put_all(items: Sequence[bytes]) -> list[str]:
    """Keep several, in order. Waiting for the disk is done side by side, which lets it write them together."""
    if len(items) < 2:
        return [put(item) for item in items]
    with ThreadPoolExecutor(min(len(items), WRITERS)) as pool:
        return list(pool.map(put, items))


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
