"""Text cut into sentences, with their places in it. Linear in the text, bounded in number and length."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

CHARACTERS_READ = 20_000
MOST = 400  # sentences of one text
LONGEST = 600  # characters; longer ones are cut at a blank
WRAPPED = 60  # a line this long may have been broken by a mail program: what follows in lower case goes on with it

_END = re.compile(r"[.!?…。！？]+[\"'”’»)\]]{0,3}(?=\s|$)|(?<=[。！？])|\n+")
_BLANKS = " \t\n\r\f\v\u00a0"
_SHORT_FORMS = """
mr mrs ms dr prof sr jr st vs no nr art approx ca e.g i.e etc bzw usw z.b d.h a.m p.m inc ltd co corp
"""
_ABBREVIATIONS = frozenset(_SHORT_FORMS.split())


@dataclass(frozen=True, slots=True)
class Sentence:
    """`text` is `whole[start:end]`, without blanks around it."""

    start: int
    end: int
    text: str


def split(whole: str) -> list[Sentence]:
    """Return the sentences of the first 20,000 characters, at most 400; [] for a text without any."""
    found: list[Sentence] = []
    for sentence in _sentences(whole[:CHARACTERS_READ]):
        found.append(sentence)
        if len(found) == MOST:
            break
    return found


def _sentences(text: str) -> Iterator[Sentence]:
    start = 0
    for end in _ends(text):
        yield from _pieces(text, start, end)
        start = end


def _ends(text: str) -> Iterator[int]:
    for mark in _END.finditer(text):
        if _is_end(text, mark):
            yield mark.end()
    yield len(text)


def _is_end(text: str, mark: re.Match[str]) -> bool:
    after = text[mark.end() : mark.end() + 40].lstrip(_BLANKS)[:1]
    if "\n" in mark[0]:
        line = mark.start() - text.rfind("\n", 0, mark.start())
        return len(mark[0]) > 1 or line < WRAPPED or not after.islower()
    if mark[0] != ".":
        return True
    word = text[max(0, mark.start() - 12) : mark.start()].split()[-1:]
    short = word[0].lower().lstrip("(") if word else ""
    return not (after.islower() or short in _ABBREVIATIONS or (len(short) == 1 and short.isalpha()))


def _pieces(text: str, start: int, end: int) -> Iterator[Sentence]:
    while start < end:
        stop = end
        if end - start > LONGEST:
            blank = text.rfind(" ", start + LONGEST // 2, start + LONGEST)
            stop = blank if blank > start else start + LONGEST
        raw = text[start:stop]
        said = raw.strip(_BLANKS)
        if said:
            begin = start + len(raw) - len(raw.lstrip(_BLANKS))
            yield Sentence(begin, begin + len(said), said)
        start = stop
