"""Several workers at once: no deadlock, no second contact, no second conversation, no message twice."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select

from app.db import reading, retrying, transaction
from app.models import Contact, ContactIdentity, Conversation, DailyCount, Message
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


@pytest.mark.parametrize("seed", [1, 2])
def test_many_workers_put_the_same_people_and_threads_on_the_timeline(pipeline: Pipeline, seed: int) -> None:
    chance = random.Random(seed)
    with transaction() as session:
        channel = make_workspace(session, folder=pipeline.folder)["channel"]
    said = letters(chance)
    twice = [*said, *chance.sample(said, MAILS // 4)]
    chance.shuffle(twice)
    kept = [ingest.keep(RawDelivery(raw=f"{n}".encode(), received_at=NOON)) for n in range(len(twice))]
    with transaction() as session:
        ids = ingest.store_batch(session, channel=channel, deliveries=kept)
    arrivals = [
        Arrival(id_, channel.id, channel.inbox_id, NOON, message) for id_, message in zip(ids, twice, strict=True)
    ]
    batches = [arrivals[start : start + BATCH] for start in range(0, len(arrivals), BATCH)]

    def work(batch: list[Arrival]) -> int:
        def once() -> int:
            with transaction() as session:
                return len(ingest.ingest_messages(session, deliveries=[a.delivery_id for a in batch], arrivals=batch))

        return retrying(once)

    with ThreadPoolExecutor(WORKERS) as pool:
        new = sum(pool.map(work, batches))
    assert new == MAILS
    with reading() as session:
        count = {
            kind: session.scalar(select(func.count()).select_from(kind)) for kind in (Contact, Conversation, Message)
        }
        assert count == {Contact: PEOPLE, Conversation: THREADS, Message: MAILS}
        assert session.scalar(select(func.count()).select_from(ContactIdentity)) == PEOPLE
        assert session.scalar(select(func.sum(Conversation.messages))) == MAILS
        assert session.scalar(select(func.sum(DailyCount.messages))) == MAILS
