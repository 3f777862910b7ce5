"""Numbers of payment cards: an issuer's prefix and length, Luhn's check digit, written as people write them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from app.personal_data.context import is_named
from app.personal_data.kinds import Kind, Span

GAP = r"[ \u00a0\u2009\u202f\u200b.\-\u2013]"
NUMBER = re.compile(
    rf"(?<![0-9A-Za-z_])(?<![0-9][.,])(?=[2-69])(?=("
    rf"[0-9]{{4}}({GAP}{{1,2}})[0-9]{{4}}\2[0-9]{{4}}\2[0-9]{{4}}(?![0-9A-Za-z])"
    rf"|[0-9]{{4}}({GAP}{{1,2}})[0-9]{{6}}\3[0-9]{{4,5}}(?![0-9A-Za-z])"
    rf"|[0-9]{{12,19}}(?![0-9A-Za-z]|[.,][0-9])"
    rf")(\2[0-9]{{1,3}}(?![0-9A-Za-z]))?)"
)
NAMES = re.compile(
    r"\b(?:cards?|credit|debit|visa|mastercard|master card|amex|american express|maestro|discover|diners|jcb|unionpay"
    r"|kreditkarten?\w*|karten?\w*|carte|cb|tarjeta|carta|cartão|creditcard\w*|kart[aęy])\b",
    re.IGNORECASE,
)
TRIM = re.compile(r"[^0-9]+")
# first and last prefix of a range, the lengths known from itself, the lengths that need a word such as "card" before
ISSUERS: tuple[tuple[str, str, frozenset[int], frozenset[int]], ...] = (
    ("4", "4", frozenset({16}), frozenset({13, 19})),
    ("51", "55", frozenset({16}), frozenset()),
    ("2221", "2720", frozenset({16}), frozenset()),
    ("34", "34", frozenset({15}), frozenset()),
    ("37", "37", frozenset({15}), frozenset()),
    ("6011", "6011", frozenset({16}), frozenset({19})),
    ("644", "649", frozenset({16}), frozenset({19})),
    ("65", "65", frozenset({16}), frozenset({19})),
    ("300", "305", frozenset({14}), frozenset()),
    ("36", "36", frozenset({14}), frozenset({16})),
    ("38", "39", frozenset({14}), frozenset({16})),
    ("3528", "3589", frozenset({16}), frozenset({19})),
    ("62", "62", frozenset({16}), frozenset({17, 18, 19})),
    ("2200", "2204", frozenset({16}), frozenset()),
    ("9792", "9792", frozenset({16}), frozenset()),
    ("508", "508", frozenset({16}), frozenset()),
    ("60", "60", frozenset(), frozenset({16})),
    ("81", "82", frozenset(), frozenset({16})),
    ("5018", "5018", frozenset({16}), frozenset(range(12, 20))),
    ("5020", "5020", frozenset({16}), frozenset(range(12, 20))),
    ("5038", "5038", frozenset({16}), frozenset(range(12, 20))),
    ("56", "58", frozenset(), frozenset(range(12, 20))),
    ("6304", "6304", frozenset({16}), frozenset(range(12, 20))),
    ("67", "67", frozenset(), frozenset(range(12, 20))),
    ("6759", "6763", frozenset({16}), frozenset()),
)
DOUBLED = str.maketrans("0123456789", "0246813579")


def find(text: str, region: str) -> Iterator[Span]:  # noqa: ARG001 - all finders are asked alike; cards know no region
    """Yield the card numbers of a text."""
    end = 0
    for match in NUMBER.finditer(text):
        if match.start() < end:
            continue
        for last in (match.end(1), match.end(4)):  # four groups of four; a fifth group may belong to the number too
            if last > 0 and _is_card(text, match.start(), last):
                end = last
                yield Span(match.start(), end, Kind.CARD)
                break


def _is_card(text: str, start: int, end: int) -> bool:
    digits = TRIM.sub("", text[start:end])
    sure, with_name = issued(digits)
    return (sure or with_name) and passes_luhn(digits) and (sure or is_named(text, start, NAMES))


def issued(digits: str) -> tuple[bool, bool]:
    """Say whether an issuer gives out such numbers, and whether one does that needs a word such as "card" before."""
    sure = with_name = False
    for first, last, lengths, named_lengths in ISSUERS:
        if first <= digits[: len(first)] <= last:
            sure = sure or len(digits) in lengths
            with_name = with_name or len(digits) in named_lengths
    return sure, with_name


def passes_luhn(digits: str) -> bool:
    """Check the last digit as ISO/IEC 7812 wants it."""
    return sum(map(int, digits[-1::-2])) % 10 == -sum(map(int, digits[-2::-2].translate(DOUBLED))) % 10
