"""What an agent wrote in Markdown: as the HTML of a mail and of our pages, and as plain words.

CommonMark and ~~strikethrough~~, without raw HTML; a line break is one. Pictures are those sent along: `![name](cid:…)`
with the content id of an upload; any other is its name. Whoever hands it here may be hostile: time and memory are
bounded, and nh3 has the last word on the HTML.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from typing import TYPE_CHECKING, Any

from app.markup import text_html

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

LONGEST = 50_000  # characters; what is longer is sent as plain text
DEEPEST = 60  # tags open at one time; the parser's own bound counts blocks only
CONTENT_ID = re.compile(r"[a-z0-9]{8,64}@inline")
PICTURE_TYPES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
_TAGS = frozenset({"p", "br", "strong", "em", "s", "code", "pre", "blockquote", "ul", "ol", "li", "a", "img", "hr"})
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_ATTRIBUTES = {"a": {"href"}, "img": {"src", "alt"}, "ol": {"start"}}
_SIGNS = re.compile(r"[\\`*_\[\]<>~#!&]|^[ \t]*[-+=](?=[-+=\s])|^[ \t]*\d{1,9}(?=[.)])", re.MULTILINE)
_SCHEMES = {"http", "https", "mailto", "tel", "cid"}


@dataclass(frozen=True, slots=True)
class Formatted:
    """`html` is clean, its pictures are `cid:` addresses; `words` are the same without marks; `pictures` their ids."""

    html: str
    words: str
    pictures: frozenset[str]


def formatted(source: str, pictures: Collection[str] = ()) -> Formatted | None:
    """Render Markdown whose pictures have these content ids; None for what is too long, too deep or has no words."""
    if len(source) > LONGEST:
        return None
    env: dict[str, Any] = {"pictures": frozenset(pictures), "shown": set(), "links": 0}
    parser = _parser()
    tokens = parser.parse(source, env)
    words = _Words(env["pictures"]).of(tokens)
    if not words or _is_deep(tokens):
        return None
    html = parser.renderer.render(tokens, parser.options, env)
    return Formatted(_clean(html), words, frozenset(env["shown"]))


def literal(text: str) -> str:
    """Return text as Markdown that says exactly that: what a stranger is called makes no link and no heading."""
    return _SIGNS.sub(_escaped, text)


def _escaped(sign: re.Match[str]) -> str:
    before, last = sign[0][:-1], sign[0][-1]
    return f"{before}{last}\\" if last.isdigit() else f"{before}\\{last}"


def letter(body: str, signature: str) -> str:
    """Return the HTML of a mail: what `formatted` made, and the signature (plain text, "" for none) below it."""
    below = f"\n<p>-- <br>\n{escape(signature).replace(chr(10), '<br>' + chr(10))}</p>" if signature else ""
    return f'<!doctype html>\n<html><head><meta charset="utf-8"></head><body>\n{body}{below}\n</body></html>\n'


def _clean(html: str) -> str:
    import nh3

    tags, attributes = set(_TAGS | _HEADINGS), {name: set(held) for name, held in _ATTRIBUTES.items()}
    return nh3.clean(html, tags=tags, attributes=attributes, url_schemes=_SCHEMES, link_rel=None).strip()


def _is_deep(tokens: Sequence[Token]) -> bool:
    depth = 0
    for token in tokens:
        depth += token.nesting
        inside = depth
        for child in token.children or ():
            inside += child.nesting
            if inside > DEEPEST:
                return True
    return False


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    """Return the parser; it keeps nothing between texts, so that threads may share it."""
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable("strikethrough")
    for name, rule in {"text": _text, "image": _picture, "link_open": _link, "link_close": _link}.items():
        parser.renderer.rules[name] = rule  # type: ignore[attr-defined] # the protocol of renderers leaves rules out
    return parser


def _text(tokens: Sequence[Token], at: int, _options: Any, env: Any) -> str:
    """Write text; bare addresses in it lead there, unless it stands in a link."""
    content = tokens[at].content
    return escape(content) if env["links"] else str(text_html(content))


def _picture(tokens: Sequence[Token], at: int, _options: Any, env: Any) -> str:
    token = tokens[at]
    content_id = _content_id(token)
    if content_id not in env["pictures"]:
        return escape(_named(token))
    env["shown"].add(content_id)
    return f'<img src="cid:{content_id}" alt="{escape(token.content)}">'


def _link(tokens: Sequence[Token], at: int, _options: Any, env: Any) -> str:
    token = tokens[at]
    env["links"] += token.nesting
    return f'<a href="{escape(str(token.attrs["href"]))}">' if token.nesting > 0 else "</a>"


def _content_id(token: Token) -> str:
    found = CONTENT_ID.fullmatch(str(token.attrs.get("src", "")).removeprefix("cid:"))
    return found[0] if found else ""


def _named(token: Token) -> str:
    return f"[{token.content or 'picture'}]"


@dataclass(slots=True)
class _Margin:
    """What stands before the first line of a block, and before those after it."""

    first: str
    later: str
    is_begun: bool = False


class _Words:
    """Lays parsed Markdown out as plain lines: lists keep their signs, quotes their marks, links their addresses."""

    def __init__(self, pictures: Collection[str]) -> None:
        self.pictures = pictures
        self.lines: list[str] = []
        self.margins: list[_Margin] = []  # of each block that is open
        self.numbers: list[int | None] = []  # of each open list
        self.gap = False  # an empty line comes first

    def of(self, tokens: Iterable[Token]) -> str:
        for token in tokens:
            self._take(token)
        return "\n".join(self.lines).strip()

    def _take(self, token: Token) -> None:
        match token.type:
            case "inline":
                self._write(_inline(token.children or ()))
            case "fence" | "code_block":
                self._write(token.content.removesuffix("\n"))
                self.gap = True
            case "hr":
                self._write("---")
                self.gap = True
            case "paragraph_close":
                self.gap = self.gap or not token.hidden
            case "heading_close":
                self.gap = True
            case _:
                self._container(token)

    def _container(self, token: Token) -> None:
        match token.type:
            case "blockquote_open":
                self.margins.append(_Margin("> ", "> "))
            case "list_item_open":
                self.margins.append(self._item())
            case "blockquote_close" | "list_item_close":
                self.margins.pop()
                self.gap = self.gap or token.type == "blockquote_close"
            case "bullet_list_open" | "ordered_list_open":
                start = int(token.attrs.get("start", 1))
                self.numbers.append(start if token.type == "ordered_list_open" else None)
            case "bullet_list_close" | "ordered_list_close":
                self.numbers.pop()
                self.gap = self.gap or not self.numbers

    def _item(self) -> _Margin:
        number = self.numbers[-1]
        if number is None:
            return _Margin("- ", "  ")
        self.numbers[-1] = number + 1
        sign = f"{number}. "
        return _Margin(sign, " " * len(sign))

    def _write(self, text: str) -> None:
        if self.gap and self.lines:
            self.lines.append("".join(margin.later for margin in self.margins if margin.is_begun).rstrip())
        self.gap = False
        for line in text.split("\n"):
            before = (margin.later if margin.is_begun else margin.first for margin in self.margins)
            self.lines.append(("".join(before) + line).rstrip())
            for margin in self.margins:
                margin.is_begun = True


def _inline(children: Iterable[Token]) -> str:
    parts: list[str] = []
    links: list[tuple[str, int]] = []  # address, and where its words begin
    for child in children:
        match child.type:
            case "softbreak" | "hardbreak":
                parts.append("\n")
            case "image":
                parts.append(_named(child))
            case "link_open":
                links.append((str(child.attrs["href"]), len(parts)))
            case "link_close":
                address, start = links.pop()
                parts.append(_address(address, "".join(parts[start:])))
            case _:
                parts.append(child.content)
    return "".join(parts)


def _address(address: str, words: str) -> str:
    """Return what follows the words of a link: its address, where they do not say it."""
    bare = address.removeprefix("mailto:")
    return "" if words in {address, bare} else f" ({bare})"
