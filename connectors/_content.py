"""Which leaves of a mail are its words and which are files; what the words are.

Of alternatives the plain text is taken, unless it is empty or only says that there is HTML. Several inline texts are
read one after the other. Everything that is not shown as words becomes an attachment, nameless parts included.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import escape

from connectors._charset import decode
from connectors._files import attachment_of, given_name, take_uuencoded
from connectors._htmltext import MAX_HTML_CHARS, html_lines
from connectors._parts import Leaf, Tree
from connectors._sealed import take_pgp_messages
from connectors._tnef import is_tnef, unpack
from connectors.base import InboundAttachment

MAX_TEXT_BYTES = 1_000_000
_WORDS = frozenset(("text/plain", "text/html", "text/enriched", "text/richtext", "text/markdown", "text/x-markdown"))
_NOT_SHOWN = frozenset(("text/x-amp-html", "text/watch-html"))  # another rendering of the same words
_SNIFF_HTML = re.compile(r"\s*<(?:!doctype\s+html|html[\s>]|head>|body[\s>])", re.IGNORECASE)
_STUB = re.compile(
    r"html|multi-?part|mime format|view (?:this|it) (?:e-?mail |message )?(?:in|online)|browser", re.IGNORECASE
)
_META_CHARSET = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?([A-Za-z0-9_-]{2,30})", re.IGNORECASE)
_LINE_ENDS = re.compile(r"\r+\n?|\x0b|\x0c|\x85|\u2028|\u2029")
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f]")
_PGP_OPENING = re.compile(r"-----BEGIN PGP SIGNED MESSAGE-----[ \t]*\n(?:[A-Za-z]{1,20}: [^\n]{0,200}\n){0,9}[ \t]*\n")
_RICH_COMMAND = re.compile(r"<[/\w-]{1,60}>")


@dataclass(slots=True)
class Content:
    """`lines` may carry the marks of connectors._htmltext; `html` is raw."""

    lines: list[str] = field(default_factory=list)
    html: str | None = None
    attachments: list[InboundAttachment] = field(default_factory=list)
    truncated: bool = False


@dataclass(slots=True)
class _Slot:
    """One place in the mail where words stand: a single part, or alternatives of the same words."""

    plain: list[str] = field(default_factory=list)
    html: list[str] = field(default_factory=list)


def read_content(tree: Tree) -> Content:
    """Read words and files of a mail taken apart."""
    content = Content(truncated=bool(tree.truncated))
    words = _word_leaves(tree)
    slots: dict[int, _Slot] = {}
    for number, leaf in enumerate(tree.leaves):
        if number in words:
            slot = slots.setdefault(_slot_key(leaf, number), _Slot())
            _read_words(tree, leaf, slot, content)
        elif is_tnef(leaf.content_type, given_name(leaf)):
            _open_tnef(tree, leaf, slots.setdefault(-number - 1, _Slot()), content)
        elif leaf.content_type not in _NOT_SHOWN:
            content.attachments.append(attachment_of(tree, leaf, len(content.attachments) + 1))
    _lay_out(list(slots.values()), content)
    return content


def _open_tnef(tree: Tree, leaf: Leaf, slot: _Slot, content: Content) -> None:
    """Take the files out of a winmail.dat; its words count where the mail itself has none."""
    unpacked = unpack(tree.payload(leaf))
    if unpacked is None:
        content.attachments.append(attachment_of(tree, leaf, len(content.attachments) + 1))
        return
    content.attachments += unpacked.files
    if not any(other.content_type in _WORDS for other in tree.leaves):
        slot.plain.append(_LINE_ENDS.sub("\n", decode(unpacked.plain[:MAX_TEXT_BYTES])))
        slot.html.append(_CONTROL.sub("", decode(unpacked.html[:MAX_HTML_CHARS])))


def _word_leaves(tree: Tree) -> set[int]:
    """The numbers of the leaves that are words; a named text counts only where there is no other."""
    texts = [
        n for n, leaf in enumerate(tree.leaves) if leaf.content_type in _WORDS and leaf.disposition != "attachment"
    ]
    nameless = {number for number in texts if not given_name(tree.leaves[number])}
    if nameless or not texts:
        return nameless
    first = tree.leaves[texts[0]]
    return {number for number in texts if _slot_key(tree.leaves[number], number) == _slot_key(first, texts[0])}


def _slot_key(leaf: Leaf, number: int) -> int:
    """The outermost multipart/alternative around a leaf, else the leaf itself."""
    key, box = -number - 1, leaf.container
    while box is not None:
        if box.subtype == "alternative":
            key = box.number
        box = box.parent
    return key


def _read_words(tree: Tree, leaf: Leaf, slot: _Slot, content: Content) -> None:
    data = tree.payload(leaf)
    is_html = leaf.content_type == "text/html"
    limit = MAX_HTML_CHARS if is_html else MAX_TEXT_BYTES
    content.truncated = content.truncated or len(data) > limit
    data = data[:limit]
    if not is_html and b"begin " in data:
        data, files = take_uuencoded(data)
        content.attachments += files
    text = _CONTROL.sub("", _LINE_ENDS.sub("\n", decode(data, _charset_of(leaf, data, is_html=is_html))))
    if is_html or _SNIFF_HTML.match(text):
        slot.html.append(text)
        return
    if leaf.parameters.get("format", "").lower() == "flowed":
        text = _unflow(text, delete_space=leaf.parameters.get("delsp", "").lower() == "yes")
    elif leaf.content_type in {"text/enriched", "text/richtext"}:
        text = _RICH_COMMAND.sub("", text.replace("<<", "<"))
    if "-----BEGIN PGP MESSAGE" in text:
        text, files = take_pgp_messages(text)
        content.attachments += files
    slot.plain.append(_without_pgp(text) if "-----BEGIN PGP SIGNED" in text else text)


def _charset_of(leaf: Leaf, data: bytes, *, is_html: bool) -> str | None:
    label = leaf.parameters.get("charset")
    if label or not is_html:
        return label
    found = _META_CHARSET.search(data[:2000])
    return found[1].decode("ascii") if found else None


def _lay_out(slots: list[_Slot], content: Content) -> None:
    """Choose the words of each slot; join the HTML of all, if any part of the mail is HTML."""
    has_html = any(html.strip() for slot in slots for html in slot.html)
    pages: list[str] = []
    for slot in slots:
        plain, html = "\n".join(slot.plain), "\n".join(slot.html)
        lines = plain.split("\n")
        if html.strip() and _is_stub(plain):
            laid_out = html_lines(html, marks=True)
            lines = laid_out if any(laid_out) or not plain.strip() else lines
        if content.lines and any(lines):
            content.lines.append("")
        content.lines += lines
        pages.append(
            html
            if html.strip()
            else f'<div style="white-space: pre-wrap">{escape(plain)}</div>'
            if plain.strip()
            else ""
        )
    content.html = "\n".join(page for page in pages if page) if has_html else None


def _is_stub(plain: str) -> bool:
    """Plain text that is no text: empty, or one short remark that the mail is HTML."""
    words = plain.strip()
    return not words or (len(words) < 300 and _STUB.search(words) is not None) or (len(words) < 3)


def _unflow(text: str, *, delete_space: bool) -> str:
    """Join the soft line breaks of format=flowed (RFC 3676), paragraph by paragraph and quote by quote."""
    out: list[str] = []
    joins, depth_before = False, 0
    for line in text.split("\n"):
        bare = line.lstrip(">")
        depth = len(line) - len(bare)
        bare = bare.removeprefix(" ")
        flows = bare.endswith(" ") and bare != "-- "
        kept = bare[:-1] if flows and delete_space else bare
        if joins and depth == depth_before and bare != "-- ":
            out[-1] += kept
        else:
            out.append((">" * depth + " " if depth else "") + kept)
        joins, depth_before = flows, depth
    return "\n".join(line if line == "-- " else line.rstrip() for line in out)


def _without_pgp(text: str) -> str:
    """The words of a clear-signed mail, without the armour around them."""
    opening = _PGP_OPENING.search(text)
    start = text.find("\n-----BEGIN PGP SIGNATURE-----")
    if opening is None or start < opening.end():
        return text
    closing = text.find("-----END PGP SIGNATURE-----", start)
    after = text[closing + 27 :] if closing >= 0 else ""
    inner = text[opening.end() : start].replace("\n- -", "\n-")
    return text[: opening.start()] + inner + after
