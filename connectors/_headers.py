"""The header block of a mail or of one part: found, split, unfolded and decoded, each field only when it is asked for.

Tolerated: mbox "From " lines, byte-order marks, lone CR, doubled CR, missing blank line before the body, a subject
broken without indentation, spaces before the colon, raw 8-bit bytes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from connectors._charset import codec_for, decode
from connectors._encoded import decode_words

MAX_HEADER_BYTES = 8_000_000  # of one block; 100,000 recipients are 3 MB
_MAX_LINES = 250_000
_MAX_READ_BYTES = 100_000  # of a field that is not a list of addresses
_LEADING = re.compile(rb"[\s\x00]*+")
_BLANK_LINE = re.compile(rb"\n\r*\n")
_FIELD = re.compile(rb"([!-9;-~]{1,200})[ \t]*:(.*)", re.DOTALL)
_CHARSET = re.compile(rb"charset\s*=\s*\"?([A-Za-z0-9_.:-]{2,40})", re.IGNORECASE)
_CONTROL = re.compile("[\x00-\x1f\x7f\u2028\u2029]+")
_KNOWN_AFTER_BREAK = re.compile(
    rb"(?:x-[\w-]+|received|from|to|cc|bcc|subject|date|message-id|mime-version|content-[\w-]+|reply-to|references"
    rb"|in-reply-to|return-path|delivered-to|sender|dkim-signature|list-[\w-]+|precedence|importance|thread-[\w-]+)"
    rb"[ \t]*:",
    re.IGNORECASE,
)


@dataclass(slots=True)
class Headers:
    """Fields by lower-case name, raw and unfolded; decoded on demand."""

    fields: dict[str, list[bytes]] = field(default_factory=dict)
    charset_hint: str | None = None  # for 8-bit bytes without a label: what the body claims
    decoded: dict[str, str] = field(default_factory=dict)  # what `first` has been asked already

    def __contains__(self, name: str) -> bool:
        return name in self.fields

    def undecoded(self, name: str) -> list[str]:
        """Every value of a field, unfolded, 8-bit bytes read, encoded words left as they are."""
        return [self._text(value) for value in self.fields.get(name, ())]

    def first(self, name: str) -> str:
        """The first value that is not blank, decoded for reading, on one line; "" where there is none."""
        if name not in self.fields:
            return ""
        if name not in self.decoded:
            values = (one_line(decode_words(self._text(value[:_MAX_READ_BYTES]))) for value in self.fields[name])
            self.decoded[name] = next(filter(None, values), "")
        return self.decoded[name]

    def token(self, name: str) -> str:
        """The first word of a structured field, lower case: `auto-replied` of "Auto-Replied; owner=x"."""
        return self.first(name).partition(";")[0].strip().lower()

    def _text(self, value: bytes) -> str:
        if value.isascii() and b"\x1b" not in value:
            return value.decode("ascii")
        return decode(value, self.charset_hint, trust_label=False)


def one_line(text: str) -> str:
    """Header text for people: control characters (a smuggled line break) become a space."""
    return _CONTROL.sub(" ", text).strip()


def skip_envelope(raw: bytes) -> int:
    """Where the header block starts: behind a byte-order mark, empty lines and an mbox "From " line."""
    start = 3 if raw.startswith(b"\xef\xbb\xbf") else 0
    leading = _LEADING.match(raw, start)
    start = leading.end() if leading else start
    if raw.startswith((b"From ", b">From "), start):
        line_end = raw.find(b"\n", start)
        start = line_end + 1 if line_end >= 0 else start
    return start


def read_headers(raw: bytes, start: int, end: int) -> tuple[Headers, int]:
    """Read the block that begins at `start`; returns the fields and where the body begins."""
    if raw.startswith((b"\n", b"\r\n"), start, end):
        return Headers(), raw.index(b"\n", start) + 1
    blank = _BLANK_LINE.search(raw, start, end)
    block_end, body_start = (blank.start() + 1, blank.end()) if blank else (end, end)
    block = raw[start : min(block_end, start + MAX_HEADER_BYTES)]
    headers, used = _split_fields(block)
    if used < len(block):  # a line that is no header: the blank line before the body is missing
        body_start = start + used
    headers.charset_hint = _charset_hint(headers)
    return headers, body_start


def _split_fields(block: bytes) -> tuple[Headers, int]:
    """Split into fields; the number says how many bytes were header."""
    collected: dict[str, list[list[bytes]]] = {}
    lines = block.split(b"\n", _MAX_LINES)
    current: list[bytes] = []
    used = 0
    for index, line in enumerate(lines[:_MAX_LINES]):
        found = None if line[:1] in {b" ", b"\t"} else _FIELD.match(line)
        if found:
            current = [found[2].strip()]
            collected.setdefault(found[1].decode("ascii").lower(), []).append(current)
        elif line[:1] in {b" ", b"\t"} or not line.strip(b"\r") or _is_broken_fold(lines, index, bool(collected)):
            current.append(line.strip())
        else:
            return _folded(collected), used
        used += len(line) + 1
    return _folded(collected), len(block)


def _folded(collected: dict[str, list[list[bytes]]]) -> Headers:
    return Headers({name: [b" ".join(lines) for lines in values] for name, values in collected.items()})


def _is_broken_fold(lines: list[bytes], index: int, has_fields: bool) -> bool:
    """A line without a colon inside the block: noise or a badly folded value if known fields go on right after it."""
    following = lines[index + 1] if index + 1 < len(lines) else b""
    return bool(_KNOWN_AFTER_BREAK.match(following)) or (not has_fields and _FIELD.match(following) is not None)


def _charset_hint(headers: Headers) -> str | None:
    for value in headers.fields.get("content-type", ()):
        found = _CHARSET.search(value[:2000])
        label = found[1].decode("ascii") if found else None
        if label and codec_for(label) not in {None, "ascii"}:
            return label
    return None
