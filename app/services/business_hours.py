"""When the house is open: for reports, in full hours of its own time zone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.errors import Invalid
from app.models import BusinessHours
from app.phrases import phrase
from app.queries.sentiment_asked import OFFICE, Week
from app.services import sentiment_counts

DAYS = (
    phrase("Monday"),
    phrase("Tuesday"),
    phrase("Wednesday"),
    phrase("Thursday"),
    phrase("Friday"),
    phrase("Saturday"),
    phrase("Sunday"),
)


@dataclass(frozen=True, slots=True)
class Opening:
    """`zone` is None where the house has not said in which time zone it is: then it is the reader's."""

    week: Week = OFFICE
    zone: tzinfo | None = None
    zone_name: str = ""


def get(session: Session) -> Opening:
    """Return what was set, else nine to five from Monday to Friday."""
    row = session.get(BusinessHours, 1)
    if row is None:
        return Opening()
    week = tuple((opens, closes) for opens, closes in row.week)
    return Opening(week, _zone(row.time_zone) if row.time_zone else None, row.time_zone)


def change(session: Session, *, week: Sequence[tuple[int, int]], time_zone: str) -> None:
    """Set [opens, closes) of each day from Monday, in full hours; equal ones mean closed.

    Raises Invalid for hours that are none, for a week that is never open, and for a time zone nobody knows.
    """
    if len(week) != len(DAYS):
        raise Invalid(phrase("Give hours for each day of the week."), field="week")
    for day, (opens, closes) in zip(DAYS, week, strict=True):
        if not 0 <= opens <= closes <= 24:
            raise Invalid(phrase("{day} must open before it closes, between 0 and 24.", day=day), field="week")
    if all(opens == closes for opens, closes in week):
        raise Invalid(phrase("Be open on one day at least."), field="week")
    if time_zone:
        _zone(time_zone)
    values = {"id": 1, "week": [list(hours) for hours in week], "time_zone": time_zone}
    statement = insert(BusinessHours).values(values)
    is_other_clock = (session.scalar(select(BusinessHours.time_zone)) or "") != time_zone
    session.execute(statement.on_conflict_do_update(index_elements=["id"], set_=values))
    if is_other_clock:
        sentiment_counts.recount_days(session)


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        raise Invalid(phrase("Choose a time zone from the list, as Europe/Berlin."), field="time_zone") from None
