"""Finds words in templates that people read and that nobody marked for translation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser

from jinja2 import Environment, nodes
from jinja2.lexer import TOKEN_COMMENT, TOKEN_DATA, TOKEN_RAW_BEGIN

HOLE = "\ue000"  # stands for what Jinja puts in
WORD = re.compile(r"[A-Za-z]{2,}")
# attributes that a macro writes by themselves
ATTRIBUTE = re.compile(r'[a-z-]+="[^"]*"|\b(?:required|checked|selected)\b')
SENTENCE = re.compile(
    r"^[A-Z][a-z]|[a-z][.!?:…]( |$)|^[a-z]+ [a-z]+ [a-z]+ "
)  # of strings in expressions: looks like words
SAID_ATTRIBUTES = {
    "title",
    "aria-label",
    "aria-description",
    "aria-roledescription",
    "placeholder",
    "alt",
    "label",
    "data-tip",
}
NAMES = {"Tributary", "kbd", "CSV", "JSON", "UTC", "HTML", "PDF", "Ctrl", "Esc", "Enter", "Tab", "Shift", "Alt"}
SILENT = {"script", "style", "code", "kbd", "svg"}
MARKERS = {"_", "ngettext", "pgettext"}
# arguments of macros and filters that are never read: names of fields, classes, addresses
UNREAD = {"icon", "asset", "url_for", "mark", "csrf", "acts"}


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[int, str]] = []
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in SILENT:
            self._open.append(tag)
        for name, value in attrs:
            if name in SAID_ATTRIBUTES:
                self._look(value or "")

    def handle_endtag(self, tag: str) -> None:
        if tag in self._open:
            self._open.remove(tag)

    def handle_data(self, data: str) -> None:
        if not self._open:
            self._look(data)

    def _look(self, text: str) -> None:
        words = [word for word in WORD.findall(ATTRIBUTE.sub(" ", text.replace(HOLE, " "))) if word not in NAMES]
        if words:
            self.found.append((self.getpos()[0], " ".join(text.replace(HOLE, "…").split())))


def unmarked(source: str, environment: Environment, *, is_html: bool = True) -> list[tuple[int, str]]:
    """Return line and text of each piece of words in a template that is not marked."""
    return sorted([*_in_text(source, environment, is_html=is_html), *_in_expressions(source, environment)])


def _in_text(source: str, environment: Environment, *, is_html: bool) -> list[tuple[int, str]]:
    """Look at what stands outside of Jinja: text and the attributes that are read."""
    pieces: list[str] = []
    inside = False
    for _, kind, text in environment.lexer.tokeniter(source, None):
        if kind in {TOKEN_DATA, TOKEN_COMMENT, TOKEN_RAW_BEGIN}:
            pieces.append(text if kind == TOKEN_DATA else "\n" * text.count("\n"))
        else:
            pieces.append((HOLE if not inside else "") + "\n" * text.count("\n"))
        inside = kind not in {TOKEN_DATA, "block_end", "variable_end"}
    if not is_html:
        lines = "".join(pieces).split("\n")
        return [(at, line.strip()) for at, line in enumerate(lines, 1) if WORD.search(line)]
    reader = _Words()
    reader.feed("".join(pieces))
    reader.close()
    return reader.found


def _in_expressions(source: str, environment: Environment) -> Iterator[tuple[int, str]]:
    """Look at strings inside of Jinja that look like words and are not an argument of a marker."""
    return _strings(environment.parse(source))


def _strings(node: nodes.Node) -> Iterator[tuple[int, str]]:
    if isinstance(node, nodes.Call) and isinstance(node.node, nodes.Name) and node.node.name in MARKERS:
        for value in node.kwargs:
            yield from _strings(value)
        return
    if isinstance(node, nodes.Call) and isinstance(node.node, nodes.Name) and node.node.name in UNREAD:
        return
    if isinstance(node, (nodes.Compare, nodes.Test, nodes.Extends, nodes.Include, nodes.FromImport, nodes.Import)):
        return
    if isinstance(node, nodes.Pair):  # the key of a dictionary is looked up, not read
        yield from _strings(node.value)
        return
    if isinstance(node, nodes.Const) and isinstance(node.value, str) and _is_read(node.value):
        yield node.lineno, node.value
    for child in node.iter_child_nodes():
        yield from _strings(child)


def _is_read(text: str) -> bool:
    return bool(SENTENCE.search(text)) and text.strip() not in NAMES and not text.startswith(("/", "#", "http"))
