"""Where a sentiment report reads from: the smallest table of counts that knows what is asked, or the messages."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, FromClause, Subquery, cast, func, literal, null, or_, select, union_all
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import BigInteger, DateTime, Text

from app.models import (
    Channel,
    Conversation,
    Inbox,
    Message,
    SentimentCount,
    SentimentDay,
    SentimentHour,
    Tag,
    Tagging,
    Team,
    User,
)
from app.queries._json import InboxIds
from app.queries.sentiment_asked import HOUR, NOBODY, Asked, Period, day_of
from app.queries.sentiment_facts import HOURLY, facts

COLUMN_OF = {
    "channel": "channel_id",
    "inbox": "inbox_id",
    "team": "team_id",
    "agent": "assignee_id",
    "intent": "intent",
    "tag": "tag_id",
    "language": "language",
}
ROWS_OF: dict[str, type[Channel | Inbox | Team | User | Tag]] = {
    "channel": Channel,
    "inbox": Inbox,
    "team": Team,
    "agent": User,
    "tag": Tag,
}
DAILY_AND_SUMS = (*(name for name in HOURLY if name != "hour"), "messages", "score_sum")
NOT_BY_HOUR = frozenset(("team", "agent", "intent"))  # what SentimentHour leaves out


def hours(asked: Asked, period: Period, *, inbox_ids: InboxIds, by: str = "") -> Subquery:
    """Return rows of an hour (or day), label, version and place (the value of `by`): messages, score_sum.

    Places are of the newest versions alone; without `by` every version has its rows.
    """
    rows = source(asked, period, inbox_ids=inbox_ids, by=by)
    place = rows.c[COLUMN_OF[by]] if by else cast(null(), Text)
    keys = rows.c.hour, rows.c.label, rows.c.model_version, rows.c.is_latest, place.label("place")
    hour = rows.c.hour
    wanted = [
        rows.c.task == asked.task,
        rows.c.inbox_id.in_(inbox_ids),
        hour >= period.before[0],
        hour < period.end,
        or_(hour >= period.start, hour < period.before[1]),
        *narrowing(asked, rows),
    ]
    query = select(*keys, rows.c.messages, rows.c.score_sum).where(*wanted)
    return (query.where(rows.c.is_latest) if by else query).subquery()


def source(asked: Asked, period: Period, *, inbox_ids: InboxIds, by: str = "") -> FromClause:
    """Return what is read: counts by the day or the hour, those with all dimensions, or, for tags, the messages."""
    touches = {*asked.filters, by}
    if "tag" in touches:
        return _live(asked, inbox_ids, period, by)
    if touches & NOT_BY_HOUR:
        return SentimentCount.__table__
    return _days(period) if period.by_day else SentimentHour.__table__


def narrowing(asked: Asked, rows: FromClause) -> list[ColumnElement[bool]]:
    """Return the conditions of the filters on rows that have the columns of the counts; tags are asked elsewhere."""
    return [is_value(rows.c[COLUMN_OF[name]], name, value) for name, value in asked.filters.items() if name != "tag"]


def is_value(column: ColumnElement[Any], name: str, value: str) -> ColumnElement[bool]:
    """Return whether a column holds a dimension's value as it stands in the address."""
    if value == NOBODY:
        return column.is_(None)
    if name not in ROWS_OF:
        return column == value
    table = ROWS_OF[name]
    return column == select(table.id).where(table.public_id == UUID(value)).scalar_subquery()


def has_tag(conversation_id: ColumnElement[int], value: str) -> ColumnElement[bool]:
    """Return whether a conversation has a tag now, or, for NOBODY, none at all."""
    tagged = select(Tagging.conversation_id).where(Tagging.conversation_id.is_not(None))
    if value == NOBODY:
        return conversation_id.not_in(tagged)
    return conversation_id.in_(tagged.where(is_value(Tagging.tag_id.expression, "tag", value)))


def is_open(hour: ColumnElement[datetime], doors: tuple[datetime, ...] | None) -> list[ColumnElement[bool]]:
    """Return the condition that an hour begins while the house is open."""
    return [] if doors is None else [step(hour, doors) % 2 == 1]


def step(hour: ColumnElement[datetime], starts: tuple[datetime, ...]) -> ColumnElement[int]:
    """Return how many of these ascending moments have come at an hour: 0 is before the first."""
    return func.width_bucket(hour, cast(list(starts), ARRAY(DateTime(timezone=True))))


def _days(period: Period) -> FromClause:
    """Read whole days, and by the hour what is left of the time before: it ends at the same time of the day as now."""
    cut = day_of(period.before[1], period.zone)
    days = [SentimentDay.day.label("hour"), *(getattr(SentimentDay, name) for name in DAILY_AND_SUMS)]
    hours = [SentimentHour.hour.label("hour"), *(getattr(SentimentHour, name) for name in DAILY_AND_SUMS)]
    whole = select(*days).where(or_(SentimentDay.day >= period.start, SentimentDay.day < cut))
    rest = select(*hours).where(SentimentHour.hour >= cut, SentimentHour.hour < period.before[1])
    return union_all(whole, rest).subquery()


def _live(asked: Asked, inbox_ids: InboxIds, period: Period, by: str) -> FromClause:
    """Count messages one by one: tags come and go after the fact. Hours begin up to one hour before their messages."""
    wanted = [
        Message.created_at >= period.before[0] - HOUR,
        Message.created_at < period.end + HOUR,
        Conversation.inbox_id.in_(inbox_ids),
    ]
    if asked.tag:
        wanted.append(has_tag(Conversation.id.expression, asked.tag))
    told = facts(*wanted).subquery()
    columns = [column for column in told.c if column.key != "score"]
    query = select(*columns, cast(literal(1), BigInteger).label("messages"), told.c.score.label("score_sum"))
    if by == "tag":
        query = query.add_columns(Tagging.tag_id)
        query = query.outerjoin(Tagging, Tagging.conversation_id == told.c.conversation_id)
    return query.subquery()
