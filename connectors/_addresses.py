"""Address lists as they are really written, read in linear time.

The standard library's parser raises on some malformed values, and in the past took the address of an attacker out of
`alice@example.org)bob@example.net` (CVE-2023-27043); here a candidate that is not exactly one address is no address.
Tolerated: groups, comments, semicolons, unquoted commas and dots in names, missing or doubled brackets, `mailto:`,
routes, encoded words anywhere, addresses in any script.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from connectors._encoded import decode_words
from connectors._headers import one_line
from connectors.base import Address

MAX_ADDRESSES = 10_000  # of one header; the raw bytes keep the rest
MAX_LIST_CHARS = 500_000
_TOKEN = re.compile(r"[^\"(),;:<>\\\[]++|.", re.DOTALL)
_COMMENT_SIGN = re.compile(r"[()\\]")
_QUOTED_SIGN = re.compile(r"[\"\\]")
_ADDRESS = re.compile(
    r"(?:\"[^\"\x00-\x1f]{1,128}\"|[^\s\x00-\x1f\"(),:;<>@\[\\\]]{1,128})@"
    r"(?:[^\s\x00-\x1f\"(),:;<>@\[\\\]!/]{1,255}|\[[0-9A-Za-z.:]{1,60}\])"
)
_INNER_COMMENT = re.compile(r"\([^()]{0,200}\)")  # <pete(his account)@silly.example>
_AROUND_SIGNS = re.compile(r"\s*([.@])\s*")


@dataclass(slots=True)
class _Mailbox:
    """What stood between two separators."""

    words: list[str] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    angles: list[str] = field(default_factory=list)

    def is_empty(self) -> bool:
        return not (self.words or self.angles or self.comments)


def parse_addresses(value: str) -> list[Address]:
    """Read one unfolded, still encoded header value; order kept, addresses lower case, what is no address left out."""
    value = value[:MAX_LIST_CHARS]
    found = _read(value)
    if not found and "=?" in value:  # some senders encode the whole of `Name <address>` as one word
        found = _read(one_line(decode_words(value)))
    return found


def _read(value: str) -> list[Address]:
    addresses: list[Address] = []
    pending = ""  # "Doe" of `Doe, John <j@example.org>`
    for box in _Reader(value).read():
        email, name = _resolve(box)
        if email:
            name = f"{pending}, {name}" if pending and name and box.angles else name
            addresses.append(Address(email, name))
            if len(addresses) >= MAX_ADDRESSES:
                break
        pending = "" if email or box.angles else name
    return addresses


class _Reader:
    """Cuts a header value into mailboxes in one pass: a sign that is never closed is looked for only once."""

    def __init__(self, value: str) -> None:
        self.value = value
        self.position = 0
        self.boxes: list[_Mailbox] = []
        self.box = _Mailbox()
        self.unclosed: set[str] = set()

    def read(self) -> list[_Mailbox]:
        takers = {'"': self._take_quoted, "(": self._take_comment, "<": self._take_angle, "[": self._take_literal}
        while self.position < len(self.value) and len(self.boxes) <= MAX_ADDRESSES:
            token = _TOKEN.match(self.value, self.position)
            sign = token[0] if token else self.value[self.position]
            self.position += len(sign)
            if sign in takers and sign not in self.unclosed:
                takers[sign]()
            elif sign in ",;":
                self.boxes.append(self.box)
                self.box = _Mailbox()
            elif sign == ":" and not self.box.angles and not any("@" in word for word in self.box.words[-4:]):
                self.box.words.clear()  # the name of a group, or "mailto"
                self.box.comments.clear()
            elif sign != ">" or not self.box.angles:
                self.box.words.append(sign)
        return [*self.boxes, self.box]

    def _take_quoted(self) -> None:
        start = self.position
        pieces: list[str] = []
        sign = _QUOTED_SIGN.search(self.value, start)
        while sign and sign[0] != '"':
            pieces += (self.value[self.position : sign.start()], self.value[sign.end() : sign.end() + 1])
            self.position = sign.end() + 1
            sign = _QUOTED_SIGN.search(self.value, self.position)
        if sign is None:
            self.unclosed.add('"')
            self.position = start
            return
        text = "".join((*pieces, self.value[self.position : sign.start()]))
        self.position = sign.end()
        is_local_part = self.value[self.position : self.position + 1] == "@"
        self.box.words.append(f'"{text}"' if is_local_part else text)

    def _take_comment(self) -> None:
        start, depth = self.position, 1
        position = start
        while depth:
            sign = _COMMENT_SIGN.search(self.value, position)
            if sign is None:
                self.unclosed.add("(")
                return
            position = sign.end() + (sign[0] == "\\")
            depth += {"(": 1, ")": -1, "\\": 0}[sign[0]]
        self.box.comments.append(self.value[start : position - 1])
        self.position = position

    def _take_angle(self) -> None:
        start = self.position
        end = self.value.find(">", start) if ">" not in self.unclosed else -1
        again = self.value.find("<", start, end if end >= 0 else len(self.value))
        if end < 0:
            self.unclosed.add(">")
        if again == start:  # `<<anna@example.org>>`
            return
        if end >= 0 > again:
            self.position = end + 1
        else:
            limit = again if again >= 0 else len(self.value)
            comma = self.value.find(",", start, limit)
            end = self.position = comma if comma >= 0 else limit
        self.box.angles.append(self.value[start:end])

    def _take_literal(self) -> None:
        """A domain literal, `user@[192.0.2.1]`; any other bracket is just a sign."""
        start = self.position
        end = self.value.find("]", start, start + 64)
        is_domain = bool(self.box.words) and self.box.words[-1].endswith("@") and end > 0
        self.position = end + 1 if is_domain else start
        self.box.words.append(self.value[start - 1 : self.position])


def _resolve(box: _Mailbox) -> tuple[str, str]:
    """Say (address, name) of one mailbox; the address is "" where there is none."""
    if box.is_empty():
        return "", ""
    phrase = "".join(box.words)[:4000]
    for angle in box.angles:
        email = _clean_address(_INNER_COMMENT.sub("", angle))
        if email:
            return email, _clean_name(phrase) or _clean_name(" ".join(box.comments))
    email = _clean_address(phrase)
    if email:
        return email, _clean_name(" ".join(box.comments))
    words = phrase.split()
    for word in reversed(words):  # `Anna anna@example.org`, the brackets forgotten
        email = _clean_address(word.strip("'\"<>[]"))
        if email:
            return email, _clean_name(" ".join(other for other in words if other is not word))
    return "", _clean_name(phrase)


def _clean_address(text: str) -> str:
    """Lower-case address if the text is exactly one, else ""."""
    if "@" not in text or len(text) > 1000:
        return ""
    text = decode_words(text).strip().strip("'")
    if text[:7].lower() == "mailto:":
        text = text[7:]
    if text.startswith("@") and ":" in text:  # a route: <@relay.example:anna@example.org>
        text = text.rpartition(":")[2]
    text = _AROUND_SIGNS.sub(r"\1", text).rstrip(".")
    return text.lower() if _ADDRESS.fullmatch(text) else ""


def _clean_name(text: str) -> str:
    name = one_line(decode_words(text)).strip()
    if len(name) > 1 and name[0] == name[-1] and name[0] in "'\"":
        name = name[1:-1]
    return " ".join(name.split())[:500]
