"""What alert rules measure: hours of the past for one rule, and the windows that end now for all rules at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, FromClause, func, select
from sqlalchemy.orm import Session

from app.models import AlertMetric, Conversation, ConversationMood, Message, SentimentCount, SentimentHour, Watched
from app.queries._json import AnySelect
from app.queries.demo_left_out import is_no_demo
from app.queries.sentiment_facts import ABSTAINED, facts, is_no_spam

TASKS = {
    AlertMetric.VOLUME: "sentiment",
    AlertMetric.NEGATIVE_SHARE: "sentiment",
    AlertMetric.NET_SENTIMENT: "sentiment",
    AlertMetric.INTENT_VOLUME: "intent",
    AlertMetric.EMOTION_VOLUME: "emotion",
}
DIMENSIONS = ("channel_id", "inbox_id", "intent", "language")
Sums = tuple[float, float, float]  # messages that could count, that do, that count against
Counted = tuple[str, str, tuple[Any, ...], float]  # task, label, values of DIMENSIONS, how many


@dataclass(frozen=True, slots=True)
class Windows:
    """What stands in the windows that end now, grouped, by the moment they begin."""

    live: Mapping[datetime, Sequence[Counted]]
    hourly: Mapping[datetime, Sequence[Counted]]
    falls: Mapping[datetime, Sequence[Counted]]

    def sums(self, watched: Watched, since: datetime) -> Sums:
        """Add up what a rule measures since one of the moments that were asked for."""
        if watched.metric is AlertMetric.MOOD_FALLS:
            fell = sum(count for _, _, place, count in self.falls[since] if _fits(watched, place))
            return fell, fell, 0.0
        rows = self.live[since] if since in self.live else self.hourly[since]
        task = TASKS[watched.metric]
        return _sums(watched, [(row[1], row[3]) for row in rows if row[0] == task and _fits(watched, row[2])])


def windows(
    session: Session,
    *,
    at: datetime,
    live: Iterable[datetime],
    hourly: Iterable[datetime],
    falls: Iterable[datetime],
    fell_to: float,
) -> Windows:
    """Read the windows that begin at these moments: `live` from messages of the last hour, `hourly` from the counts,
    `falls` from the moods. Three statements at most, whatever the number of rules.
    """
    short, long, fallen = (tuple(sorted(set(begins))) for begins in (live, hourly, falls))
    return Windows(
        live=_live(session, short, at) if short else {},
        hourly=_hourly(session, long, at) if long else {},
        falls=_falls(session, fallen, at, fell_to) if fallen else {},
    )


def history(
    session: Session, *, watched: Watched, since: datetime, until: datetime, fell_to: float
) -> Mapping[datetime, Sums]:
    """Return what a rule measures in each past hour; hours in which there was nothing are not listed."""
    if watched.metric is AlertMetric.MOOD_FALLS:
        hour = func.date_trunc("hour", ConversationMood.lowest_at, "UTC")
        query = select(hour, func.count()).where(*_fell(since, until, fell_to), *_narrowed_falls(watched))
        query = query.join(Conversation, Conversation.id == ConversationMood.conversation_id).group_by(hour)
        return {at: (float(fell), float(fell), 0.0) for at, fell in session.execute(query)}
    table: FromClause = (SentimentCount if watched.intent else SentimentHour).__table__
    messages = func.sum(table.c.messages)
    query = select(table.c.hour, table.c.label, messages).group_by(table.c.hour, table.c.label)
    wanted = table.c.task == TASKS[watched.metric], table.c.is_latest, table.c.hour >= since, table.c.hour < until
    by_hour: dict[datetime, list[tuple[str, float]]] = {}
    for at, label, count in session.execute(query.where(*wanted, *_narrowed(watched, table))):
        by_hour.setdefault(at, []).append((label, float(count)))
    return {at: _sums(watched, rows) for at, rows in by_hour.items()}


def first_hour(session: Session, *, watched: Watched, since: datetime) -> datetime | None:
    """Return the first hour after `since` in which anything was counted in the channel and inbox of a rule."""
    wanted = [SentimentHour.task == "sentiment", SentimentHour.hour >= since]
    if watched.channel_id is not None:
        wanted.append(SentimentHour.channel_id == watched.channel_id)
    if watched.inbox_id is not None:
        wanted.append(SentimentHour.inbox_id == watched.inbox_id)
    return session.scalar(select(func.min(SentimentHour.hour)).where(*wanted))


def _live(session: Session, begins: Sequence[datetime], at: datetime) -> Mapping[datetime, Sequence[Counted]]:
    told = facts(Message.created_at >= begins[0], Message.created_at < at)
    rows = told.add_columns(Message.created_at.label("at")).subquery()
    return _grouped(session, rows, begins, [func.count().filter(rows.c.at >= since) for since in begins])


def _hourly(session: Session, begins: Sequence[datetime], at: datetime) -> Mapping[datetime, Sequence[Counted]]:
    query = select(SentimentCount).where(SentimentCount.hour >= begins[0], SentimentCount.hour < at)
    rows = query.where(SentimentCount.task.in_(set(TASKS.values()))).subquery()
    total = func.sum(rows.c.messages)
    return _grouped(session, rows, begins, [total.filter(rows.c.hour >= since) for since in begins])


def _grouped(
    session: Session, rows: FromClause, begins: Sequence[datetime], sums: Sequence[ColumnElement[Any]]
) -> Mapping[datetime, Sequence[Counted]]:
    keys = [rows.c.task, rows.c.label, *(rows.c[name] for name in DIMENSIONS)]
    query: AnySelect = select(*keys, *sums).where(rows.c.is_latest).group_by(*keys)
    return _by_begin(begins, [tuple(row) for row in session.execute(query)])


def _falls(
    session: Session, begins: Sequence[datetime], at: datetime, fell_to: float
) -> Mapping[datetime, Sequence[Counted]]:
    keys = [getattr(Conversation, name) for name in DIMENSIONS]
    sums = [func.count().filter(ConversationMood.lowest_at >= since) for since in begins]
    query: AnySelect = select(*keys, *sums).select_from(ConversationMood).where(*_fell(begins[0], at, fell_to))
    query = query.join(Conversation, Conversation.id == ConversationMood.conversation_id).group_by(*keys)
    return _by_begin(begins, [("", "", *row) for row in session.execute(query)])


def _by_begin(begins: Sequence[datetime], rows: Sequence[tuple[Any, ...]]) -> Mapping[datetime, Sequence[Counted]]:
    """Turn rows (task, label, DIMENSIONS, a number for each begin) into lists by begin."""
    first = 2 + len(DIMENSIONS)
    return {
        since: [(row[0], row[1], tuple(row[2:first]), float(row[place])) for row in rows if row[place]]
        for place, since in enumerate(begins, start=first)
    }


def _fell(since: datetime, until: datetime, fell_to: float) -> list[ColumnElement[bool]]:
    """Return the conditions on a mood's line, joined to its conversation, that was lowest in a span, and low."""
    return [
        ConversationMood.model_version == Conversation.mood_version,
        ConversationMood.lowest <= fell_to,
        ConversationMood.lowest_at >= since,
        ConversationMood.lowest_at < until,
        is_no_demo(Conversation.channel_id),
        is_no_spam(),
    ]


