"""Words as the search compares them: without case, accents and other marks, in any script. Pure and linear.

Scripts that put no blanks between words (Chinese, Japanese, Thai …), and Korean, whose particles stick to words, are
cut into pairs of characters: a pair finds what contains it. German umlauts are known under both spellings.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

LONGEST_WORD = 64  # characters; of longer ones (encoded data, mostly) the beginning is known
VOICED, NUKTA, VIRAMA = 8, 7, 9  # classes of marks that make another letter, not an accent
LAST_PLANE = 0x20000  # no marks beyond
INVISIBLE = "\u00ad\u200b\u200c\u200d\u2060\ufeff\u0640"  # soft hyphen, joiners, the Arabic stretch
LETTERS = {  # letters that Unicode does not take apart
    "æ": "ae",
    "œ": "oe",
    "ø": "o",
    "ł": "l",
    "đ": "d",
    "ð": "d",
    "þ": "th",
    "ı": "i",
    "ħ": "h",
    "ى": "ي",
    "ة": "ه",
    "ς": "σ",
} | dict.fromkeys(INVISIBLE, "")
UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})
UNSPACED = re.compile(
    "["
    "\u0e00-\u0eff"  # Thai, Lao
    "\u1000-\u109f\u1780-\u17ff"  # Myanmar, Khmer
    "\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff"  # Japanese
    "\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # Chinese characters
    "\u1100-\u11ff\uac00-\ud7af"  # Korean
    "]+"
)
_TRANSLATION = str.maketrans(LETTERS)
_PLAIN = re.compile(r"[a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a text at a place in the row of words. `also` is its other spelling; a pair stands at its first
    character's place.
    """

    text: str
    also: str = ""
    is_pair: bool = False


def fold(text: str) -> str:
    """Return text without case, accents and invisible characters."""
    if text.isascii():
        return text.lower()
    apart = unicodedata.normalize("NFKD", text.casefold())
    return unicodedata.normalize("NFC", _accents().sub("", apart)).casefold().translate(_TRANSLATION)


def words(text: str) -> Iterator[Word]:
    """Yield the words of a text in order."""
    if text.isascii():
        for match in _PLAIN.finditer(text.lower()):
            yield Word(match[0][:LONGEST_WORD])
        return
    for match in _runs().finditer(unicodedata.normalize("NFC", text)):
        yield from _words_of_run(match[0])


def spellings(text: str) -> list[tuple[str, ...]]:
    """Return the words of a text in order, each with its other spelling where it has one: for those who read many."""
    if text.isascii():
        return [(word[:LONGEST_WORD],) for word in _PLAIN.findall(text.lower())]
    return [spelled for piece in text.split() for spelled in _spelled(piece)]


def _spelled(piece: str) -> list[tuple[str, ...]]:
    if piece.isascii():
        return [(word[:LONGEST_WORD],) for word in _PLAIN.findall(piece.lower())]
    return [(word.text, word.also) if word.also else (word.text,) for word in words(piece)]


def spans(text: str) -> Iterator[tuple[int, int]]:
    """Yield where the words of a text stand, as it is written: (start, end) of each run of letters and digits."""
    for match in _runs().finditer(text):
        yield match.start(), match.end()


def _words_of_run(run: str) -> Iterator[Word]:
    folded = fold(run)
    other = _other_spelling(run, folded)
    if other:
        yield Word(folded[:LONGEST_WORD], other[:LONGEST_WORD])
        return
    if folded.isascii():  # an umlaut is the only thing that is spelled in two ways
        for match in _PLAIN.finditer(folded):
            yield Word(match[0][:LONGEST_WORD])
        return
    for match in _runs().finditer(folded):
        yield from _parts(match[0])


def _other_spelling(run: str, folded: str) -> str:
    low = run.casefold()
    spelled = low.translate(UMLAUTS)
    if spelled == low:
        return ""
    other = fold(spelled)
    return other if other.isalnum() and folded.isalnum() and not UNSPACED.search(folded) else ""


def _parts(run: str) -> Iterator[Word]:
    """Cut a run of letters where scripts without blanks begin and end, and those into pairs."""
    at = 0
    for match in UNSPACED.finditer(run):
        if match.start() > at:
            yield Word(run[at : match.start()][:LONGEST_WORD])
        yield from _pairs(match[0])
        at = match.end()
    if at < len(run):
        yield Word(run[at:][:LONGEST_WORD])


def _pairs(run: str) -> Iterator[Word]:
    """Yield "ab", "bc", "c" of "abc": the last one alone, so that each character begins a word."""
    for at in range(len(run)):
        yield Word(run[at : at + 2], is_pair=True)


@cache
def _runs() -> re.Pattern[str]:
    """Match letters and digits with their marks: vowel signs of Indian scripts are marks too."""
    return re.compile(rf"[^\W_](?:[^\W_]|[{_classes('Mn', 'Mc')}{INVISIBLE}])*")


@cache
def _accents() -> re.Pattern[str]:
    """Match marks that are put on letters, not those that make another letter."""
    marks = (
        code for code in range(0x300, LAST_PLANE) if unicodedata.combining(chr(code)) not in {0, NUKTA, VOICED, VIRAMA}
    )
    return re.compile(f"[{_ranges(list(marks))}]+")


@cache
def _classes(*categories: str) -> str:
    return _ranges([code for code in range(0x300, LAST_PLANE) if unicodedata.category(chr(code)) in categories])


def _ranges(codes: list[int]) -> str:
    """Write ascending code points as the inside of a character class."""
    cuts = [(code, after) for code, after in pairwise(codes) if after != code + 1]
    starts, ends = [codes[0], *(after for _, after in cuts)], [*(code for code, _ in cuts), codes[-1]]
    return "".join(f"\\U{start:08x}-\\U{end:08x}" for start, end in zip(starts, ends, strict=True))
