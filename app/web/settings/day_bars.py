"""Bars for some days, as places in a small drawing: the table beside it says the same in numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.languages import date_words
from app.phrases import phrase
from app.queries.channel_health import DayRow

HEIGHT, STEP, WIDTH, LEAST = 56.0, 20.0, 14.0, 2.0


@dataclass(frozen=True, slots=True)
class Bar:
    """`x`, `top` and `height` of all deliveries of a day, and the height of the parked ones at its foot."""

    x: float
    top: float
    height: float
    parked: float
    words: str


def bars(days: Sequence[DayRow]) -> list[Bar]:
    """Return a bar a day; what is not nothing is seen."""
    most = max((day.deliveries for day in days), default=0) or 1
    return [_bar(day, at, most) for at, day in enumerate(days)]


def _bar(day: DayRow, at: int, most: int) -> Bar:
    height, parked = (_height(count, most) for count in (day.deliveries, day.parked))
    when = date_words(day.day, "MMMEd")
    said = phrase("{day}: {deliveries}", day=when, deliveries=day.deliveries)
    if day.parked:
        said = phrase("{day}: {deliveries}, {parked} parked", day=when, deliveries=day.deliveries, parked=day.parked)
    return Bar(at * STEP + (STEP - WIDTH) / 2, HEIGHT - height, height, parked, said)


def _height(count: int, most: int) -> float:
    return max(LEAST, round(HEIGHT * count / most, 1)) if count else 0.0
