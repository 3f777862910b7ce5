"""Texts of a million characters that would hold up a careless finder."""

from __future__ import annotations

from itertools import count, islice

SIZE = 1_000_000


def _filled(piece: str) -> str:
    return (piece * (SIZE // len(piece) + 1))[:SIZE]


def _counted(form: str) -> str:
    return "".join(islice((form.format(number) for number in count()), SIZE // 8))[:SIZE]


TEXTS = {
    "digits": _filled("4"),
    "single digits": _filled("4 "),
    "groups of four": _filled("4111 "),
    "dashed groups": _filled("41-"),
    "dotted": _filled("1.2."),
    "phones": _counted("0170 {:07d} "),
    "international phones": _counted("+49170{:07d} "),
    "parentheses": _filled("(1) "),
    "card numbers": _filled("4111 1111 1111 1111 "),
    "IBAN starts": _filled("DE12 "),
    "almost IBANs": _filled("DE89 3704 0044 0532 0130 01 "),
    "addresses": _filled("a@b.co "),
    "at signs": _filled("@"),
    "address chain": _filled("a@a."),
    "long local part": _filled("a") + "@example.com",
    "domains": "x@" + _filled("a."),
    "passwords": _filled("password "),
    "passwords for": _filled("password for "),
    "passwords told": _filled("password: Ab1!cd "),
    "pins": _filled("pin 1234 "),
    "quotes": _filled("password is '"),
    "web tokens": _filled("eyJ"),
    "web token dots": _filled("eyJaaaaaaaa."),
    "bearers": _filled("bearer "),
    "bearer": "bearer " + _filled("a"),
    "user info": _filled("://a:b"),
    "private keys": _filled("-----BEGIN PRIVATE KEY-----"),
    "masks": _filled("[card ••••1111]"),
    "half masks": _filled("[card ••••"),
    "letters": _filled("A"),
    "letters and digits": _filled("A1"),
    "spaces": _filled(" "),
    "emojis": _filled("😀"),
    "arabic digits": _filled("٤"),
    "lines": _filled("\n"),
    "names of numbers": _filled("order "),
    "ids": _filled("123-45-6789 "),
    "numbers named": _counted("ssn {:09d} "),
    "nul": _filled("\0 01/29 123 "),
}
