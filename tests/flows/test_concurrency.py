"""Several workers at once: no deadlock, no second contact, no second conversation, no message twice."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import func, select

from app.db import reading, retrying, transaction
from app.models import (
    Channel,
    Contact,
    ContactIdentity,
    Conversation,
    DailyCount,
    Message,
    MessageChange,
    MessageReaction,
)
from app.services import ingest
from app.services.arrivals import Arrival
from connectors.base import Identity, InboundMessage, RawDelivery
from tests.pipeline import Pipeline, make_workspace

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
PEOPLE, THREADS, MAILS, BATCH, WORKERS = 12, 20, 400, 20, 6


def letters(chance: random.Random) -> list[InboundMessage]:
    """Mails of a few people in a few threads, each thread of one person, in any order."""
    said = []
    for number in range(MAILS):
        thread = chance.randrange(THREADS)
        root = f"root-{thread}@example.com"
        said.append(
            InboundMessage(
                external_id=f"m{number}@example.com",
                sender=Identity("email", f"person{thread % PEOPLE}@example.com"),
                text="Hello",
                references=(root,),
            )
        )
    return said


def stories(chance: random.Random) -> list[InboundMessage]:
    """Messages of a few groups, each edited, reacted to and some deleted, in any order."""
    said = []
    for number in range(MAILS // 4):
        name = f"p{number % PEOPLE}"
        sender, target = Identity("handle", name), f"m{number}"
        thread = f"group{number % THREADS}"
        later: dict[str, Any] = {"sender": sender, "target": target, "sent_at": NOON}
        said += [
            InboundMessage(external_id=target, sender=sender, text="Hello", thread_key=thread),
            InboundMessage(external_id=f"e{number}", kind="edit", text="Hello!", **later),
            InboundMessage(external_id=f"r{number}", kind="reaction", reaction="👍", **later),
            InboundMessage(external_id=f"d{number}", kind="delete", **later),
        ]
    chance.shuffle(said)
    return said


@pytest.mark.parametrize("seed", [1, 2])
def test_many_workers_change_messages_of_the_same_groups(pipeline: Pipeline, seed: int) -> None:
    with transaction() as session:
        channel = make_workspace(session, folder=pipeline.folder)["channel"]
    ingest_at_once(channel, stories(random.Random(seed)))
    with reading() as session:
        assert session.scalar(select(func.count()).select_from(Conversation)) == THREADS
        assert session.scalar(select(func.count()).select_from(MessageReaction)) == MAILS // 4
        texts = set(session.execute(select(Message.text, Message.deleted_at)))
        waiting = select(func.count()).where(MessageChange.message_id.is_(None))
        assert texts == {("Hello!", NOON)}
        assert session.scalar(waiting) == 0


def ingest_at_once(channel: Channel, said: list[InboundMessage]) -> int:
    """Let many workers take in messages in batches; return how many were new."""
    kept = [ingest.keep(RawDelivery(raw=f"{n}".encode(), received_at=NOON)) for n in range(len(said))]
    with transaction() as session:
        ids = ingest.store_batch(session, channel=channel, deliveries=kept)
    arrivals = [
        Arrival(id_, channel.id, channel.inbox_id, NOON, message) for id_, message in zip(ids, said, strict=True)
    ]
    batches = [arrivals[start : start + BATCH] for start in range(0, len(arrivals), BATCH)]

    def work(batch: list[Arrival]) -> int:
        def once() -> int:
            with transaction() as session:
                return len(ingest.ingest_messages(session, deliveries=[a.delivery_id for a in batch], arrivals=batch))

        return retrying(once)

    with ThreadPoolExecutor(WORKERS) as pool:
        return sum(pool.map(work, batches))


@pytest.mark.parametrize("seed", [1, 2])
def test_many_workers_put_the_same_people_and_threads_on_the_timeline(pipeline: Pipeline, seed: int) -> None:
    chance = random.Random(seed)
    with transaction() as session:
        channel = make_workspace(session, folder=pipeline.folder)["channel"]
    said = letters(chance)
    twice = [*said, *chance.sample(said, MAILS // 4)]
    chance.shuffle(twice)
    new = ingest_at_once(channel, twice)
    assert new == MAILS
    with reading() as session:
        count = {
            kind: session.scalar(select(func.count()).select_from(kind)) for kind in (Contact, Conversation, Message)
        }
        assert count == {Contact: PEOPLE, Conversation: THREADS, Message: MAILS}
        assert session.scalar(select(func.count()).select_from(ContactIdentity)) == PEOPLE
        assert session.scalar(select(func.sum(Conversation.messages))) == MAILS
        assert session.scalar(select(func.sum(DailyCount.messages))) == MAILS
