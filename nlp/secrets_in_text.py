"""Secrets that have a form: card numbers, account numbers, passwords, keys. Pure, linear in the text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from nlp import tone_phrases as phrases

_CARD_STARTS = re.compile(r"4|5[1-5]|2[2-7]|3[0467-9]|6(?:011|4|5|2)")


def secrets(text: str) -> list[tuple[int, int, str]]:
    """Return (start, end, what) of secrets in a text: "card", "iban", "password" (also PIN and CVV) or "key".

    A card number must pass its check digit and begin as issuers' numbers do, an IBAN its checksum; numbers with
    asterisks or the last digits alone are nobody's secret.
    """
    found = [*_cards(text), *_ibans(text), *_passwords(text)]
    taken = [(start, end) for start, end, _ in found]
    found += [key for key in _keys(text) if not any(start < key[1] and key[0] < end for start, end in taken)]
    return sorted(found)


def is_card(digits: str) -> bool:
    """Say whether digits are a payment card's number by length, first digits and check digit."""
    if not 13 <= len(digits) <= 19 or not _CARD_STARTS.match(digits) or len(set(digits)) == 1:
        return False
    doubled = [int(d) * 2 if at % 2 else int(d) for at, d in enumerate(reversed(digits))]
    return sum(d - 9 if d > 9 else d for d in doubled) % 10 == 0


def is_iban(text: str) -> bool:
    """Say whether letters and digits are an international account number by its checksum."""
    if not 15 <= len(text) <= 34:
        return False
    turned = text[4:] + text[:4]
    return int("".join(str(int(c, 36)) for c in turned)) % 97 == 1


def _cards(text: str) -> Iterator[tuple[int, int, str]]:
    for place in phrases.CARD.finditer(text):
        if is_card(re.sub(r"\D", "", place[0])):
            yield place.start(), place.end(), "card"


def _ibans(text: str) -> Iterator[tuple[int, int, str]]:
    for place in phrases.IBAN.finditer(text):
        # the words after it may be capitals too: the longest beginning that is a number counts
        parts = place[0].split(" ")
        for count in range(len(parts), 0, -1):
            said = " ".join(parts[:count])
            if is_iban(said.replace(" ", "")):
                yield place.start(), place.start() + len(said), "iban"
                break


def _passwords(text: str) -> Iterator[tuple[int, int, str]]:
    for place in phrases.PASSWORD.finditer(text):
        value = place["value"].rstrip(".,;:!?)")
        if _looks_secret(value) or (place["open"] and len(value) >= 4):
            yield place.start("value"), place.start("value") + len(value), "password"


def _looks_secret(value: str) -> bool:
    if len(value) < 3 or value.startswith(("http", "<", "[", "{", "*", "•", "…")):
        return False
    inner = value[1:]
    return any(c.isdigit() for c in value) or (any(c.isupper() for c in inner) and any(c.islower() for c in value))


def _keys(text: str) -> Iterator[tuple[int, int, str]]:
    for place in phrases.KEY.finditer(text):
        word = place[0]
        mixed = any(c.isupper() for c in word) and any(c.islower() for c in word) and any(c.isdigit() for c in word)
        changes = sum(a.isdigit() != b.isdigit() for a, b in pairwise(word))
        if mixed and changes >= 3:  # words with a number at their end change once or twice
            yield place.start(), place.end(), "key"
