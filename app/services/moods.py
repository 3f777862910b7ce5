"""How a customer feels in the course of a conversation: pure arithmetic, without a session.

Every message of the customer whose sentiment was sure enough moves the mood by NEWEST_WEIGHT of the way to its score,
so that one message among many counts for little and the newest for most. The moods after each message are the line:
where it starts and ends, its lowest point, its slope, and whether it recovered. A line goes on with the next score
without looking back, and is equal to one drawn anew from all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

NEWEST_WEIGHT = 0.4  # of the newest message in the mood; older ones fade by 0.6 each
FELL_TO = -0.2  # a line that was here or lower fell: "rather bad" begins here
RECOVERED_TO = 0.1  # ... and one that fell, and ends here or higher, recovered
CONVERSATIONS_OF_CONTACT = 20  # older ones would weigh less than one in ten thousand


class MoodStep(StrEnum):
    """A mood in a word. A message called neutral scores less than 0.5 either way: alone it is no good or bad mood."""

    BAD = "bad"
    RATHER_BAD = "rather_bad"
    EVEN = "even"
    RATHER_GOOD = "rather_good"
    GOOD = "good"


ABOVE = ((MoodStep.GOOD, 0.5), (MoodStep.RATHER_GOOD, 0.2), (MoodStep.EVEN, FELL_TO), (MoodStep.RATHER_BAD, -0.5))


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where a message stands in the order of arrival; what came without a delivery stands behind what came with one."""

    has_no_delivery: bool
    delivery_id: int
    message_id: int

    @classmethod
    def of(cls, delivery_id: int | None, message_id: int) -> Place:
        return cls(delivery_id is None, delivery_id or 0, message_id)


@dataclass(frozen=True, slots=True)
class Score:
    """The sentiment of one message in [-1, 1], sure enough to be used."""

    place: Place
    at: datetime
    score: float


@dataclass(frozen=True, slots=True)
class Line:
    """The line after `scores` scores; `line_sum` and `weighted_sum` (of value times position) give the slope."""

    scores: int = 0
    last: Place | None = None
    mood: float | None = None
    start: float | None = None
    lowest: float | None = None
    lowest_message_id: int | None = None
    lowest_at: datetime | None = None
    line_sum: float = 0.0
    weighted_sum: float = 0.0

    @property
    def slope(self) -> float | None:
        """Return by how much the mood rises a message (least squares); None for less than two."""
        if self.scores < 2:
            return None
        middle = (self.scores - 1) / 2
        spread = self.scores * (self.scores**2 - 1) / 12  # sum of the squared distances from the middle
        return (self.weighted_sum - middle * self.line_sum) / spread

    @property
    def has_recovered(self) -> bool:
        return recovered(self.lowest, self.mood)

    def takes(self, place: Place) -> bool:
        """Say whether a score of this place can follow; one from before the end needs the line drawn anew."""
        return self.last is None or place > self.last

    def then(self, score: Score) -> Line:
        """Return the line with one more score. Raises ValueError where its place is not behind the last."""
        if not self.takes(score.place):
            raise ValueError(f"{score.place} is not behind {self.last}")
        mood = score.score if self.mood is None else self.mood + NEWEST_WEIGHT * (score.score - self.mood)
        is_lowest = self.lowest is None or mood < self.lowest
        return replace(
            self,
            scores=self.scores + 1,
            last=score.place,
            mood=mood,
            start=mood if self.start is None else self.start,
            lowest=mood if is_lowest else self.lowest,
            lowest_message_id=score.place.message_id if is_lowest else self.lowest_message_id,
            lowest_at=score.at if is_lowest else self.lowest_at,
            line_sum=self.line_sum + mood,
            weighted_sum=self.weighted_sum + self.scores * mood,
        )


def drawn(scores: Iterable[Score], line: Line | None = None) -> Line:
    """Go on with a line, or begin one. `scores` are in order of arrival. Raises ValueError where they are not."""
    line = line or Line()
    for score in scores:
        line = line.then(score)
    return line


def recovered(lowest: float | None, end: float | None) -> bool:
    """Say whether a line fell (to FELL_TO or lower) and ends well (RECOVERED_TO or higher)."""
    return lowest is not None and end is not None and lowest <= FELL_TO and end >= RECOVERED_TO


def step_of(mood: float | None) -> MoodStep:
    """Return a mood's step; who has said nothing yet is even."""
    if mood is None:
        return MoodStep.EVEN
    return next((step for step, floor in ABOVE if mood > floor), MoodStep.BAD)


def is_lower(step: MoodStep, than: MoodStep) -> bool:
    steps = list(MoodStep)  # from the worst to the best
    return steps.index(step) < steps.index(than)


def of_contact(moods: Sequence[float | None]) -> float | None:
    """Return the mood of a person from those of the newest conversations, newest first; None where none has any."""
    known = [mood for mood in moods[:CONVERSATIONS_OF_CONTACT] if mood is not None]
    weights = [(1 - NEWEST_WEIGHT) ** age for age in range(len(known))]
    return sum(w * mood for w, mood in zip(weights, known, strict=True)) / sum(weights) if known else None
