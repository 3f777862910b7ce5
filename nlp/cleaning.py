"""Text as the encoder gets it: bounded, without control characters, emoji spelt out.

Training and annotating both go through `clean`, so what a head learned is what it meets. Every step is linear in the
text, and the text is cut first.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator

from nlp.new_words import new_words

# A customer says what it is about at the beginning and what is wanted at the end: that much of each is kept.
HEAD_CHARACTERS = 16_000
TAIL_CHARACTERS = 4_000
MAX_EMOJI = 16
MAX_MARKS_IN_A_ROW = 4

_LINK = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_HANDLE = re.compile(r"(?<![\w.])@\w+")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")
_LONG_RUN = re.compile(r"(.)\1{3,}")
_SILENT = frozenset({"Cf", "Cs", "Co", "Cn", "Me"})
_FIRST_PICTOGRAPH = 0x2600  # below it stand arrows, ©, ™, box drawing: no feelings
_REGIONAL_INDICATORS = range(0x1F1E6, 0x1F200)
# skin tones, variation selectors, and what stands for a character that was lost
_UNSPOKEN = frozenset(map(chr, [*range(0x1F3FB, 0x1F400), *range(0xFE00, 0xFE10), 0xFFFD]))


def clean(text: str, *, spell_emoji: bool = True) -> str:
    """Return the text to encode, at most about 20,000 characters; "" where nothing can be said about it.

    Links become "http" and handles "@user" (the encoder learns nothing from either), emoji become their Unicode names,
    HTML entities their characters, runs of one character three of it. Lines are kept, other white space is one space.
    Without `spell_emoji` they are left out.
    """
    text = new_words(_head_and_tail(text))
    text = _ENTITY.sub(lambda entity: html.unescape(entity[0]), text)
    if not text.isascii():
        # again, because one Arabic ligature may become eighteen letters
        text = _head_and_tail("".join(_spoken(_without_lone_surrogates(text), MAX_EMOJI if spell_emoji else 0)))
    text = _LONG_RUN.sub(r"\1\1\1", _HANDLE.sub("@user", _LINK.sub("http", text)))
    lines = (" ".join(line.split()) for line in text.splitlines())
    return "\n".join(line for line in lines if line)


def _head_and_tail(text: str) -> str:
    if len(text) <= HEAD_CHARACTERS + TAIL_CHARACTERS:
        return text
    return text[:HEAD_CHARACTERS] + "\n" + text[-TAIL_CHARACTERS:]


def _without_lone_surrogates(text: str) -> str:
    """JSON may hold half a character; the tokenizer takes whole ones only."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _spoken(text: str, emoji_left: int) -> Iterator[str]:
    """Yield the characters with the first emoji spelt out, without invisible ones and without towers of accents.

    Unicode normalisation sorts the accents of a letter in quadratic time.
    """
    marks, previous = 0, ""
    for character in text:
        category = unicodedata.category(character)
        marks = marks + 1 if category == "Mn" else 0
        if category in _SILENT or character in _UNSPOKEN or marks > MAX_MARKS_IN_A_ROW:
            continue
        if category == "So" and ord(character) >= _FIRST_PICTOGRAPH:
            if character != previous and emoji_left:
                emoji_left -= 1
                yield _name(character)
            previous = character
        elif category in {"Cc", "Zs"}:
            yield "\n" if character in "\n\r\v\f\x85" else " "
        else:
            yield unicodedata.normalize("NFKC", character) if ord(character) > 0x2FF and not marks else character


def _name(emoji: str) -> str:
    """Say "😂" as "face with tears of joy"; half a flag says nothing."""
    if ord(emoji) in _REGIONAL_INDICATORS:
        return " "
    return f" {unicodedata.name(emoji, '').lower()} "
