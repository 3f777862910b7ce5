"""Opens one winmail.dat from its standard input, within limits; run by connectors/_tnef.py, never imported.

    python -I -S _tnef_child.py SITE_PACKAGES < winmail.dat

Prints one line of JSON, [[role, name, size], …] with role plain, html or file, and then the bytes one after the other.
"""

from __future__ import annotations

import json
import logging
import resource
import sys
from typing import Any

CPU_SECONDS, MEMORY_BYTES = 2, 600_000_000
MOST_FILES, MOST_DEPTH, MOST_BYTES = 200, 3, 60_000_000


def main() -> None:
    """Read, open, print. Any failure is an exit status that is not 0."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    sys.path += sys.argv[1:]
    from tnefparse import TNEF  # type: ignore[import-untyped]  # it ships no types

    logging.disable()
    parts: list[tuple[str, str, bytes]] = []
    opened = TNEF(sys.stdin.buffer.read(), do_checksum=False)
    for role, words in (("plain", opened.body), ("html", opened.htmlbody)):
        content = as_bytes(words)
        if content.strip():
            parts.append((role, "", content))
    collect(opened, parts, 0)
    out = sys.stdout.buffer
    out.write(json.dumps([(role, name, len(content)) for role, name, content in parts]).encode() + b"\n")
    for _, _, content in parts:
        out.write(content)


def collect(opened: Any, parts: list[tuple[str, str, bytes]], depth: int) -> None:
    """Gather the files, those of packed mails too."""
    for attachment in opened.attachments:
        if len(parts) > MOST_FILES or sum(len(part[2]) for part in parts) > MOST_BYTES:
            return
        inner = getattr(attachment, "embed", None)
        if inner is not None and depth < MOST_DEPTH:
            collect(inner, parts, depth + 1)
        else:
            parts.append(("file", name_of(attachment), as_bytes(attachment.data)))


def name_of(attachment: Any) -> str:
    """Return the long name where there is one; tnefparse decodes the short one as UTF-8 and fails at any other."""
    try:
        name = attachment.long_filename()
    except UnicodeDecodeError:
        name = attachment._name.decode("cp1252", "replace")  # noqa: SLF001 - no other way to the bytes
    return str(name).strip("\0")


def as_bytes(value: Any) -> bytes:
    """Return words or a file as bytes; tnefparse gives text, bytes or a list of one of them."""
    if isinstance(value, list | tuple):
        value = value[0] if value else b""
    if isinstance(value, str):
        value = value.encode("utf-8", "replace")
    return value.rstrip(b"\0") if isinstance(value, bytes) and value.endswith(b"\0\0") else value or b""


if __name__ == "__main__":
    main()
