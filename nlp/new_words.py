"""Only new words are scored: quoted mail, signature and disclaimer say nothing about the writer's mind.

Messages come here without them when they came by mail; this is the last net for text from elsewhere. Line by line,
linear in the text; a text that would lose everything is left whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

_LINE = 400  # characters of a line that are looked at
_QUOTE = re.compile(r"\s{0,3}(?:>|\|\s)")
# what a mail server puts above a letter
_BANNER = re.compile(
    r"\W{0,4}(?:caution|warning|attention|external)\b.{0,40}\b(?:outside|external)\b"
    r"|\W{0,4}external (?:e-?mail|sender|message)\W{0,4}$",
    re.IGNORECASE,
)
_ENDS = (
    re.compile(r"--\s?$"),
    re.compile(r"_{10,}$"),
    re.compile(
        r"-{2,}\s?(?:original|forwarded) (?:message|e-?mail)\s?-{2,}|begin forwarded message\s?:$", re.IGNORECASE
    ),
    re.compile(r"-{2,}\s?(?:urspr\w{2,3}ngliche nachricht|message d'origine|mensaje original)\s?-{2,}", re.IGNORECASE),
    re.compile(r"(?:on|am|le|el)\s(?=.{0,200}[\d@]).{4,200}\s(?:wrote|schrieb|a écrit|escribió)\s?:$", re.IGNORECASE),
    re.compile(r"am\s.{4,60}\sschrieb\s.{2,120}:$", re.IGNORECASE),
    re.compile(
        r"(?:sent (?:from my|from yahoo|from outlook|from proton|via)|get outlook for)\b.{0,60}$", re.IGNORECASE
    ),
    re.compile(r"(?:von meinem .{2,30} gesendet|envoyé de mon .{2,30}|enviado desde mi .{2,30})$", re.IGNORECASE),
    re.compile(r"virus-?\s?free\.", re.IGNORECASE),
    re.compile(r"\W{0,3}(?:confidentiality notice|disclaimer|legal notice)\b\s*[:\-–*]?", re.IGNORECASE),
    re.compile(
        r"(?:the (?:information|contents?) (?:contained )?(?:in|of) )?this (?:e-?mail|message|communication)\b"
        r".{0,120}\b(?:confidential|intended|privileged)\b",
        re.IGNORECASE,
    ),
    re.compile(r"if you are not the (?:intended|named) (?:recipient|addressee)", re.IGNORECASE),
    re.compile(
        r"(?:diese|este|cet?) (?:e-?mail|nachricht|message|mensaje|correo)\b.{0,120}"
        r"\b(?:vertraulich|confidencial|confidentiel)",
        re.IGNORECASE,
    ),
    re.compile(r"(?:please )?(?:consider|think of) the environment before printing", re.IGNORECASE),
    re.compile(r".{0,80}\bregistered (?:office\s?:|in (?:england|scotland|ireland|wales)\b)", re.IGNORECASE),
)
_HEADER = re.compile(
    r"\W{0,2}(?:from|sent|to|subject|date|cc|von|gesendet|an|betreff|datum|de|envoyé|à|objet)\W{0,2}\s?:\W{0,3}\s\S",
    re.IGNORECASE,
)
# an itinerary may say "From: Oslo", "To: Bergen" and "Date: 4 May"; a copied letter has one of these as well
_LETTERHEAD = re.compile(r"\W{0,2}(?:sent|subject|gesendet|betreff|envoyé|objet)\W{0,2}\s?:", re.IGNORECASE)
# the first line of an attribution that was broken in two: "On Mon, 3 Mar 2025 at 10:02, Support"
_BROKEN = re.compile(r"(?:on|am|le|el)\s.{0,40}\d{1,2}\b.{0,120}$", re.IGNORECASE)
_BROKEN_END = re.compile(r".{0,160}(?:wrote|schrieb|a écrit|escribió)\s?:$", re.IGNORECASE)
_REGARDS = re.compile(
    r"(?:(?:with )?(?:kind|best|warm|warmest|kindest|many|friendly)? ?(?:regards|wishes)|all the best|best"
    r"|yours|yours (?:sincerely|faithfully|truly)|sincerely(?: yours)?|respectfully(?: yours)?|thanks (?:and|&) regards"
    r"|br|rgds|mit freundlichen gr\w{2,3}en|cordialement|saludos)[,.!]?$",
    re.IGNORECASE,
)
_THANKS = re.compile(r"(?:cheers|(?:many )?thanks|thank you|thx)[,.!]?$", re.IGNORECASE)
# emoji and lone question marks are words here
_WORD = re.compile(r"[\w?!\u2190-\u2bff\U0001f000-\U0001faff]")
LINES_OF_A_SIGNATURE, LONGEST_SIGNATURE_LINE = 8, 80
MOST_HEADERS, LEAST_HEADERS = 6, 3


def new_words(text: str) -> str:
    """Return the text without quoted lines and without what follows the writer's own words."""
    if "\n" not in text:
        return text
    lines = text.split("\n")
    kept = [line for line in lines[: _end(lines)] if not _QUOTE.match(line) and not _BANNER.match(line[:_LINE])]
    found = "\n".join(kept)
    return found if _WORD.search(found) else text


def _end(lines: Sequence[str]) -> int:
    """Return the number of the first line that is no longer the writer's own."""
    for number, line in enumerate(lines):
        stripped = _seen(line)
        if stripped and _ends_here(lines, number, stripped):
            return number
    return len(lines)


def _ends_here(lines: Sequence[str], number: int, stripped: str) -> bool:
    return (
        any(end.match(stripped) for end in _ENDS)
        or _is_header_block(lines, number)
        or _is_broken_attribution(lines, number, stripped)
        or (_REGARDS.match(stripped) is not None and _is_signature(lines, number, least=0))
        or (_THANKS.match(stripped) is not None and _is_signature(lines, number, least=1))
    )


def _is_header_block(lines: Sequence[str], number: int) -> bool:
    block = []
    for line in lines[number : number + MOST_HEADERS]:
        if not _HEADER.match(stripped := _seen(line)):
            break
        block.append(stripped)
    return len(block) >= LEAST_HEADERS and any(_LETTERHEAD.match(line) for line in block)


def _is_broken_attribution(lines: Sequence[str], number: int, stripped: str) -> bool:
    if number + 1 == len(lines) or not _BROKEN.match(stripped):
        return False
    return _BROKEN_END.match(_seen(lines[number + 1])) is not None


def _is_signature(lines: Sequence[str], farewell: int, *, least: int) -> bool:
    """Whether what follows a farewell is a name and an address rather than more of the letter."""
    following = 0
    for line in _below(lines, farewell):
        if any(end.match(line) for end in _ENDS) or _QUOTE.match(line):
            break
        following += 1
        if following > LINES_OF_A_SIGNATURE or len(line) > LONGEST_SIGNATURE_LINE or line.endswith(("?", "!")):
            return False
    return following >= least


def _below(lines: Sequence[str], number: int) -> Iterator[str]:
    """Yield the lines under one that hold something; the caller stops after a few, so many farewells stay cheap."""
    for place in range(number + 1, len(lines)):
        if line := _seen(lines[place]):
            yield line


def _seen(line: str) -> str:
    return line[:_LINE].strip()
