"""Untrusted text on its way into a page: escaped, its links made clickable, in linear time."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from markupsafe import Markup, escape

LONGEST_LINK = 2_000  # characters; longer ones stay text
MOST_MARKS = 100
MOST_TRAILING = 20  # characters looked at: keeps crafted rows of brackets cheap
TRAILING = ".,;:!?)]}'\"»”’>"
PAIRS = {")": "(", "]": "[", "}": "{", ">": "<"}
SCHEMES = ("https://", "http://")
_BLANKS = re.compile(r"(\s+)")
# what could reorder or hide the text around it; line breaks and tabs stay
_CONTROLS = {c: None for c in (*range(0x20), 0x7F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)) if c not in (9, 10)}


@dataclass(frozen=True, slots=True)
class Mark:
    """Characters of a text, and a word for what they are marked for."""

    start: int
    end: int
    name: str


def text_html(text: str) -> Markup:
    """Return plain text as HTML that can stand in a page: nothing in it runs, links open elsewhere.

    Line breaks are kept as they are: the element around it uses `white-space: pre-wrap`.
    """
    clean = text.replace("\r\n", "\n").translate(_CONTROLS)
    if not any(scheme in clean for scheme in SCHEMES):
        return escape(clean)
    return Markup("").join(_word(part) for part in _BLANKS.split(clean))


def marked_html(text: str, marks: Sequence[Mark]) -> Markup:
    """Return text as `text_html` does, with spans of it in <mark> elements that name what they are marked for.

    Where spans overlap, a mark names all of them; what lies outside the text is left out. Raises ValueError for more
    than MOST_MARKS spans: each cuts the text twice.
    """
    if len(marks) > MOST_MARKS:
        raise ValueError(f"{len(marks)} marks in one text")
    inside = [mark for mark in marks if 0 <= mark.start < mark.end <= len(text)]
    cuts = sorted({0, len(text), *(cut for mark in inside for cut in (mark.start, mark.end))})
    return Markup("").join(_segment(text, inside, start, end) for start, end in pairwise(cuts))


def _segment(text: str, marks: Sequence[Mark], start: int, end: int) -> Markup:
    names = dict.fromkeys(mark.name for mark in marks if mark.start <= start and end <= mark.end)
    words = text_html(text[start:end])
    return Markup('<mark class="reason" data-for="{}">{}</mark>').format(" ".join(names), words) if names else words


def one_line(text: str) -> str:
    """Return text for a place that has one line: blanks and line breaks become single blanks."""
    return " ".join(text.translate(_CONTROLS).split())


def _word(word: str) -> Markup:
    start = next((at for at in map(word.find, SCHEMES) if at >= 0), -1)
    if start < 0:
        return escape(word)
    link = _without_trailing(word[start:])
    if len(link) > LONGEST_LINK or link in SCHEMES:
        return escape(word)
    rest = word[start + len(link) :]
    anchor = Markup('<a href="{0}" target="_blank" rel="noopener noreferrer nofollow">{0}</a>').format(link)
    return escape(word[:start]) + anchor + escape(rest)


def _without_trailing(link: str) -> str:
    """Return the link without the punctuation of the sentence around it; a bracket it opened itself stays."""
    end = len(link)
    while end > len(link) - MOST_TRAILING and end and link[end - 1] in TRAILING:
        last = link[end - 1]
        if last in PAIRS and link.count(PAIRS[last], 0, end) >= link.count(last, 0, end):
            break
        end -= 1
    return link[:end]
