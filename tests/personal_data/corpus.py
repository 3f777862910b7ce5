"""The counted corpus of personal data: lines with what is to be found marked, and lines in which nothing is."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from app.personal_data import Kind, Span, spans

FOLDER = Path(__file__).resolve().parent.parent / "fixtures" / "personal_data"
MARKED = re.compile(r"\{\{(\w+):(.+?)\}\}", re.DOTALL)
SPLIT = "¦"  # stands inside made-up keys, so that programs that look for leaked keys leave the file alone


@dataclass(frozen=True, slots=True)
class Line:
    region: str
    text: str
    expected: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Score:
    """Counts of one kind: found and right, found and wrong, not found."""

    right: int
    wrong: int
    missed: int

    @property
    def precision(self) -> float:
        return self.right / (self.right + self.wrong) if self.right + self.wrong else 1.0

    @property
    def recall(self) -> float:
        return self.right / (self.right + self.missed) if self.right + self.missed else 1.0


def lines(name: str) -> list[Line]:
    return [_line(raw) for raw in (FOLDER / name).read_text(encoding="utf-8").splitlines()]


def _line(raw: str) -> Line:
    region, _, marked = raw.replace(SPLIT, "").replace("\\n", "\n").partition("\t")
    text, end, expected = "", 0, []
    for match in MARKED.finditer(marked):
        text += marked[end : match.start()]
        expected.append(Span(len(text), len(text) + len(match[2]), Kind(match[1])))
        text += match[2]
        end = match.end()
    return Line(region, text + marked[end:], tuple(expected))


def wrong_and_missed(line: Line) -> tuple[list[Span], list[Span]]:
    """Return what was found and is not there, and what is there and was not found whole."""
    found = spans(line.text, region=line.region)
    wrong = [one for one in found if not any(_same(one, right) for right in line.expected)]
    missed = [right for right in line.expected if not any(_covers(one, right) for one in found)]
    return wrong, missed


def _same(one: Span, other: Span) -> bool:
    return one.kind is other.kind and one.start < other.end and other.start < one.end


def _covers(one: Span, right: Span) -> bool:
    return one.kind is right.kind and one.start <= right.start and right.end <= one.end


def scores(corpus: list[Line]) -> dict[Kind, Score]:
    wrong, missed, expected = Counter[Kind](), Counter[Kind](), Counter[Kind]()
    for line in corpus:
        bad, gone = wrong_and_missed(line)
        wrong.update(one.kind for one in bad)
        missed.update(one.kind for one in gone)
        expected.update(one.kind for one in line.expected)
    return {kind: Score(expected[kind] - missed[kind], wrong[kind], missed[kind]) for kind in Kind}


def mistakes(corpus: list[Line]) -> Iterator[str]:
    for line in corpus:
        bad, gone = wrong_and_missed(line)
        yield from (f"wrong {one.kind} {line.text[one.start : one.end]!r} in {line.text!r}" for one in bad)
        yield from (f"missed {one.kind} {line.text[one.start : one.end]!r} in {line.text!r}" for one in gone)
