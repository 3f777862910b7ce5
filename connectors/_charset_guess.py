"""In which charset unlabelled bytes were written, from the bytes alone: a name of twenty bytes must do.

Every codec that takes the bytes reads them; the reading that looks most like a language wins. A reading looks wrong
where it has letters no single language has together, signs inside words, capitals behind small letters, two scripts
in one word, or Chinese characters hardly anybody writes. Fixed sample, one pass a codec.
"""

from __future__ import annotations

import codecs
import re
from collections import Counter
from functools import lru_cache
from itertools import pairwise

from connectors._charset_letters import ALPHABETS, CJK, LATIN

_SAMPLE_BYTES = 1_500
_CONTEXT = 40  # bytes before the first that is not ASCII
_EIGHT_BIT = re.compile(rb"[\x80-\xff]")
_PRIORS = {"cp1252": 1.0, "cp1251": 0.5, "cp1250": 0.3, "koi8-u": 0.4, "iso8859-2": 0.2, "cp866": -1.0}
_PRIORS |= {"iso8859-5": -1.0, "cp1257": -0.5, "cp1254": 0.2, "cp874": 0.6}
_TYPOGRAPHY = frozenset("“”„‘’‚–—…«»€•§©®™°·\xa0£¿¡№")  # signs that every language writes
_EAST_ASIAN_SIGNS = frozenset("、。「」『』！？：；，（）・ー～…　【】《》”“")
_FOREIGN_RUN = re.compile(r"[^\W\d_a-zA-Z]{3,}")
_MIXED_WORD = re.compile(r"[a-zA-Z](?=[^\W\d_a-zA-Z])|[^\W\d_a-zA-Z](?=[a-zA-Z])")
_SIGN_IN_WORD = re.compile(r"(?<=[^\W\d_])[^\w\s\x00-\x7f’‘\xa0·–—-](?=[^\W\d_])")
_WRONG = -3.0


def guess(data: bytes) -> str | None:
    """Return the codec whose reading looks most like a language, or None where none does."""
    first = _EIGHT_BIT.search(data)
    start = max(0, first.start() - _CONTEXT) if first else 0
    return _best(data[start : start + _SAMPLE_BYTES])


@lru_cache(maxsize=256)
def _best(sample: bytes) -> str | None:
    scores = {codec: _score(sample, codec) for codec in (*LATIN, *ALPHABETS, *CJK)}
    best = max(scores, key=lambda codec: scores[codec])
    return best if scores[best] > 0 else None


def _score(sample: bytes, codec: str) -> float:
    try:
        text = codecs.getincrementaldecoder(codec)().decode(sample, len(sample) < _SAMPLE_BYTES)
    except UnicodeError:
        return -float("inf")
    prior = _PRIORS.get(codec, 0.0)
    if codec in CJK:
        return prior + _looks_east_asian(text, codec)
    letters, rest = _counted(text)
    if codec in LATIN:
        return prior + rest + _looks_latin(text, letters, codec)
    return prior + rest + _looks_written(text, letters, ALPHABETS[codec])


def _counted(text: str) -> tuple[Counter[str], float]:
    """Return the letters beyond ASCII, small, and what speaks against the text whatever the language."""
    found = Counter(sign for sign in text if sign > "\x7f")
    letters: Counter[str] = Counter()
    against = 0.0
    for sign, count in found.items():
        if sign.isalpha() or "\u0e30" <= sign <= "\u0e4e":
            small = sign.lower()
            letters[small if len(small) == 1 else sign] += count
        elif sign not in _TYPOGRAPHY:
            against += (_WRONG if sign < "\xa0" else -1.5) * count
    against -= 2.0 * len(_SIGN_IN_WORD.findall(text))
    against -= 2.0 * sum(1 for one, two in pairwise(text) if two > "\x7f" and two.isupper() and one.islower())
    return letters, against


def _looks_latin(text: str, letters: Counter[str], codec: str) -> float:
    runs = sum(len(run) for run in _FOREIGN_RUN.findall(text))
    fits = [_fit(letters, often, seldom) for often, seldom in LATIN[codec]]
    return max(fits) - 1.5 * runs


def _fit(letters: Counter[str], often: str, seldom: str) -> float:
    """Score one language: a letter that it does not have may stand in a foreign name, many may not."""
    ranked = {letter: 1.2 - 0.5 * place / len(often) for place, letter in enumerate(often)}
    ranked |= dict.fromkeys(seldom, 0.2)
    return sum(ranked.get(letter, -1.5) * count for letter, count in letters.items())


def _looks_written(text: str, letters: Counter[str], alphabet: str) -> float:
    """Score a language with letters of its own by how often it writes which."""
    ranked = {letter: 1.3 - 2.0 * place / len(alphabet) for place, letter in enumerate(alphabet)}
    score = sum(ranked.get(letter, _WRONG) * count for letter, count in letters.items())
    capitals = sum(1 for sign in text if sign > "\x7f" and sign.isupper())
    return score - 2.0 * len(_MIXED_WORD.findall(text)) - 0.15 * capitals


def _looks_east_asian(text: str, codec: str) -> float:
    frequent, table, last = CJK[codec]
    found = Counter(sign for sign in text if sign > "\x7f")
    return sum(_east_asian(sign, frequent, table, last) * count for sign, count in found.items())


def _east_asian(sign: str, frequent: str, table: str, last: int) -> float:
    if sign in frequent:
        return 2.2
    if sign in _EAST_ASIAN_SIGNS:
        return 1.0
    if "\u3041" <= sign <= "\u30fe":
        return 2.2 if table == "euc-jp" else -0.5
    if "\uff61" <= sign <= "\uff9f":
        return -1.5
    if "\uac00" <= sign <= "\ud7a3" or "\u4e00" <= sign <= "\u9fff":
        coded = sign.encode(table, "ignore")
        is_hangul = sign >= "\uac00"
        return 0.6 if len(coded) == 2 and coded[0] <= last and is_hangul == (table == "euc-kr") else -1.5
    return -2.0
