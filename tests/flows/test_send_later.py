"""Send later over the whole pipeline: it outlives Valkey and two clocks, and of the clock and a person one wins."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Barrier

import pytest
import time_machine
from sqlalchemy import select

from app.clock import now
from app.db import reading, retrying, transaction
from app.errors import Conflict
from app.models import Channel, Conversation, Direction, Message, ScheduledReply, SendState, User
from app.services import scheduled_replies
from app.services.outgoing import Outgoing
from tests.pipeline import Pipeline, make_workspace
from workers.jobs import housekeeping
from workers.jobs import ingest as job

HOUR, ROUNDS = timedelta(hours=1), 8


@pytest.fixture
def conversation_id(pipeline: Pipeline) -> int:
    with transaction() as session:
        channel: Channel = make_workspace(session, folder=pipeline.folder)["channel"]
    said = {
        "id": "a",
        "from": {"kind": "email", "address": "mia@example.com", "name": "Mia"},
        "text": "Where is it?",
        "sent_at": "2026-11-20T08:00:00+00:00",
    }
    job.ingest(pipeline.deliver(channel, said))
    with reading() as session:
        return session.scalars(select(Conversation.id)).one()


def test_it_leaves_once_at_its_time_though_valkey_was_emptied_and_two_clocks_run(
    pipeline: Pipeline, conversation_id: int
) -> None:
    _schedule(conversation_id, "k", "It is here")
    pipeline.settle()
    pipeline.forget_redis()
    housekeeping.release_scheduled()
    pipeline.settle()
    assert _outgoing(pipeline) == ""
    with time_machine.travel(now() + HOUR):
        _together(housekeeping.release_scheduled, housekeeping.release_scheduled)
        pipeline.forget_redis()
        pipeline.settle()
        housekeeping.release_scheduled()
        pipeline.settle()
    assert _outgoing(pipeline).count("It is here") == 1
    with reading() as session:
        sent = session.scalars(select(Message).where(Message.direction == Direction.OUTBOUND)).one()
        assert (sent.send_state, sent.client_key) == (SendState.SENT, "k")
        assert session.scalars(select(ScheduledReply)).all() == []


def test_of_the_clock_and_a_person_at_once_one_wins(conversation_id: int) -> None:
    left = 0
    for number in range(ROUNDS):
        public_id = _schedule(conversation_id, f"k{number}", "Hello", wait=timedelta())
        cancelled, _ = _together(lambda id_=public_id: _cancel(conversation_id, id_), housekeeping.release_scheduled)  # type: ignore[misc] # mypy cannot infer lambdas with defaults
        with reading() as session:
            key = Message.client_key == f"k{number}"
            is_there = session.scalars(select(Message.id).where(key)).first() is not None
            assert session.scalars(select(ScheduledReply)).all() == []
        assert is_there != cancelled
        left += is_there
    with reading() as session:
        ours = select(Message.id).where(Message.direction == Direction.OUTBOUND)
        assert len(session.scalars(ours).all()) == left


def _together(*deeds: Callable[[], object]) -> list[object]:
    """Do all at the same moment; return what each came to."""
    barrier = Barrier(len(deeds))

    def begin(deed: Callable[[], object]) -> object:
        barrier.wait()
        return deed()

    with ThreadPoolExecutor(len(deeds)) as threads:
        return list(threads.map(begin, deeds))


def _schedule(conversation_id: int, key: str, text: str, *, wait: timedelta = HOUR) -> str:
    with transaction() as session:
        conversation = session.get_one(Conversation, conversation_id, with_for_update=True)
        author = session.scalars(select(User).order_by(User.id)).first()
        assert author
        row = scheduled_replies.schedule(
            session, conversation=conversation, author=author, out=Outgoing(text, key), due_at=now() + wait
        )
        assert row
        return str(row.public_id)


def _cancel(conversation_id: int, public_id: str) -> bool:
    def work() -> None:
        with transaction() as session:
            conversation = session.get_one(Conversation, conversation_id, with_for_update=True)
            actor = session.scalars(select(User).order_by(User.id)).first()
            assert actor
            scheduled_replies.cancel(session, conversation=conversation, public_id=public_id, actor=actor)

    try:
        retrying(work)
    except Conflict:
        return False
    return True


def _outgoing(pipeline: Pipeline) -> str:
    folder: Path = pipeline.folder / "out"
    return "".join(path.read_text() for path in sorted(folder.rglob("*")) if path.is_file())
