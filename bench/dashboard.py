"""The sentiment report over a year of messages: from the counts, beside the same numbers from the messages.

Rows are made in SQL, spread evenly over a year. Then thousands of corrections, moves, merges and removals, after which
the counts must equal a recount.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable, Collection
from datetime import UTC
from typing import Any

from sqlalchemy import delete, func, select, text, update
from sqlalchemy.orm import Session

from app import db
from app.clock import now
from app.models import Correction, Inbox, Message, Prediction, Role, SentimentCount, SentimentHour, User
from app.queries.sentiment_asked import Asked, Period, period
from app.queries.sentiment_report import report
from app.queries.sentiment_source import hours, step
from app.services import access, sentiment_counts
from bench.house import house
from bench.measure import percentile

MESSAGES, SMALL, CONVERSATIONS = 1_000_000, 10_000, 100_000
EDITS, AT_ONCE, ROUNDS = 10_000, 50, 15
ANYBODY = User(role=Role.ADMIN)

FURNISH = """
INSERT INTO inbox (public_id, name) SELECT gen_random_uuid(), 'Inbox ' || n FROM generate_series(1, 3) AS n;
INSERT INTO channel (public_id, inbox_id, kind, name, token, sealed, state)
    SELECT gen_random_uuid(), 1 + n % 3, 'sandbox', 'Channel ' || n, 'token' || n, '', 'active'
    FROM generate_series(1, 5) AS n;
INSERT INTO contact (public_id, name) SELECT gen_random_uuid(), 'Customer ' || n FROM generate_series(1, 2000) AS n;
"""
CONVERSE = """
INSERT INTO conversation (public_id, number, inbox_id, channel_id, contact_id, reply_token, last_message_at, status,
    priority)
SELECT gen_random_uuid(), nextval('conversation_number'), channel.inbox_id, channel.id, 1 + n % 2000, 'reply' || n,
    now(), 'resolved', 'normal'
FROM generate_series(1, :conversations) AS n JOIN channel ON channel.id = (SELECT min(id) FROM channel) + n % 5
"""
SAY = """
INSERT INTO message (public_id, conversation_id, channel_id, contact_id, direction, visibility, text, language,
    created_at, annotated_at, routed_at)
SELECT gen_random_uuid(), conversation.id, conversation.channel_id, conversation.contact_id, 'inbound', 'public',
    'Words', CASE WHEN n % 20 = 0 THEN 'de' ELSE 'en' END, at, at, at
FROM (
    SELECT n, CAST(:until AS timestamptz) - interval '365 days' * (1 - n / CAST(:messages AS float)) AS at
    FROM generate_series(1, :messages) AS n
) AS said
JOIN conversation
    ON conversation.id = (SELECT min(id) FROM conversation) + (said.n * CAST(7919 AS bigint)) % :conversations
"""
PREDICT = """
INSERT INTO prediction (message_id, task, label, score, confidence, abstained, model_id, model_version, assignee_id,
    team_id)
SELECT id, 'sentiment', (ARRAY['negative', 'neutral', 'positive'])[1 + (id * 31) % 3],
    ((id * 17) % 200 - 100) / 100.0, 0.9, (id * 13) % 12 = 0, 'bench', '1', 1 + (id * 11) % 20, 1 + id % 4
