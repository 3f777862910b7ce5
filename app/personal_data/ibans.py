"""International bank account numbers: a country, its length and structure, and the remainder of 1 by 97."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from app.personal_data.kinds import Kind, Span

START = re.compile(r"(?<![0-9A-Za-z_])(?=[A-Za-z]{2}[ \u00a0]?[0-9]{2})")
PIECE = re.compile(r"[ \u00a0\u2009\u202f\u200b\-.]?([0-9A-Za-z])")


def find(text: str, region: str) -> Iterator[Span]:  # noqa: ARG001 - all finders are asked alike; an IBAN names its country
    """Yield the bank account numbers of a text."""
    lengths = country_lengths()
    end = 0
    for match in START.finditer(text):
        start = match.start()
        length = lengths.get(text[start : start + 2].upper(), 0)
        if not length or start < end:
            continue
        compact, stop = _collect(text, start, length)
        if len(compact) == length and _is_free(text, stop) and is_iban(compact):
            end = stop
            yield Span(start, stop, Kind.IBAN)


def is_iban(compact: str) -> bool:
    """Check the remainder first (cheap), then the structure of the country's numbers."""
    from stdnum import iban

    if int("".join(str(int(one, 36)) for one in compact[4:] + compact[:4])) % 97 != 1:
        return False
    return bool(iban.is_valid(compact, check_country=False))


@cache
def country_lengths() -> dict[str, int]:
    """Return how long the numbers of each country are, by its two letters."""
    from stdnum import numdb

    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    known = {}
    for country in (one + two for one in letters for two in letters):
        found = numdb.get("iban").info(country)[0][1].get("bban", "")
        if found:
            known[country] = 4 + sum(int(count) for count in re.findall(r"([0-9]+)!", found))
    return known


def _collect(text: str, start: int, length: int) -> tuple[str, int]:
    """Return `length` letters and digits from a place on, single gaps left out, and where they end."""
    piece, place, compact = PIECE.match, start, ""
    while len(compact) < length and (match := piece(text, place)):
        compact, place = compact + match[1], match.end()
    return compact.upper(), place


def _is_free(text: str, stop: int) -> bool:
    return not text[stop : stop + 1].isalnum()
