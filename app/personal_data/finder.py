"""Looking through a text for all kinds, and writing it anew with what was found hidden.

Time is linear in the text: every pattern is bounded, and starts only where a word begins. A text is looked through
again when something was found, with that blanked out: so what is found does not depend on what was masked before.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

from app.personal_data import addresses, cards, ibans, national_ids, phones, secrets, tokens
from app.personal_data.context import BARRIER
from app.personal_data.kinds import EVERY_KIND, KEEPS_LAST_FOUR, WORDS, Kind, Span

Finder = Callable[[str, str], Iterator[Span]]

LIMIT = 1_000_000  # characters that are read of one text; what is longer is cut there
ROUNDS = 4
CUT = "…"
DOTS = "••••"
HOME = "US"  # where numbers without a country are at home, until the workspace says so
FINDERS: tuple[tuple[frozenset[Kind], Finder], ...] = (
    (frozenset({Kind.TOKEN, Kind.PASSWORD}), tokens.find),
    (frozenset({Kind.IBAN}), ibans.find),
    (frozenset({Kind.CARD}), cards.find),
    (frozenset({Kind.NATIONAL_ID}), national_ids.find),
    (frozenset({Kind.CVV, Kind.CODE, Kind.PIN, Kind.PASSWORD, Kind.TOKEN}), secrets.find),
    (frozenset({Kind.EMAIL}), addresses.find),
    (frozenset({Kind.PHONE}), phones.find),
)
MASK = re.compile(rf"\[(?:{'|'.join(map(re.escape, WORDS.values()))}) {DOTS}[0-9A-Z]{{0,4}}\]")
OTHER_DIGITS = {
    code: str(unicodedata.decimal(chr(code)))
    for code in range(128, sys.maxunicode + 1)
    if unicodedata.decimal(chr(code), None) is not None
}


def spans(text: str, *, kinds: Collection[Kind] = EVERY_KIND, region: str = HOME) -> list[Span]:
    """Return what is personal in the first LIMIT characters: by place, never overlapping.

    `region` is a country's two letters: numbers without a country are read as written there.
    """
    found: list[Span] = []
    left = _readable(text[:LIMIT])
    if not left:
        return found
    for _ in range(ROUNDS):
        news: list[Span] = []
        for of, find in FINDERS:
            fresh = _apart(find(left, region)) if not of.isdisjoint(kinds) else []
            if fresh:
                left = _blank(left, fresh)
                news += fresh
        found += news
        if not news:
            break
    return sorted(span for span in found if span.kind in kinds)


def mask(text: str, *, kinds: Collection[Kind] = EVERY_KIND, region: str = HOME) -> str:
    """Return the text with each finding replaced by its kind, as in `[card ••••1111]`, cut after LIMIT characters.

    Masking twice is masking once. Cards, bank accounts and phones keep their last four characters.
    """
    whole = text if len(text) <= LIMIT else text[:LIMIT] + CUT
    found = spans(whole, kinds=kinds, region=region)
    return without(whole, found)


def without(text: str, found: Sequence[Span]) -> str:
    """Return a text with masks in the places of what `spans` found in it."""
    return "".join(_pieces(text, found)) if found else text


def masked(kind: Kind, value: str) -> str:
    """Return what stands for one value."""
    last = "".join(one for one in value if one.isalnum())[-4:].upper() if kind in KEEPS_LAST_FOUR else ""
    return f"[{WORDS[kind]} {DOTS}{last}]"


def _pieces(text: str, found: Iterable[Span]) -> Iterator[str]:
    end = 0
    for span in found:
        yield text[end : span.start]
        yield masked(span.kind, text[span.start : span.end])
        end = span.end
    yield text[end:]


def _readable(text: str) -> str:
    """Return the text, character by character, with digits of all scripts as 0 to 9, and earlier masks blank."""
    if not text.isascii():
        text = text.translate(OTHER_DIGITS)
        text = MASK.sub(lambda match: BARRIER * len(match[0]), text)
    return text


def _apart(found: Iterable[Span]) -> list[Span]:
    """Return findings by place; of two that overlap, the earlier and then the longer one."""
    kept: list[Span] = []
    for span in sorted(found, key=lambda one: (one.start, -one.end)):
        if not kept or span.start >= kept[-1].end:
            kept.append(span)
    return kept


def _blank(text: str, found: Iterable[Span]) -> str:
    end = 0
    parts: list[str] = []
    for span in found:
        parts += (text[end : span.start], BARRIER * (span.end - span.start))
        end = span.end
    return "".join((*parts, text[end:]))