FROM message
"""


def run() -> dict[str, Any]:
    """Measure a small house and a large one, then change the large one and count anew."""
    with house():
        small = _measured(SMALL, CONVERSATIONS // 100)
    with house():
        large = _measured(MESSAGES, CONVERSATIONS)
        figures = large | {
            "growth, a year, 1M over 10k messages": round(
                large[_name("a year", "counts")] / small[_name("a year", "counts")], 1
            )
        }
        began = time.monotonic()
        _edit_at_random()
        figures[f"{EDITS:,} edits, ms each"] = round((time.monotonic() - began) / EDITS * 1000, 2)
        figures["equal to a recount afterwards"] = _is_equal_to_a_recount()
    return figures


def _measured(messages: int, conversations: int) -> dict[str, Any]:
    _fill(messages, conversations)
    found: dict[str, Any] = {}
    for name, days in (("30 days", "30"), ("a year", "365")):
        asked = Asked(by="channel", range=days, bucket="day")
        here = period(asked, now=now(), zone=UTC)
        for what, work in (("counts", _from_counts), ("messages", _from_messages), ("the whole page", _whole_page)):
            rounds = 3 if what == "messages" else ROUNDS
            found[_name(name, what)] = round(_median_ms(work, asked, here, rounds), 1)
    with db.reading() as session:
        found["rows by the hour"] = session.scalar(select(func.count()).select_from(SentimentHour))
        found["rows with all dimensions"] = session.scalar(select(func.count()).select_from(SentimentCount))
    return found


def _name(span: str, what: str) -> str:
    return f"{span}, channel x day x sentiment, {what}, p50 ms"


def _fill(messages: int, conversations: int) -> None:
    values = {"messages": messages, "conversations": conversations, "until": now()}
    with db.transaction() as session:
        session.execute(text("SET LOCAL statement_timeout = 0"))
        for statement in FURNISH.split(";\n"):
            if statement.strip():
                session.execute(text(statement))
        session.execute(text(CONVERSE), values)
        session.execute(text(SAY), values)
        session.execute(text(PREDICT))
        sentiment_counts.recompute(session)
    with db.engine().connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))


def _median_ms(work: Callable[[Session, Asked, Period], object], asked: Asked, here: Period, rounds: int) -> float:
    took = []
    for _ in range(rounds):
        with db.reading() as session:
            session.execute(text("SET LOCAL statement_timeout = 0"))
            began = time.perf_counter()
            work(session, asked, here)
            took.append((time.perf_counter() - began) * 1000)
    return statistics.median(took) if rounds < ROUNDS else percentile(took, 0.5)


def _from_counts(session: Session, asked: Asked, here: Period) -> object:
    rows = hours(asked, here, inbox_ids=access.inbox_ids_of(ANYBODY), by="channel").c
    keys = step(rows.hour, here.starts), rows.label, rows.place
    return session.execute(select(*keys, func.sum(rows.messages)).group_by(*keys)).all()


def _from_messages(session: Session, _asked: Asked, here: Period) -> object:
    day = func.date_trunc("day", Message.created_at, "UTC")
    query = select(day, Prediction.label, Message.channel_id, func.count()).join(
        Message, Message.id == Prediction.message_id
    )
    query = query.where(Message.created_at >= here.start, Message.created_at < here.end, Prediction.task == "sentiment")
    return session.execute(query.group_by(day, Prediction.label, Message.channel_id)).all()


def _whole_page(session: Session, asked: Asked, here: Period) -> object:
    return report(session, asked=asked, period=here, inbox_ids=access.inbox_ids_of(ANYBODY), fell_to=-0.2)


def _edit_at_random() -> None:
    """Correct, move, merge and remove messages, some at a time, as people and services would."""
    dice = random.Random(11)
    with db.reading() as session:
        lowest, highest = session.execute(select(func.min(Message.id), func.max(Message.id))).one()
        inboxes = list(session.scalars(select(Inbox.id)))
    for _ in range(EDITS // AT_ONCE):
        ids = sorted({dice.randint(lowest, highest) for _ in range(AT_ONCE)})
        with db.transaction() as session:
            dice.choice((_correct, _take_back, _move, _merge, _remove))(session, ids, inboxes, dice)


def _correct(session: Session, ids: Collection[int], _inboxes: list[int], dice: random.Random) -> None:
    taken = set(session.scalars(select(Correction.message_id).where(Correction.undone_at.is_(None))))
    alive = set(session.scalars(select(Message.id).where(Message.id.in_(ids)))) - taken
    with sentiment_counts.moving(session, message_ids=alive):
        labels = ["negative", "neutral", "positive"]
        session.add_all(Correction(message_id=id_, task="sentiment", labels=[dice.choice(labels)]) for id_ in alive)


def _take_back(session: Session, _ids: Collection[int], _inboxes: list[int], _dice: random.Random) -> None:
    some = list(session.scalars(select(Correction.message_id).where(Correction.undone_at.is_(None)).limit(AT_ONCE)))
    with sentiment_counts.moving(session, message_ids=some):
        session.execute(update(Correction).where(Correction.message_id.in_(some)).values(undone_at=now()))


def _move(session: Session, ids: Collection[int], inboxes: list[int], dice: random.Random) -> None:
    theirs = select(Message.conversation_id).where(Message.id.in_(ids))
    conversations = set(session.scalars(theirs))
    touched = sentiment_counts.message_ids_of(session, conversation_ids=conversations)
    with sentiment_counts.moving(session, message_ids=touched):
        session.execute(
            text("UPDATE conversation SET inbox_id = :inbox WHERE id = ANY(:ids)"),
            {"inbox": dice.choice(inboxes), "ids": sorted(conversations)},
        )


def _merge(session: Session, ids: Collection[int], _inboxes: list[int], _dice: random.Random) -> None:
    with sentiment_counts.moving(session, message_ids=ids):
        into = session.scalar(select(func.min(Message.conversation_id)).where(Message.id.in_(ids)))
        session.execute(update(Message).where(Message.id.in_(ids)).values(conversation_id=into))


def _remove(session: Session, ids: Collection[int], _inboxes: list[int], _dice: random.Random) -> None:
    with sentiment_counts.moving(session, message_ids=ids):
        session.execute(delete(Message).where(Message.id.in_(ids)))


def _is_equal_to_a_recount() -> bool:
    before = _kept()
    with db.transaction() as session:
        session.execute(text("SET LOCAL statement_timeout = 0"))
        sentiment_counts.recompute(session)
    return before == _kept()


def _kept() -> list[dict[tuple[Any, ...], tuple[int, float]]]:
    with db.reading() as session:
        return [
            {
                tuple(row[:-2]): (row[-2], round(row[-1], 6) + 0.0)
                for row in session.execute(
                    select(*(getattr(table, name) for name in columns), table.messages, table.score_sum)
                )
            }
            for table, columns in (
                (SentimentCount, sentiment_counts.COLUMNS),
                (SentimentHour, sentiment_counts.HOURLY),
            )
        ]
