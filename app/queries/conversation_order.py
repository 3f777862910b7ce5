"""The orders a list of conversations may come in, and the cursors that say where a page of it begins or ends.

An order is a row of SQL expressions that all go up, or all go down; the row's own number ends every tie, so that one
comparison of rows finds what comes after a place, or before it. SLA deadlines would be one more line in ORDERED.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, DateTime, Double, Integer, func, literal_column, select, tuple_

from app.models import Conversation, Priority
from app.phrases import phrase

NEWEST, OLDEST, WAITING, PRIORITY, WORST, BEST = "", "oldest", "waiting", "priority", "worst", "best"
ORDERS = {
    NEWEST: phrase("Newest first"),
    OLDEST: phrase("Oldest first"),
    WAITING: phrase("Waiting longest first"),
    PRIORITY: phrase("Priority first"),
    WORST: phrase("Worst mood first"),
    BEST: phrase("Best mood first"),
}
Side = Literal["after", "before", "start"]  # start: after, with the row itself
# behind every mood, and every moment, there can be; written out, as the indexes have them
UNKNOWN: ColumnElement[float] = literal_column("2", Double)
NEVER: ColumnElement[datetime] = literal_column("'infinity'::timestamptz", DateTime(timezone=True))
LADDER = (Priority.LOW, Priority.NORMAL, Priority.HIGH, Priority.URGENT)
RANK: ColumnElement[int] = func.array_position(
    literal_column("ARRAY['low', 'normal', 'high', 'urgent']"), Conversation.priority, type_=Integer()
)


@dataclass(frozen=True, slots=True)
class Order:
    """`places` are the expressions; `place_of` gives a row's values as numbers, `read` makes SQL values of them."""

    places: tuple[ColumnElement[Any], ...]
    place_of: Callable[[Conversation], tuple[float, ...]]
    read: Callable[[Sequence[float]], list[Any]]
    goes_down: bool = False


def _moment(number: float) -> Any:
    return NEVER if math.isinf(number) and number > 0 else datetime.fromtimestamp(number, tz=UTC)


def _last_at(row: Conversation) -> tuple[float, ...]:
    return (row.last_message_at.timestamp(),)


def _waits(row: Conversation) -> tuple[float, ...]:
    return (row.waiting_since.timestamp() if row.waiting_since else math.inf,)


def _by_mood(sign: int) -> Order:
    place = func.coalesce(Conversation.mood if sign > 0 else -Conversation.mood, UNKNOWN)
    return Order((place,), lambda row: (2.0 if row.mood is None else sign * row.mood,), list)


def _moments(numbers: Sequence[float]) -> list[Any]:
    return [_moment(number) for number in numbers]


LAST: ColumnElement[Any] = Conversation.last_message_at.expression
ORDERED: dict[str, Order] = {
    NEWEST: Order((LAST,), _last_at, _moments, goes_down=True),
    OLDEST: Order((LAST,), _last_at, _moments),
    WAITING: Order((func.coalesce(Conversation.waiting_since, NEVER),), _waits, _moments),
    PRIORITY: Order(
        (RANK, LAST),
        lambda row: (1.0 + LADDER.index(row.priority), *_last_at(row)),
        lambda numbers: [int(numbers[0]), *_moments(numbers[1:])],
        goes_down=True,
    ),
    WORST: _by_mood(1),
    BEST: _by_mood(-1),
}


def columns(order: str, *, backwards: bool = False) -> list[ColumnElement[Any]]:
    """Return what to sort by; `backwards` reads the list from its end."""
    wanted = ORDERED[order]
    down = wanted.goes_down is not backwards
    places = [*wanted.places, Conversation.id.expression]
    return [place.desc() if down else place.asc() for place in places]


def cursor(conversation: Conversation, order: str) -> str:
    """Name a row's place in the list: "1763834400.123456~<public id>"."""
    numbers = ORDERED[order].place_of(conversation)
    told = [f"{number:.6f}" if abs(number) > 1000 else repr(number) for number in numbers]
    return "~".join([*told, str(conversation.public_id)])


def beside(order: str, cursor: str, side: Side) -> list[ColumnElement[bool]]:
    """Return the condition that keeps one side of a place; a cursor that cannot be read asks nothing."""
    wanted = ORDERED[order]
    *told, public_id = cursor.split("~")
    try:
        numbers, row = [float(one) for one in told], UUID(public_id)
        if len(numbers) != len(wanted.places) or any(map(math.isnan, numbers)):
            return []
        values = wanted.read(numbers)
    except (ValueError, OverflowError, OSError):
        return []
    row_id = select(Conversation.id).where(Conversation.public_id == row).scalar_subquery()
    here, there = tuple_(*wanted.places, Conversation.id), tuple_(*values, row_id)
    forwards = side != "before"
    if forwards is wanted.goes_down:
        return [here <= there if side == "start" else here < there]
    return [here >= there if side == "start" else here > there]
