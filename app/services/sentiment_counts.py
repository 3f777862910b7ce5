"""Keep the counts that reports and alerts read (SentimentCount, …Hour, …Day) equal to what the messages say.

Every change of what a message says, or where it belongs, moves the counts in its own transaction: `move` for new
predictions, `moving` around anything else. The caller holds the lock of the conversations (conversation before
counts), so that nobody counts the same messages at the same time. `recompute` counts everything anew.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, tzinfo
from functools import cache
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, TextClause, delete, func, insert, select, text
from sqlalchemy.orm import Session

from app.models import (
    BusinessHours,
    Conversation,
    Message,
    Prediction,
    SentimentCount,
    SentimentDay,
    SentimentHour,
    Status,
)
from app.queries._json import AnySelect
from app.queries.sentiment_asked import day_of
from app.queries.sentiment_facts import ABSTAINED, COLUMNS, DAILY, HOURLY, facts

__all__ = [
    "ABSTAINED",
    "COLUMNS",
    "DAILY",
    "HOURLY",
    "message_ids_of",
    "move",
    "moving",
    "moving_spam",
    "recompute",
    "recount_days",
]

SUMS = ("messages", "score_sum")
KINDS = {
    **dict.fromkeys(("hour", "day"), "timestamptz"),
    **dict.fromkeys(("channel_id", "inbox_id", "team_id", "assignee_id", "messages"), "bigint"),
    "is_latest": "boolean",
    "score_sum": "double precision",
}
LOCK_ALL = "LOCK TABLE sentiment_day, sentiment_count, sentiment_hour IN SHARE ROW EXCLUSIVE MODE"
LOCK_DAYS = "LOCK TABLE sentiment_day IN ROW EXCLUSIVE MODE"
AT_ONCE = 2000  # rows of one statement

Key: TypeAlias = tuple[Any, ...]  # the values of COLUMNS


class Counts:
    """Messages and their scores by key; one taken from another is what must be moved."""

    def __init__(self, rows: Sequence[Any] = ()) -> None:
        self.messages: Counter[Key] = Counter()
        self.scores: dict[Key, float] = {}
        for *key, messages, score in rows:
            self.messages[tuple(key)] = messages
            self.scores[tuple(key)] = score

    def since(self, before: Counts) -> list[Key]:
        """Return the rows to add (…COLUMNS, messages, score_sum), negative ones too, none that changes nothing."""
        rows = []
        for key in self.messages.keys() | before.messages.keys():
            by = self.messages[key] - before.messages[key]
            score = self.scores.get(key, 0.0) - before.scores.get(key, 0.0)
            if by or score:
                rows.append((*key, by, score))
        return rows


def move(session: Session, *, prediction_ids: Collection[int]) -> None:
    """Count predictions that were just stored; what older versions said of the same messages is latest no more.

    The language of their messages must be set already.
    """
    if not prediction_ids:
        return
    told = select(Prediction.message_id).where(Prediction.id.in_(prediction_ids))
    message_ids = set(session.scalars(told))
    after = _counts(session, Prediction.message_id.in_(message_ids))
    before = _counts(session, Prediction.message_id.in_(message_ids), Prediction.id.not_in(prediction_ids))
    _add(session, after.since(before))


@contextmanager
def moving(session: Session, *, message_ids: Collection[int]) -> Iterator[None]:
    """Move the counts of these messages by what the block changes: a correction, another inbox, a merge, a removal."""
    touched = Prediction.message_id.in_(set(message_ids))
    before = _counts(session, touched)
    yield
    session.flush()
    _add(session, _counts(session, touched).since(before))


@contextmanager
def moving_spam(session: Session, *conversations: Conversation, may_change: bool = False) -> Iterator[None]:
    """Move the counts where the block puts conversations, or messages between them, into spam or out of it.

    Spam is not counted. Without any spam, and unless the block `may_change` that, nothing is read.
    """
    if not may_change and all(one.status is not Status.SPAM for one in conversations):
        yield
        return
    session.flush()
    with moving(session, message_ids=message_ids_of(session, conversation_ids=[one.id for one in conversations])):
        yield


def message_ids_of(session: Session, *, conversation_ids: Collection[int]) -> set[int]:
    """Return the messages of conversations that are about to be merged, moved or removed."""
    return set(session.scalars(select(Message.id).where(Message.conversation_id.in_(conversation_ids))))


def recompute(session: Session) -> None:
    """Count everything anew. Others who count wait until this transaction ends."""
    session.flush()
    _lock(session, LOCK_ALL)
    for table in (SentimentCount, SentimentHour):
        session.execute(delete(table))
    session.execute(insert(SentimentCount).from_select([*COLUMNS, *SUMS], _grouped()))
    columns = [getattr(SentimentCount, name) for name in HOURLY]
    sums = func.sum(SentimentCount.messages), func.sum(SentimentCount.score_sum)
    by_hour = select(*columns, *sums).group_by(*columns)
    session.execute(insert(SentimentHour).from_select([*HOURLY, *SUMS], by_hour))
    recount_days(session)


def recount_days(session: Session) -> None:
    """Add up the hours to days anew: the house's clock has changed. Others who count wait."""
    _lock(session, LOCK_ALL)
    session.execute(delete(SentimentDay))
    zone = _house_zone(session)
    starts = sorted({day_of(hour, zone) for hour in session.scalars(select(SentimentHour.hour).distinct())})
    session.execute(_ADD_UP_DAYS, {"starts": starts})


