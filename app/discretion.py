"""What screens hide of a text: sensitive kinds, not the phones and addresses that agents need. One request, one region.

A page hides everywhere; a view that reveals says so with `revealing()` for what is rendered inside it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache

from flask import g, has_request_context

from app.personal_data import HOME, SENSITIVE, Kind, Span, mask_html, masked, spans, without

SHORT = 2_000  # characters; short texts are many and often shown again
CUT_NUMBER = re.compile(r"(?<![^\s(:=])[0-9A-Z][0-9]{2,}(?:[ \-.]?[0-9]){3,}\Z")


def region() -> str:
    """Return the country by which this request reads numbers without one; app/web/authz.py sets it."""
    return str(g.get("region", HOME)) if has_request_context() else HOME


@contextmanager
def revealing() -> Iterator[None]:
    """Hide nothing of what is rendered inside."""
    g.is_revealing = True
    try:
        yield
    finally:
        g.is_revealing = False


def is_revealing() -> bool:
    return has_request_context() and bool(g.get("is_revealing"))


def hidden_spans(text: str) -> tuple[Span, ...]:
    """Return what is to be hidden of a text, nothing inside `revealing()`."""
    if not text or is_revealing():
        return ()
    return (_few if len(text) > SHORT else _many)(text, region())


def discreet(text: str) -> str:
    """Return a text as screens show it."""
    return without(text, hidden_spans(text))


def discreet_html(html: str) -> str:
    """Return cleaned HTML as screens show it."""
    return html if is_revealing() else mask_html(html, kinds=SENSITIVE, region=region())


def discreet_cut(text: str, *, length: int) -> str:
    """Return a text that was cut at `length` as screens show it: the beginning of a number at its end goes too, for
    nobody can tell any more what it is the beginning of.
    """
    if is_revealing():
        return text
    return (_few_cut if len(text) > SHORT else _many_cut)(text, region(), length)


def _cut(text: str, home: str, length: int) -> str:
    shown = without(text, (_few if len(text) > SHORT else _many)(text, home)) if text else text
    return shown if len(text) < length else CUT_NUMBER.sub("…", shown)


def restored(typed: str, stored: str) -> str:
    """Return what somebody typed into a form that showed `discreet(stored)`: a mask they left is what was stored."""
    place = 0
    for span in hidden_spans(stored):
        value = stored[span.start : span.end]
        mask = masked(span.kind, value)
        at = typed.find(mask, place)
        if at >= 0:
            typed = typed[:at] + value + typed[at + len(mask) :]
            place = at + len(value)
    return typed


def kinds_in(text: str) -> frozenset[Kind]:
    return frozenset(span.kind for span in hidden_spans(text))


def _find(text: str, home: str) -> tuple[Span, ...]:
    return tuple(spans(text, kinds=SENSITIVE, region=home))


_many: Callable[[str, str], tuple[Span, ...]] = lru_cache(maxsize=4096)(_find)
_few: Callable[[str, str], tuple[Span, ...]] = lru_cache(maxsize=256)(_find)
_many_cut: Callable[[str, str, int], str] = lru_cache(maxsize=4096)(_cut)
_few_cut: Callable[[str, str, int], str] = lru_cache(maxsize=256)(_cut)
