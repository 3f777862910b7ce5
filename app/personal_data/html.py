"""Hiding in HTML that was cleaned before: in its text, across tags within a line, and in the values of attributes."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from html import escape, unescape
from itertools import islice

from app.personal_data.finder import HOME, LIMIT, mask, masked, spans
from app.personal_data.kinds import EVERY_KIND, Kind, Span

PIECE = re.compile(r"<[^<>\"']*(?:(?:\"[^\"]*\"|'[^']*')[^<>\"']*)*>|[^<]+|<")
TAG = re.compile(r"</?([a-zA-Z][a-zA-Z0-9]*)")
VALUE = re.compile(r"(?<= )(alt|title|href|summary|cite)=\"([^\"]*)\"")
WITHIN_LINES = frozenset(
    re.findall(
        r"\w+",
        "a abbr b bdi bdo big cite code del dfn em font i ins kbd mark q s samp small span strike strong sub sup time"
        " tt u var wbr",
    )
)
OVERLAP = 400  # characters read twice where a long text is read in parts


def mask_html(html: str, *, kinds: Collection[Kind] = EVERY_KIND, region: str = HOME) -> str:
    """Return cleaned HTML (every tag closed, `<` escaped in text) with what is found in it replaced by masks.

    A number is found when tags stand inside it; a paragraph, a cell or a line break ends it.
    """
    pieces = PIECE.findall(html)
    texts = [_text_of(piece) for piece in pieces]
    whole = "".join(texts)
    found = list(_found(whole, kinds, region))
    parts: list[str] = []
    place = at = 0
    for piece, text in zip(pieces, texts, strict=True):
        end = place + len(text)
        while at < len(found) and found[at].end <= place:
            at += 1
        if piece.startswith("<") and len(piece) > 1:
            parts.append(_tag(piece, kinds, region))
        elif at < len(found) and found[at].start < end:
            parts.append(_written(whole, place, end, islice(found, at, None)))
        else:
            parts.append(piece)
        place = end
    return "".join(parts)


def _text_of(piece: str) -> str:
    """Return what a piece adds to the text: a tag that ends a line adds a line break."""
    if not piece.startswith("<") or len(piece) == 1:
        return unescape(piece)
    tag = TAG.match(piece)
    return "" if tag and tag[1].lower() in WITHIN_LINES else "\n"


def _found(text: str, kinds: Collection[Kind], region: str) -> Iterator[Span]:
    """Yield the findings of a text of any length, which is read in parts that overlap."""
    end = 0
    for start in range(0, len(text) or 1, LIMIT - OVERLAP):
        for span in spans(text[start : start + LIMIT], kinds=kinds, region=region):
            if start + span.start >= end:
                end = start + span.end
                yield Span(start + span.start, end, span.kind)


def _written(whole: str, place: int, end: int, found: Iterable[Span]) -> str:
    """Return the text from `place` to `end` without what belongs to findings: a mask stands where one begins."""
    parts: list[str] = []
    here = place
    for span in found:
        if span.start >= end:
            break
        if span.start >= place:
            parts += (whole[here : span.start], masked(span.kind, whole[span.start : span.end]))
        here = min(span.end, end)
    return escape("".join((*parts, whole[here:end])), quote=False)


def _tag(piece: str, kinds: Collection[Kind], region: str) -> str:
    def hidden(match: re.Match[str]) -> str:
        value = unescape(match[2])
        safe = mask(value, kinds=kinds, region=region)
        return match[0] if safe == value else f'{match[1]}="{escape(safe)}"'

    return VALUE.sub(hidden, piece)
