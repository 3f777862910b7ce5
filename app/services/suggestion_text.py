"""A past reply made fit for another customer: without the greeting, names, numbers and data of the first."""

from __future__ import annotations

import re

from app import personal_data

LONGEST_GREETING, MOST_SIGN_OFF_LINES = 60, 5
_GREETING = re.compile(
    r"\s*(?:hi|hello|hey|dear|good (?:morning|afternoon|evening|day)|hallo|guten (?:tag|morgen|abend)|bonjour|hola)"
    r"\b[^\n,.!?:]{0,60}[,.!:]?\s*",
    re.IGNORECASE,
)
_SIGN_OFF = re.compile(
    r"(?:(?:kind|best|warm|many) regards|regards|best wishes|best|cheers|sincerely|all the best|"
    r"yours (?:sincerely|faithfully|truly)|take care|thanks|mit freundlichen grüßen|viele grüße|saludos)[,.!]?\s*",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"(?<![\w.,])(?!(?:19|20)\d\d(?![\w-]))(?:[A-Z]{1,6}-?)?\d[\d-]{3,30}(?![\w])")
NUMBER, NAME = "[number]", "[name]"


def reusable(text: str, *, names: tuple[str, ...]) -> str:
    """Return the words of a reply without what belongs to the customer it was for.

    `names` are the customer's and the author's. Numbers of four digits and more (orders, invoices), addresses, phones
    and the like become "[…]", for the agent to fill in.
    """
    greeting = _GREETING.match(text)
    body = _without_sign_off(text[greeting.end() :] if greeting else text, names)
    body = _NUMBER.sub(NUMBER, personal_data.mask(body))
    for word in {word for name in names for word in name.split() if len(word) > 1}:
        body = re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", NAME, body)
    body = body.strip()
    return body[:1].upper() + body[1:]


def _without_sign_off(text: str, names: tuple[str, ...]) -> str:
    lines = text.rstrip().split("\n")
    first = max(0, len(lines) - MOST_SIGN_OFF_LINES)
    for at in range(first, len(lines)):
        if _SIGN_OFF.fullmatch(lines[at].strip()):
            return "\n".join(lines[:at])
    words = {word for name in names for word in name.split()}
    while len(lines) > 1 and lines[-1].strip() and set(lines[-1].split()) <= words:
        lines.pop()
    return "\n".join(lines)
