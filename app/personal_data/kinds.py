"""The kinds of personal data that are looked for, and one place in a text where one was found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    CARD = "card"
    IBAN = "iban"
    NATIONAL_ID = "national_id"
    PHONE = "phone"
    EMAIL = "email"
    PASSWORD = "password"  # noqa: S105 - the name of a kind
    PIN = "pin"
    CVV = "cvv"
    CODE = "code"  # used once: sign-in codes, TANs
    TOKEN = "token"  # noqa: S105 - the name of a kind


WORDS = {
    Kind.CARD: "card",
    Kind.IBAN: "IBAN",
    Kind.NATIONAL_ID: "ID",
    Kind.PHONE: "phone",
    Kind.EMAIL: "e-mail",
    Kind.PASSWORD: "password",
    Kind.PIN: "PIN",
    Kind.CVV: "CVV",
    Kind.CODE: "code",
    Kind.TOKEN: "key",
}
EVERY_KIND = frozenset(Kind)
SENSITIVE = EVERY_KIND - {Kind.PHONE, Kind.EMAIL}  # hidden on screens too: agents need phones and addresses
KEEPS_LAST_FOUR = frozenset({Kind.CARD, Kind.IBAN, Kind.PHONE})


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Characters `start` to `end` (exclusive) of a text are of this kind."""

    start: int
    end: int
    kind: Kind