def _grouped(*conditions: ColumnElement[bool]) -> AnySelect:
    rows = facts(*conditions).subquery()
    columns = [rows.c[name] for name in COLUMNS]
    return select(*columns, func.count(), func.sum(rows.c.score)).group_by(*columns)


def _counts(session: Session, *conditions: ColumnElement[bool]) -> Counts:
    return Counts(session.execute(_grouped(*conditions)).all())


def _add(session: Session, rows: list[Key]) -> None:
    """Add rows to all tables, always in the order of their keys: two that count at once wait, and never deadlock."""
    if not rows:
        return
    _lock(session, LOCK_DAYS)  # nobody changes the house's clock while we count by it
    tables = (
        (SentimentCount, COLUMNS, rows),
        (SentimentHour, HOURLY, rows),
        (SentimentDay, DAILY, _by_day(rows, _house_zone(session))),
    )
    for table, columns, told in tables:
        folded = sorted(_folded(told, columns), key=_order)
        for start in range(0, len(folded), AT_ONCE):
            chunk = zip(*folded[start : start + AT_ONCE], strict=True)
            values = dict(zip((*columns, *SUMS), map(list, chunk), strict=True))
            session.execute(_upsert(table.__tablename__, columns), values)
        emptied = [row for row in folded if row[-2] < 0]
        if emptied:
            of = {"tasks": sorted({row[0] for row in emptied}), "moments": sorted({row[1] for row in emptied})}
            session.execute(_sweep(table.__tablename__, columns[1]), of)


def _by_day(rows: list[Key], zone: tzinfo) -> list[Key]:
    days = {hour: day_of(hour, zone) for hour in {row[1] for row in rows}}
    return [(row[0], days[row[1]], *row[2:]) for row in rows]


def _house_zone(session: Session) -> tzinfo:
    name = session.scalar(select(BusinessHours.time_zone))
    return ZoneInfo(name) if name else UTC


def _lock(session: Session, how: str) -> None:
    session.execute(text(how))


def _folded(rows: list[Key], columns: tuple[str, ...]) -> list[Key]:
    """Add up rows (…COLUMNS, messages, score_sum) that are alike in `columns`."""
    places = [COLUMNS.index("hour" if name == "day" else name) for name in columns]
    messages: defaultdict[Key, int] = defaultdict(int)
    scores: defaultdict[Key, float] = defaultdict(float)
    for row in rows:
        key = tuple(row[place] for place in places)
        messages[key] += row[-2]
        scores[key] += row[-1]
    return [(*key, by, scores[key]) for key, by in messages.items() if by or scores[key]]


def _order(row: Key) -> tuple[tuple[bool, Any], ...]:
    """Sort None before all else."""
    return tuple((value is not None, value) for value in row)


@cache
def _upsert(table: str, columns: tuple[str, ...]) -> TextClause:
    names = ", ".join((*columns, *SUMS))
    arrays = ", ".join(f"CAST(:{name} AS {KINDS.get(name, 'text')}[])" for name in (*columns, *SUMS))
    return text(
        f"INSERT INTO {table} AS kept ({names}) SELECT {names} FROM unnest({arrays}) AS told ({names})"  # noqa: S608 - our own column names
        f" ON CONFLICT ({', '.join(columns)}) DO UPDATE SET messages = kept.messages + excluded.messages,"
        " score_sum = kept.score_sum + excluded.score_sum"
    )


@cache
def _sweep(table: str, moment: str) -> TextClause:
    """Remove rows that count nothing any more; only this transaction has such rows."""
    return text(f"DELETE FROM {table} WHERE messages = 0 AND task = ANY(:tasks) AND {moment} = ANY(:moments)")  # noqa: S608 - our own names


_ADD_UP_DAYS = text(
    f"INSERT INTO sentiment_day ({', '.join((*DAILY, *SUMS))})"  # noqa: S608 - our own column names
    f" SELECT {', '.join(DAILY)}, sum(messages), sum(score_sum)"
    " FROM (SELECT *, (CAST(:starts AS timestamptz[]))[width_bucket(hour, CAST(:starts AS timestamptz[]))] AS day"
    " FROM sentiment_hour) AS hours"
    f" GROUP BY {', '.join(DAILY)}"
)
