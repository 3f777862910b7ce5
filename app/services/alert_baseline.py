"""What is usual at each hour of the week, and how far from it a number is: pure arithmetic, no session, no clock.

Counts are compared after Anscombe's transformation, which makes the noise of a count the same size whatever its level;
shares by the exact binomial tail; net sentiment by the spread of its mean. What is left is measured in spreads, which
alert_learning.py takes from the past: real messages come in bursts.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from statistics import NormalDist
from typing import Any, NamedTuple

WEEK = 168  # hours
EXACT_UP_TO = 400  # messages up to which binomial tails are summed
LEAST_VARIANCE = 0.05
_NORMAL = NormalDist()


class Family(StrEnum):
    COUNT = "count"  # up
    SHARE = "share"  # up / of
    NET = "net"  # (up - down) / of


class Tally(NamedTuple):
    """Messages that could count (`of`), that do (`up`), and that count against (`down`)."""

    of: float = 0.0
    up: float = 0.0
    down: float = 0.0

    def plus(self, other: Tally, weight: float = 1.0) -> Tally:
        return Tally(self.of + weight * other.of, self.up + weight * other.up, self.down + weight * other.down)


NOTHING = Tally()


class Hour(NamedTuple):
    """One past hour: which of the week (0 is Monday midnight, local time), and what was counted."""

    slot: int
    seen: Tally


def value_of(family: Family, seen: Tally) -> float | None:
    """Return the number that a rule is about; None for a share of nothing."""
    if family is Family.COUNT:
        return seen.up
    if seen.of <= 0:
        return None
    return seen.up / seen.of if family is Family.SHARE else (seen.up - seen.down) / seen.of


def anscombe(count: float) -> float:
    """Return a count on the scale where Poisson noise has the spread 1."""
    return 2 * math.sqrt(count + 0.375)


def level_of(mean: float) -> float:
    """Return where, after `anscombe`, the counts lie on average whose mean this is (within 0.02 for any mean)."""
    return 2 * math.sqrt(mean + 0.375 - 0.25 * mean / (mean + 0.5))


def mean_of(level: float) -> float:
    """Return the mean of a level: the inverse of `level_of`."""
    over = max(0.0, level * level / 4 - 0.375)
    return (over - 0.25 + math.sqrt((over - 0.25) ** 2 + 2 * over)) / 2


@dataclass(frozen=True, slots=True)
class Baseline:
    """`slots` is what is usual in each hour of the week; the squared spread is max(`base`, 1 + `extra` × size)."""

    family: Family
    slots: tuple[Tally, ...]
    base: float
    extra: float
    weeks: int

    def expected(self, parts: Iterable[tuple[int, float]]) -> Tally:
        """Return what is usual in hours of the week, each with the fraction of it that counts."""
        usual = NOTHING
        for slot, fraction in parts:
            usual = usual.plus(self.slots[slot], fraction)
        return usual

    def spreads(self, seen: Tally, usual: Tally) -> float:
        """Return how many spreads towards trouble (more, more negative) `seen` lies from the usual."""
        return distance(self.family, seen, usual) / self._spread(size_of(self.family, seen, usual))

    def band(self, usual: Tally, of: float, spreads: float) -> tuple[float, float]:
        """Return the values within so many spreads of the usual; `of` messages were judged."""
        out = spreads * self._spread(size_of(self.family, Tally(of, 0, 0), usual))
        middle = value_of(self.family, usual)
        if self.family is Family.COUNT:
            level = level_of(usual.up)
            return max(0.0, (max(0.0, level - out) / 2) ** 2 - 0.375), (level + out) ** 2 / 4 - 0.375
        if middle is None or of <= 0:
            return 0.0, 0.0
        step = out * math.sqrt(_variance(self.family, usual) / of)
        lowest = 0.0 if self.family is Family.SHARE else -1.0
        return max(lowest, middle - step), min(1.0, middle + step)

    def as_json(self) -> dict[str, Any]:
        slots = [[round(part, 4) for part in slot] for slot in self.slots]
        return {
            "family": self.family.value,
            "slots": slots,
            "base": self.base,
            "extra": self.extra,
            "weeks": self.weeks,
        }

    @classmethod
    def of_json(cls, told: dict[str, Any]) -> Baseline:
        slots = tuple(Tally(*slot) for slot in told["slots"])
        return cls(Family(told["family"]), slots, told["base"], told["extra"], told["weeks"])

    def _spread(self, size: float) -> float:
        return math.sqrt(max(self.base, 1 + self.extra * size))


def distance(family: Family, seen: Tally, usual: Tally) -> float:
    """Return how far towards trouble a window is, in spreads of chance alone."""
    if family is Family.COUNT:
        return anscombe(seen.up) - level_of(usual.up)
    if seen.of <= 0 or usual.of <= 0:
        return 0.0
    if family is Family.SHARE:
        return binomial_spreads(seen.up, seen.of, usual.up / usual.of)
    net, usual_net = (seen.up - seen.down) / seen.of, (usual.up - usual.down) / usual.of
    return (usual_net - net) / math.sqrt(_variance(family, usual) / seen.of)


def binomial_spreads(hits: float, of: float, share: float) -> float:
    """Return by the tail of the binomial distribution how surprising so many hits are, in spreads of a normal one.

    Fewer than expected are negative. Large windows go by the arcsine, Anscombe's transformation for shares.
    """
    likely = min(max(share, 1e-4), 1 - 1e-4)
    if of > EXACT_UP_TO or hits <= of * likely:
        angle = math.asin(math.sqrt(min(1.0, (hits + 0.375) / (of + 0.75))))
        return 2 * math.sqrt(of + 0.5) * (angle - math.asin(math.sqrt(likely)))
    return -_NORMAL.inv_cdf(max(_upper_tail(round(hits), round(of), likely), 1e-300))


def _upper_tail(hits: int, of: int, share: float) -> float:
    """Return the chance of at least so many hits."""
    odds = share / (1 - share)
    chance = math.exp(
        math.lgamma(of + 1)
        - math.lgamma(hits + 1)
        - math.lgamma(of - hits + 1)
        + hits * math.log(share)
        + (of - hits) * math.log1p(-share)
    )
    total = 0.0
    for at in range(hits, of + 1):
        total += chance
        chance *= (of - at) / (at + 1) * odds
        if chance < total * 1e-12:
            break
    return min(total, 0.5)


def _variance(family: Family, usual: Tally) -> float:
    """Return the variance of one message's part in a share or in net sentiment."""
    up, down = usual.up / usual.of, usual.down / usual.of
    if family is Family.SHARE:
        return max(LEAST_VARIANCE, up * (1 - up))
    return max(LEAST_VARIANCE, up + down - (up - down) ** 2)


def size_of(family: Family, seen: Tally, usual: Tally) -> float:
    """Return what bursts grow with: the messages of the window."""
    return usual.up if family is Family.COUNT else max(0.0, seen.of - 1)
