"""The orders a list of conversations may come in, and the cursor that says where its next page begins."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Double, func, literal_column, select, tuple_

from app.models import Conversation

NEWEST, WORST, BEST = "", "worst", "best"
ORDERS = {NEWEST: "Newest first", WORST: "Worst mood first", BEST: "Best mood first"}
UNKNOWN: ColumnElement[float] = literal_column(
    "2", Double
)  # behind every mood there can be; written out, as the index has it
PLACES: dict[str, ColumnElement[float]] = {
    WORST: func.coalesce(Conversation.mood, UNKNOWN),
    BEST: func.coalesce(-Conversation.mood, UNKNOWN),
}


def columns(order: str) -> list[ColumnElement[Any]]:
    """Return what to sort by; the row's own number ends every tie."""
    if order in PLACES:
        return [PLACES[order].asc(), Conversation.id.asc()]
    return [Conversation.last_message_at.desc(), Conversation.id.desc()]


def cursor(conversation: Conversation, order: str) -> str:
    """Name a row's place in the list, for the page after it."""
    if order in PLACES:
        mood = conversation.mood
        place = 2.0 if mood is None else mood if order == WORST else -mood
        return f"{place!r}~{conversation.public_id}"
    return f"{conversation.last_message_at.timestamp():.6f}~{conversation.public_id}"


def after(order: str, cursor: str) -> list[ColumnElement[bool]]:
    """Return the condition that keeps what comes after a cursor; one that cannot be read means the beginning."""
    stamp, _, public_id = cursor.partition("~")
    try:
        number, row = float(stamp), UUID(public_id)
        place: Any = number if order in PLACES else datetime.fromtimestamp(number, tz=UTC)
    except (ValueError, OverflowError, OSError):
        return []
    row_id = select(Conversation.id).where(Conversation.public_id == row).scalar_subquery()
    if order in PLACES:
        return [tuple_(PLACES[order], Conversation.id) > tuple_(place, row_id)]
    return [tuple_(Conversation.last_message_at, Conversation.id) < tuple_(place, row_id)]
