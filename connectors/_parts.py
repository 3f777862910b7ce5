"""The MIME tree of a mail as a flat list of leaves, found by offsets in the raw bytes.

The standard library's parser recurses once per level and tests every line against every open boundary, so 1,000
levels end in RecursionError and nested messages lose their exact bytes. Here: one stack, one search per boundary,
limits on depth, parts and searched bytes. What lies beyond a limit stays together as one leaf; nothing is cut away.
"""

from __future__ import annotations

import binascii
import re
from dataclasses import dataclass, field

from connectors._encoded import read_parameters
from connectors._headers import Headers, read_headers, skip_envelope

MAX_DEPTH = 40
MAX_PARTS = 2_000  # of one mail, at any depth
_MAX_CANDIDATES = 50_000  # lines that begin like a boundary
_MAX_BOUNDARY = 300
_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]{1,80}/[a-z0-9!#$&^_.+-]{1,120}")
_BOUNDARY_LINE = re.compile(rb"(?:^|\n)--([^\s-][^\r\n]{0,200})\r*\n")
_BASE64_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
_FOREIGN = bytes(set(range(256)) - set(_BASE64_ALPHABET))
_UU_BEGIN = re.compile(rb"(?:^|\n)begin [0-7]{3,4} [^\r\n]{1,200}\r*\n")
_BARE_TYPES = {"text": "text/plain", "html": "text/html", "plain": "text/plain"}


@dataclass(frozen=True, slots=True)
class Container:
    """A multipart: `subtype` is its kind, `parent` the one around it."""

    number: int
    subtype: str
    parameters: dict[str, str]
    parent: Container | None = None
    depth: int = 1


@dataclass(slots=True)
class Leaf:
    """A part that holds content: where its body lies in the raw mail, and what its header says of it."""

    headers: Headers
    content_type: str
    parameters: dict[str, str]
    start: int
    end: int
    container: Container | None = None
    disposition: str = ""
    disposition_parameters: dict[str, str] = field(default_factory=dict)

    def is_within(self, *subtypes: str) -> bool:
        """Say whether any multipart around the leaf is of one of the kinds."""
        box = self.container
        while box is not None:
            if box.subtype in subtypes:
                return True
            box = box.parent
        return False


@dataclass(slots=True)
class Tree:
    """A mail taken apart; `truncated` names the limit that was reached."""

    raw: bytes
    headers: Headers
    leaves: list[Leaf] = field(default_factory=list)
    root: Container | None = None
    truncated: str = ""

    def payload(self, leaf: Leaf) -> bytes:
        """The leaf's content with its transfer encoding undone; broken encodings give what can be read."""
        return decode_transfer(self.raw[leaf.start : leaf.end], leaf.headers.token("content-transfer-encoding"))


@dataclass(slots=True)
class _Range:
    """A part still to be looked at."""

    start: int
    end: int
    container: Container | None
    default_type: str = "text/plain"


def take_apart(raw: bytes) -> Tree:
    """Find the leaves of a mail, in order; total and bounded."""
    if b"\n" not in raw and b"\r" in raw:
        raw = raw.replace(b"\r", b"\n")
    tree = Tree(raw, Headers())
    walk = _Walk(tree)
    stack = [_Range(skip_envelope(raw), len(raw), None)]
    while stack:
        stack.extend(reversed(walk.open(stack.pop())))
    if tree.headers.charset_hint is None:  # unlabelled 8-bit headers are mostly in the charset of the text
        tree.headers.charset_hint = next((leaf.headers.charset_hint for leaf in tree.leaves), None)
    return tree


class _Walk:
    """The state of taking one mail apart."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.containers = 0
        self.candidates = 0
        self.parts = 0
        self.is_first = True

    def open(self, part: _Range) -> list[_Range]:
        """Read a part's header; returns the parts inside it, or keeps it as a leaf."""
        headers, body = read_headers(self.tree.raw, part.start, part.end)
        if self.is_first:
            self.tree.headers, self.is_first = headers, False
        headers.charset_hint = headers.charset_hint or self.tree.headers.charset_hint
        kind, parameters = content_type_of(headers, part.default_type)
        if kind.startswith("multipart/"):
            inner = self._inside(part, kind, parameters, body)
            if inner:
                return inner
            kind = "text/plain" if not self.tree.truncated else "application/octet-stream"
        self._keep(headers, kind, parameters, body, part)
        return []

    def _inside(self, part: _Range, kind: str, parameters: dict[str, str], body: int) -> list[_Range]:
        raw, depth = self.tree.raw, (part.container.depth if part.container else 0) + 1
        if depth > MAX_DEPTH or self.containers > MAX_PARTS:
            self.tree.truncated = "depth" if depth > MAX_DEPTH else "parts"
            return []
        boundary = parameters.get("boundary", "").rstrip().encode("utf-8", "replace")[:_MAX_BOUNDARY]
        ranges = self._split(body, part.end, boundary) if boundary else []
        if not ranges:  # the parameter is missing or wrong: take the first line that looks like a boundary
            guess = _BOUNDARY_LINE.search(raw, max(body - 1, 0), part.end)
            ranges = self._split(body, part.end, guess[1].rstrip()) if guess else []
        self.containers += 1
        box = Container(self.containers, kind.partition("/")[2], parameters, part.container, depth)
        if ranges and self.tree.root is None:
            self.tree.root = box
        inner_type = "message/rfc822" if box.subtype == "digest" else "text/plain"
        return [_Range(start, end, box, inner_type) for start, end in ranges]

    def _split(self, start: int, end: int, boundary: bytes) -> list[tuple[int, int]]:
        """Where the parts between the boundary lines lie."""
        raw, marker = self.tree.raw, b"\n--" + boundary
        ranges: list[tuple[int, int]] = []
        opened = -1
        at = raw.find(marker, max(start - 1, 0), end)  # the header's last line break may be the marker's
        while at >= 0 and self.candidates < _MAX_CANDIDATES:
            self.candidates += 1
            line_end = raw.find(b"\n", at + len(marker), end)
            line_end = end if line_end < 0 else line_end
            tail = raw[at + len(marker) : line_end].strip()
            if tail in {b"", b"--"}:
                if opened >= 0:
                    ranges.append((opened, max(opened, at - raw.endswith(b"\r", opened, at))))
                opened = line_end + 1 if not tail and line_end < end else -1
                if tail or self.parts >= MAX_PARTS:
                    self.tree.truncated = self.tree.truncated if tail else "parts"
                    break
                self.parts += 1
            at = raw.find(marker, line_end, end)
        if opened >= 0:
            ranges.append((opened, end))
        return ranges

    def _keep(self, headers: Headers, kind: str, parameters: dict[str, str], body: int, part: _Range) -> None:
        disposition, extra = "", dict[str, str]()
        if "content-disposition" in headers:
            disposition, extra = read_parameters(headers.undecoded("content-disposition")[0])
        leaf = Leaf(headers, kind, parameters, body, max(body, part.end), part.container, disposition, extra)
        self.tree.leaves.append(leaf)


def content_type_of(headers: Headers, default: str = "text/plain") -> tuple[str, dict[str, str]]:
    """Say a part's type ("text/plain" where it makes no sense) and the parameters."""
    values = headers.undecoded("content-type")
    if not values or not values[0]:
        return default, {}
    kind, parameters = read_parameters(values[0])
    kind = "".join(kind.split())
    kind = _BARE_TYPES.get(kind, kind)
    return (kind if _TYPE.fullmatch(kind) else default), parameters


def decode_transfer(data: bytes, encoding: str) -> bytes:
    """Undo base64, quoted-printable or uuencode; anything else is taken as it stands."""
    encoding = encoding.strip("\"' ")
    if encoding == "base64":
        return _from_base64(data)
    if encoding == "quoted-printable":
        return binascii.a2b_qp(data)
    if encoding in {"x-uuencode", "uuencode", "x-uue", "uue"}:
        return _from_uu(data)
    return data


def _from_base64(data: bytes) -> bytes:
    """Foreign signs are skipped; several blocks that were each padded are read one after the other.

    A mailing list that appends its footer to a base64 part appends plain text: that is kept as it stands.
    """
    padding = data.find(b"=")
    footer = data[padding:].lstrip(b"= \t\r\n") if padding >= 0 else b""
    if footer and footer.translate(None, _BASE64_ALPHABET + b" \t\r\n"):
        data = data[:padding]
    else:
        footer = b""
    out = bytearray()
    for block in data.translate(None, _FOREIGN).split(b"="):
        usable = block[:-1] if len(block) % 4 == 1 else block
        out += binascii.a2b_base64(usable + b"=" * (-len(usable) % 4))
    return bytes(out) + (b"\n" + footer if footer else b"")


def _from_uu(data: bytes) -> bytes:
    begin = _UU_BEGIN.search(data)
    out = bytearray()
    for line in data[begin.end() if begin else 0 :].split(b"\n"):
        stripped = line.rstrip(b"\r")
        if stripped == b"end":
            break
        if not stripped:
            continue
        try:
            out += binascii.a2b_uu(stripped)
        except binascii.Error:  # a length sign that lies: read what the line holds
            length = (((stripped[0] - 32) & 63) * 4 + 5) // 3 if stripped else 0
            out += _a2b_uu_padded(stripped[:length])
    return bytes(out)


def _a2b_uu_padded(line: bytes) -> bytes:
    try:
        return binascii.a2b_uu(line)
    except binascii.Error:
        return b""
