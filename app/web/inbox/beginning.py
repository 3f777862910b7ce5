"""The first lines of a text file: what an agent needs to see whether it is the one they look for."""

from __future__ import annotations

from dataclasses import dataclass

HEAD = 64 * 1024  # bytes looked at
MOST_LINES, LONGEST_LINE = 40, 300
UTF_16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class Beginning:
    lines: str
    is_cut: bool


def first_lines(text: str, *, is_cut: bool) -> Beginning:
    """Return the first lines of a text; `is_cut`: the file goes on behind it."""
    lines = text.splitlines()
    shown = lines[:MOST_LINES]
    is_short = len(lines) <= MOST_LINES and all(len(line) <= LONGEST_LINE for line in shown)
    return Beginning("\n".join(line[:LONGEST_LINE] for line in shown), is_cut or not is_short)


def text_of(head: bytes, *, is_cut: bool) -> str | None:
    """Return what the first bytes of a file say, None for what is no text; `is_cut`: the file goes on."""
    if head.startswith(UTF_16):
        return head[: len(head) // 2 * 2].decode("utf-16", "replace")
    if b"\0" in head:
        return None
    try:
        return head.decode("utf-8-sig")
    except UnicodeDecodeError as trouble:
        if is_cut and trouble.start >= len(head) - 3:  # a letter that stands across the edge
            return head[: trouble.start].decode("utf-8-sig")
    return head.decode("cp1252", "replace")
