"""What Outlook packs into winmail.dat (TNEF): files, and sometimes the words.

tnefparse reads it, in a process of its own with limits on time and memory: it copies the rest of the data at every
object and counts to whatever number a stranger wrote. What cannot be opened stays the file that it is.
"""

from __future__ import annotations

import json
import mimetypes
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from connectors._files import safe_name
from connectors.base import InboundAttachment

TYPES = frozenset(("application/ms-tnef", "application/vnd.ms-tnef"))
_SIGNATURE = b"\x78\x9f\x3e\x22"
_MAX_BYTES = 30_000_000
_SECONDS = 5
_HEAD_BYTES, _OBJECT_HEAD = 6, 9
_MAX_OBJECTS = 3_000  # each is copied with all that follows it
_CHILD = Path(__file__).with_name("_tnef_child.py")


@dataclass(frozen=True, slots=True)
class Unpacked:
    """The files inside, and the words as bytes in an unknown charset, "" where there are none."""

    files: tuple[InboundAttachment, ...] = ()
    plain: bytes = b""
    html: bytes = b""


def is_tnef(content_type: str, name: str) -> bool:
    return content_type in TYPES or name.lower() == "winmail.dat"


def unpack(data: bytes) -> Unpacked | None:
    """Open a winmail.dat; None where it is none, or not within the limits."""
    if not data.startswith(_SIGNATURE) or len(data) > _MAX_BYTES or not _is_whole(data):
        return None
    command = [sys.executable, "-I", "-S", str(_CHILD), *(path for path in sys.path if path.endswith("site-packages"))]
    try:
        done = subprocess.run(command, input=data, capture_output=True, timeout=_SECONDS, check=True)  # noqa: S603 - ours
    except (subprocess.SubprocessError, OSError):
        return None
    head, _, body = done.stdout.partition(b"\n")
    parts = json.loads(head)
    return _unpacked(parts, body)


def _is_whole(data: bytes) -> bool:
    """Follow the objects (level, name and type, length, content, checksum): nothing may be cut or changed."""
    position, view = _HEAD_BYTES, memoryview(data)
    for _ in range(_MAX_OBJECTS):
        content = position + _OBJECT_HEAD
        if content > len(data):
            break
        end = content + int.from_bytes(data[content - 4 : content], "little")
        if end + 2 > len(data) or sum(view[content:end]) & 0xFFFF != int.from_bytes(data[end : end + 2], "little"):
            return False
        position = end + 2
    return position > _HEAD_BYTES and len(data) - position < _OBJECT_HEAD


def _unpacked(parts: list[tuple[str, str, int]], body: bytes) -> Unpacked | None:
    words = {"plain": b"", "html": b""}
    files: list[InboundAttachment] = []
    position = 0
    for role, name, size in parts:
        content = body[position : position + size]
        position += size
        if role in words:
            words[role] = content
            continue
        filename = safe_name(name) or f"attachment-{len(files) + 1}.bin"
        kind = mimetypes.guess_type(filename)[0] or "application/octet-stream"
        files.append(InboundAttachment(filename, kind, content))
    return Unpacked(tuple(files), **words) if files or any(words.values()) else None
