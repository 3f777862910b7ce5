"""What the reports count equals what stands in the messages, whatever happened to them."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

import pytest
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.crypto import new_token, seal
from app.models import (
    Channel,
    Contact,
    Conversation,
    Correction,
    Direction,
    Inbox,
    Message,
    Prediction,
    Role,
    SentimentCount,
    SentimentDay,
    SentimentHour,
    Status,
    Team,
    User,
)
from app.queries.sentiment_asked import OFFICE
from app.services import business_hours, sentiment_counts, spam

START = datetime(2026, 11, 2, tzinfo=UTC)
LABELS = {
    "sentiment": ("negative", "neutral", "positive"),
    "emotion": ("anger", "joy", "none"),
    "intent": ("refund", "delivery"),
}
SCORES = {"negative": -0.7, "neutral": 0.1, "positive": 0.8}
FULL = {"negative": -1.0, "neutral": 0.0, "positive": 1.0}
Row = tuple[Any, ...]


class Shop:
    """A workspace to which random things happen; every step keeps to the rules of the service."""

    def __init__(self, session: Session, seed: int) -> None:
        self.session, self.random = session, random.Random(seed)
        self.inboxes = [Inbox(name=f"Inbox {n}") for n in range(2)]
        self.teams = [Team(name=f"Team {n}") for n in range(2)]
        self.users = [User(email=f"u{n}@example.com", name=f"User {n}", role=Role.AGENT) for n in range(3)]
        self.contact = Contact(name="Mia")
        session.add_all([*self.inboxes, *self.teams, *self.users, self.contact])
        session.flush()
        self.channels = [
            Channel(inbox_id=inbox.id, kind="sandbox", name=inbox.name, token=new_token(), sealed=seal({}))
            for inbox in self.inboxes
        ]
        session.add_all(self.channels)
        session.flush()
        self.conversations: list[Conversation] = []
        self.messages: list[Message] = []

    def arrive(self) -> None:
        """A few messages, understood at once."""
        new = [self._message() for _ in range(self.random.randint(1, 6))]
        self._understand(new, "model-a")

    def rescore(self) -> None:
        """A newer model reads some of the old messages."""
        self._understand(self._some(), self.random.choice(["model-b", "model-c"]))

    def correct(self) -> None:
        for message in self._some():
            task = self.random.choice(sorted(LABELS))
            label = self.random.choice(LABELS[task])
            with sentiment_counts.moving(self.session, message_ids=[message.id]):
                self._undo(message.id, task)
                self.session.add(Correction(message_id=message.id, task=task, labels=[label]))

    def take_back(self) -> None:
        for message in self._some():
            with sentiment_counts.moving(self.session, message_ids=[message.id]):
                self._undo(message.id, self.random.choice(sorted(LABELS)))

    def reassign(self) -> None:
        """Who has the conversation now changes nothing about who had it then."""
        for conversation in self.conversations:
            conversation.assignee_id = self.random.choice([None, *[user.id for user in self.users]])
            conversation.team_id = self.random.choice([None, *[team.id for team in self.teams]])
        self.session.flush()

    def move_inbox(self) -> None:
        if not self.conversations:
            return
        conversation = self.random.choice(self.conversations)
        ids = sentiment_counts.message_ids_of(self.session, conversation_ids=[conversation.id])
        with sentiment_counts.moving(self.session, message_ids=ids):
            conversation.inbox_id = self.random.choice(self.inboxes).id

    def merge(self) -> None:
        if len(self.conversations) < 2:
            return
        kept, gone = self.random.sample(self.conversations, 2)
        ids = sentiment_counts.message_ids_of(self.session, conversation_ids=[gone.id])
        with sentiment_counts.moving(self.session, message_ids=ids):
            for message in self.messages:
                if message.conversation_id == gone.id:
                    message.conversation_id = kept.id
        self.conversations.remove(gone)
        self.session.delete(gone)
        self.session.flush()

    def spam(self) -> None:
        """Somebody marks a conversation as spam, or takes it out again."""
        if self.conversations:
            conversation = self.random.choice(self.conversations)
            turn = spam.unmark if conversation.status is Status.SPAM else spam.mark
            turn(self.session, conversation=conversation, actor=self.users[0])
            self.session.flush()

    def remove(self) -> None:
        some = self._some()
        ids = [message.id for message in some]
        with sentiment_counts.moving(self.session, message_ids=ids):
            self.session.execute(delete(Message).where(Message.id.in_(ids)))
        self.messages = [message for message in self.messages if message not in some]

    def change_clock(self) -> None:
        """The house moves to another time zone: its days are others."""
        zone = self.random.choice(["Europe/Berlin", "Asia/Kolkata", "America/New_York", ""])
        business_hours.change(self.session, week=OFFICE, time_zone=zone)

    def steps(self) -> list[Callable[[], None]]:
        rare = [self.rescore, self.correct, self.take_back, self.reassign, self.move_inbox, self.merge, self.remove]
        rare += [self.spam, self.spam]
        return [self.arrive, self.arrive, self.arrive, self.change_clock, *rare]

    def _message(self) -> Message:
        if not self.conversations or self.random.random() < 0.4:
            channel = self.random.choice(self.channels)
            self.conversations.append(
                Conversation(
                    inbox_id=channel.inbox_id,
                    channel_id=channel.id,
                    contact_id=self.contact.id,
                    reply_token=new_token(),
                    last_message_at=START,
                    assignee_id=self.random.choice([None, self.users[0].id, self.users[1].id]),
                )
            )
            self.session.add(self.conversations[-1])
            self.session.flush()
        conversation = self.random.choice(self.conversations)
        message = Message(
            conversation_id=conversation.id,
            channel_id=conversation.channel_id,
            contact_id=self.contact.id,
            direction=Direction.INBOUND,
            text="…",
            language=self.random.choice(["en", "de", None]),
            created_at=START + timedelta(minutes=self.random.randrange(0, 60 * 72)),
        )
        self.session.add(message)
        self.session.flush()
        self.messages.append(message)
        return message

    def _understand(self, messages: list[Message], version: str) -> None:
        told = {
            (p.message_id, p.model_version)
            for p in self.session.scalars(
                select(Prediction).where(Prediction.message_id.in_([message.id for message in messages]))
            )
        }
        new = [
            self._prediction(message, task, version)
            for message in messages
            if (message.id, version) not in told
            for task in LABELS
        ]
        self.session.add_all(new)
        self.session.flush()
        sentiment_counts.move(self.session, prediction_ids=[prediction.id for prediction in new])

    def _prediction(self, message: Message, task: str, version: str) -> Prediction:
        conversation = next(c for c in self.conversations if c.id == message.conversation_id)
        label = self.random.choice(LABELS[task])
        return Prediction(
            message_id=message.id,
            task=task,
            label=label,
            score=SCORES.get(label),
            confidence=0.9,
            abstained=self.random.random() < 0.2,
            model_id="m",
            model_version=version,
            assignee_id=conversation.assignee_id,
            team_id=conversation.team_id,
        )

    def _undo(self, message_id: int, task: str) -> None:
        active = (Correction.message_id == message_id, Correction.task == task, Correction.undone_at.is_(None))
        for correction in self.session.scalars(select(Correction).where(*active)):
            correction.undone_at = START
        self.session.flush()

    def _some(self) -> list[Message]:
        return self.random.sample(self.messages, min(len(self.messages), self.random.randint(1, 5)))


def kept(session: Session, table: type[SentimentCount | SentimentHour | SentimentDay]) -> dict[Row, tuple[int, Any]]:
    columns = {SentimentCount: sentiment_counts.COLUMNS, SentimentHour: sentiment_counts.HOURLY}.get(
        table, sentiment_counts.DAILY
    )
    rows = session.execute(select(*(getattr(table, name) for name in columns), table.messages, table.score_sum)).all()
    assert len(rows) == len({tuple(row[:-2]) for row in rows}), "two rows count the same"
    return {tuple(row[:-2]): (row[-2], pytest.approx(row[-1], abs=1e-6)) for row in rows}


def counted_by_hand(session: Session) -> dict[Row, tuple[int, float]]:
    """Count in Python, row by row, from the tables: shares no code with the service."""
    corrections = {
        (c.message_id, c.task): c.labels[0]
        for c in session.scalars(select(Correction).where(Correction.undone_at.is_(None)))
    }
    messages = {m.id: m for m in session.scalars(select(Message))}
    inbox_of = {c.id: c.inbox_id for c in session.scalars(select(Conversation))}
    predictions = session.scalars(select(Prediction).order_by(Prediction.id)).all()
    newest = {(p.message_id, p.task): p.id for p in predictions}

    def holds(p: Prediction) -> str:
        return corrections.get((p.message_id, p.task)) or ("abstained" if p.abstained else p.label)

    intents = {(p.message_id, p.model_version): holds(p) for p in predictions if p.task == "intent"}
    found: defaultdict[Row, tuple[int, float]] = defaultdict(lambda: (0, 0.0))
    in_spam = set(session.scalars(select(Conversation.id).where(Conversation.status == Status.SPAM)))
    for p in predictions:
        if messages[p.message_id].conversation_id in in_spam:
            continue
        message, label = messages[p.message_id], holds(p)
        intent = intents[p.message_id, p.model_version]
        hour = message.created_at.replace(minute=0, second=0, microsecond=0)
        score = 0.0
        if p.task == "sentiment" and label != "abstained":
            score = (p.score or 0.0) if label == p.label else FULL[label]
        place = (message.channel_id, inbox_of[message.conversation_id], p.team_id, p.assignee_id)
        which = (None if intent == "abstained" else intent, message.language, p.model_version)
        key = (p.task, hour, label, *place, *which, newest[p.message_id, p.task] == p.id)
        found[key] = (found[key][0] + 1, found[key][1] + score)
    return dict(found)


def by_day(rows: dict[Row, tuple[int, float]], zone: tzinfo) -> dict[Row, tuple[int, float]]:
    """Add hours up to the local days in which they begin."""
    found: defaultdict[Row, tuple[int, float]] = defaultdict(lambda: (0, 0.0))
    for (task, hour, *rest), (messages, score) in rows.items():
        midnight = hour.astimezone(zone).replace(hour=0, minute=0)
        key = (task, midnight.astimezone(UTC), *rest)
        found[key] = (found[key][0] + messages, found[key][1] + score)
    return dict(found)


def fold(rows: dict[Row, tuple[int, float]]) -> dict[Row, tuple[int, float]]:
    places = [sentiment_counts.COLUMNS.index(name) for name in sentiment_counts.HOURLY]
    found: defaultdict[Row, tuple[int, float]] = defaultdict(lambda: (0, 0.0))
    for key, (messages, score) in rows.items():
        short = tuple(key[place] for place in places)
        found[short] = (found[short][0] + messages, found[short][1] + score)
    return dict(found)


@pytest.fixture
def shop(session: Session) -> Callable[[int], Shop]:
    return lambda seed: Shop(session, seed)


@pytest.mark.parametrize("seed", range(8))
def test_counts_equal_the_messages_and_a_recount_after_whatever_happened(
    session: Session, shop: Callable[[int], Shop], seed: int
) -> None:
    made = shop(seed)
    for _ in range(40):
        made.random.choice(made.steps())()
    by_hand = counted_by_hand(session)
    assert by_hand
    assert kept(session, SentimentCount) == by_hand
    assert kept(session, SentimentHour) == fold(by_hand)
    zone = business_hours.get(session).zone or UTC
    assert kept(session, SentimentDay) == by_day(fold(by_hand), zone)
    sentiment_counts.recompute(session)
    assert kept(session, SentimentCount) == by_hand
    assert kept(session, SentimentHour) == fold(by_hand)
    assert kept(session, SentimentDay) == by_day(fold(by_hand), zone)


def test_a_newer_model_leaves_the_total_as_it_is_and_adds_a_line_of_its_own(
    session: Session, shop: Callable[[int], Shop]
) -> None:
    made = shop(1)
    made.arrive()
    for _ in range(3):
        made._understand(made.messages, "model-b")
    rows = [row for row in session.scalars(select(SentimentCount)) if row.task == "sentiment"]
    total = len(made.messages)
    assert sum(row.messages for row in rows if row.is_latest) == total
    assert {row.model_version for row in rows if row.is_latest} == {"model-b"}
    assert sum(row.messages for row in rows if row.model_version == "model-a") == total


def test_what_is_counted_twice_is_found_by_a_recount(session: Session, shop: Callable[[int], Shop]) -> None:
    made = shop(2)
    made.arrive()
    told = list(session.scalars(select(Prediction.id)))
    sentiment_counts.move(session, prediction_ids=told)  # a caller's mistake
    assert kept(session, SentimentCount) != counted_by_hand(session)
    sentiment_counts.recompute(session)
    assert kept(session, SentimentCount) == counted_by_hand(session)
