"""Undo send over the whole pipeline: what waits does not leave, nothing is lost, and of two at once one wins."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Barrier

import pytest
import time_machine
from sqlalchemy import select

from app.clock import now
from app.db import reading, retrying, transaction
from app.errors import Conflict, NotFound
from app.models import Channel, Conversation, Message, SendState, TakenBack, User
from app.services import replies, sending, taking_back
from tests.pipeline import Pipeline, make_workspace
from workers.jobs import ingest as job

WAIT, ROUNDS = timedelta(seconds=10), 12


@pytest.fixture
def conversation_id(pipeline: Pipeline) -> int:
    with transaction() as session:
        channel: Channel = make_workspace(session, folder=pipeline.folder)["channel"]
    job.ingest(
        pipeline.deliver(
            channel,
            {
                "id": "a",
                "from": {"kind": "email", "address": "mia@example.com", "name": "Mia"},
                "text": "Where is it?",
                "sent_at": "2026-11-20T08:00:00+00:00",
            },
        )
    )
    with reading() as session:
        return session.scalars(select(Conversation.id)).one()


def test_a_reply_that_waits_outlives_valkey_and_leaves_at_its_time(pipeline: Pipeline, conversation_id: int) -> None:
    id_ = _write(conversation_id, "k", text="It is here")
    pipeline.settle()
    assert (_state(id_), _outgoing(pipeline)) == (SendState.QUEUED, "")
    with time_machine.travel(now() + WAIT):
        pipeline.forget_redis()
        pipeline.settle()
    assert _state(id_) is SendState.SENT
    assert "It is here" in _outgoing(pipeline)


def test_what_was_taken_back_never_leaves(pipeline: Pipeline, conversation_id: int) -> None:
    id_ = _write(conversation_id, "k", text="Too soon")
    pipeline.settle()
    assert _take_back(id_)
    with time_machine.travel(now() + 10 * WAIT):
        pipeline.forget_redis()
        pipeline.settle()
    assert "Too soon" not in _outgoing(pipeline)
    with reading() as session:
        assert session.get(Message, id_) is None


def test_of_the_sender_and_an_undo_at_once_one_wins(conversation_id: int) -> None:
    for number in range(ROUNDS):
        id_ = _write(conversation_id, f"k{number}", wait=timedelta())
        together = Barrier(2)

        def claim(together: Barrier = together) -> bool:
            together.wait()
            return retrying(lambda: _claim(conversation_id))

        def undo(together: Barrier = together, id_: int = id_) -> bool:
            together.wait()
            return _take_back(id_)

        with ThreadPoolExecutor(2) as threads:
            claimed, undone = threads.submit(claim), threads.submit(undo)
        assert claimed.result() != undone.result()
        with transaction() as session:
            message = session.get(Message, id_)
            assert (message is None) == undone.result()
            if message:
                message.send_state, message.claimed_until = SendState.FAILED, None
    with reading() as session:
        kept, left = (len(session.scalars(select(table.id)).all()) for table in (TakenBack, Message))
    assert kept + left == ROUNDS + 1  # with the customer's


def _write(conversation_id: int, key: str, *, text: str = "Hello", wait: timedelta = WAIT) -> int:
    with transaction() as session:
        conversation = session.get_one(Conversation, conversation_id, with_for_update=True)
        author = session.scalars(select(User).order_by(User.id)).first()
        message = replies.queue_reply(
            session, conversation=conversation, author=author, text=text, client_key=key, wait=wait
        )
        return message.id


def _claim(conversation_id: int) -> bool:
    with transaction() as session:
        return sending.claim_next(session, conversation_id=conversation_id) is not None


def _take_back(id_: int) -> bool:
    try:
        with transaction() as session:
            message = session.get_one(Message, id_)
            taking_back.take_back(session, message=message, actor=session.get_one(User, message.author_id))
    except (Conflict, NotFound):
        return False
    return True


def _state(id_: int) -> SendState | None:
    with reading() as session:
        return session.get_one(Message, id_).send_state


def _outgoing(pipeline: Pipeline) -> str:
    folder: Path = pipeline.folder / "out"
    return "".join(path.read_text() for path in sorted(folder.rglob("*")) if path.is_file())
