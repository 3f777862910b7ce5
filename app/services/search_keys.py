"""What a contact is looked up by while somebody types: beginnings of names, addresses, handles and numbers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from app.folding import fold
from app.models import Contact, ContactIdentity
from app.services.search_vectors import without_hidden

MOST_WORDS, MOST_KEYS, LONGEST_KEY = 6, 60, 100
LONGEST_PREFIX = 4  # digits before the number itself: a country's, and a zero
_BLANKS = re.compile(r"\s+")


def contact_keys(person: Contact, held: Iterable[ContactIdentity], *, region: str) -> list[str]:
    """Return the keys of a contact, each once: a look-up finds what begins with what was typed.

    What screens hide of a name is in none of them; `region` is the country that numbers are read by.
    """
    found = dict.fromkeys(_names(without_hidden(person.name, region)))
    for identity in held:
        names = _names(without_hidden(identity.name, region))
        found |= dict.fromkeys((*names, *_handle(identity.handle), *_address(identity)))
    return [key for key in found if key][:MOST_KEYS]


def typed_key(typed: str) -> str:
    """Return what is typed as keys are written: a phone number by its digits, all else folded."""
    digits = digits_of(typed)
    if digits and not any(one.isalpha() or one == "@" for one in typed):
        return digits.lstrip("0")[:LONGEST_KEY]
    return _key(typed.strip().removeprefix("@"))


def digits_of(text: str) -> str:
    return "".join(one for one in text if one.isascii() and one.isdigit())


def _names(name: str) -> Iterator[str]:
    """Yield a name from each of its words on: "mia van dyke", "van dyke", "dyke"."""
    parts = _key(name).split()
    for at in range(min(len(parts), MOST_WORDS)):
        yield " ".join(parts[at:])


def _handle(handle: str) -> Iterator[str]:
    yield _key(handle.removeprefix("@"))


def _address(identity: ContactIdentity) -> Iterator[str]:
    address = _key(identity.address)
    yield address.removeprefix("@")
    if "@" in address[1:]:
        yield address.rpartition("@")[2]
    if identity.kind == "phone":
        digits = digits_of(address).lstrip("0")
        for at in range(min(LONGEST_PREFIX + 1, max(0, len(digits) - 3))):
            yield digits[at:].lstrip("0")


def _key(text: str) -> str:
    return _BLANKS.sub(" ", fold(text)).strip()[:LONGEST_KEY]
