"""Test English: accented, bracketed and 40 % longer, so that one sees what is not marked, or does not fit."""

from __future__ import annotations

from babel.support import NullTranslations

from app.phrases import PLACE

ACCENTED = str.maketrans("ABCDEGHIJKLNOPRSTUWYZabcdeghijklnoprstuwyz", "ÅƁÇÐÉĜĤÎĴĶĻÑÖÞŔŠŢÛŴÝŽåƀçðéĝĥîĵķļñöþŕšţûŵýž")
PADDING = "one two three four five six seven eight nine ten eleven twelve "


class PseudoTranslations(NullTranslations):
    """A catalogue that has every word."""

    def ugettext(self, message: str) -> str:
        return accented(message)

    def ungettext(self, singular: str, plural: str, n: int) -> str:
        return accented(singular if n == 1 else plural)

    def upgettext(self, context: str, message: str) -> str:  # noqa: ARG002 - the signature is Babel's
        return accented(message)

    def unpgettext(self, context: str, singular: str, plural: str, num: int) -> str:  # noqa: ARG002 - as above
        return accented(singular if num == 1 else plural)


def accented(text: str) -> str:
    """Return a text with accents on its letters and 40 % longer; its {places} stay."""
    pieces, end = [], 0
    for place in PLACE.finditer(text):
        pieces += [text[end : place.start()].translate(ACCENTED), place[0]]
        end = place.end()
    more = round(len(text) * 0.4)
    padding = (PADDING * (more // len(PADDING) + 1))[:more].strip()
    return f"[{''.join(pieces)}{text[end:].translate(ACCENTED)}{' ' + padding if padding else ''}]"
