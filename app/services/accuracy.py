"""The arithmetic of the accuracy page, without a session: how often it was right, what a threshold would change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from app.queries.accuracy import STEPS, Answers, Judged

UNSURE = "confidence"  # the one reason that a threshold can change


@dataclass(frozen=True, slots=True)
class Share:
    """How many of `messages` judged ones were right; `name` is a language or a channel."""

    name: str
    messages: int
    right: int

    @property
    def accuracy(self) -> float | None:
        return self.right / self.messages if self.messages else None


@dataclass(frozen=True, slots=True)
class Matrix:
    """`rows` and `columns` are labels: what people say, and what the model had said; `cells` counts messages."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    cells: dict[tuple[str, str], int]

    def heat(self, row: str, column: str) -> int:
        """Return how much of its row a cell is, from 0 to 5."""
        total = sum(self.cells.get((row, other), 0) for other in self.columns)
        here = self.cells.get((row, column), 0)
        return -(-5 * here // total) if total else 0


@dataclass(frozen=True, slots=True)
class Point:
    """What would hold at a threshold.

    `precision` of the `judged` messages that would be used, None for none; `coverage` of all messages read;
    `more` would be used that are not now, `fewer` would no longer be.
    """

    threshold: float
    precision: float | None
    coverage: float
    judged: int
    more: int
    fewer: int

    @property
    def changed(self) -> int:
        return self.more + self.fewer


def matrix(judged: Iterable[Judged], order: Sequence[str]) -> Matrix:
    """Count truth against answer; labels in the given order, others behind. A text with two truths counts in both."""
    cells: Counter[tuple[str, str]] = Counter()
    for one in judged:
        for truth in one.truth:
            cells[truth, one.said] += one.messages
    place = {label: number for number, label in enumerate(order)}

    def ordered(labels: set[str]) -> tuple[str, ...]:
        return tuple(sorted(labels, key=lambda label: (place.get(label, len(place)), label)))

    rows, columns = {truth for truth, _ in cells}, {said for _, said in cells}
    return Matrix(ordered(rows), ordered(rows | columns), dict(cells))


def overall(judged: Iterable[Judged]) -> Share:
    return next(iter(shares(judged, lambda _: "all")), Share("all", 0, 0))


def shares(judged: Iterable[Judged], name: Callable[[Judged], str]) -> list[Share]:
    """Return how often the model was right by a name of the messages, the most judged first."""
    messages: Counter[str] = Counter()
    right: Counter[str] = Counter()
    for one in judged:
        messages[name(one)] += one.messages
        right[name(one)] += one.messages if one.is_right else 0
    return [Share(key, count, right[key]) for key, count in messages.most_common()]


def points(judged: Sequence[Judged], answers: Sequence[Answers]) -> list[Point]:
    """Return what would hold at each threshold from 0 to 1 in STEPS."""
    total = sum(one.messages for one in answers)
    return [_point(step, judged, answers, total) for step in range(STEPS + 1)]


def kept_back(answers: Iterable[Answers]) -> list[tuple[str, int]]:
    """Return (reason, messages) of answers that are not used, most frequent first."""
    counts: Counter[str] = Counter()
    for one in answers:
        if one.kept_back:
            counts[one.kept_back] += one.messages
    return counts.most_common()


def _point(step: int, judged: Sequence[Judged], answers: Sequence[Answers], total: int) -> Point:
    sure = [one for one in judged if one.step >= step and one.kept_back in {"", UNSURE}]
    weighed = sum(one.messages for one in sure)
    right = sum(one.messages for one in sure if one.is_right)
    used = sum(one.messages for one in answers if one.step >= step and one.kept_back in {"", UNSURE})
    return Point(
        threshold=step / STEPS,
        precision=right / weighed if weighed else None,
        coverage=used / total if total else 0.0,
        judged=weighed,
        more=sum(one.messages for one in answers if one.step >= step and one.kept_back == UNSURE),
        fewer=sum(one.messages for one in answers if one.step < step and not one.kept_back),
    )