def _narrowed(watched: Watched, table: FromClause) -> list[ColumnElement[bool]]:
    return [table.c[name] == value for name in DIMENSIONS if (value := getattr(watched, name)) is not None]


def _narrowed_falls(watched: Watched) -> list[ColumnElement[bool]]:
    told = [(name, getattr(watched, name)) for name in DIMENSIONS]
    return [getattr(Conversation, name) == value for name, value in told if value is not None]


def _fits(watched: Watched, place: Sequence[Any]) -> bool:
    """Say whether grouped messages (values of DIMENSIONS) are among those that a rule watches."""
    wanted = watched.channel_id, watched.inbox_id, watched.intent, watched.language
    return all(want is None or want == there for want, there in zip(wanted, place, strict=True))


def _sums(watched: Watched, labels: Sequence[tuple[str, float]]) -> Sums:
    """Add up messages by label as the metric counts them."""
    everything = float(sum(count for _, count in labels))
    if watched.metric is AlertMetric.VOLUME:
        return everything, everything, 0.0
    by_label: dict[str, float] = {}
    for label, count in labels:
        by_label[label] = by_label.get(label, 0.0) + float(count)
    judged = everything - by_label.get(ABSTAINED, 0.0)
    if watched.metric is AlertMetric.NEGATIVE_SHARE:
        return judged, by_label.get("negative", 0.0), 0.0
    if watched.metric is AlertMetric.NET_SENTIMENT:
        return judged, by_label.get("positive", 0.0), by_label.get("negative", 0.0)
    return judged, by_label.get(watched.label, 0.0), 0.0
