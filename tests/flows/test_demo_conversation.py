"""The demo conversation takes the ordinary way, is counted nowhere, and leaves nothing behind."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import MetaData, func, select

from app import crypto
from app.db import engine, reading, transaction
from app.errors import Conflict, Forbidden
from app.models import Channel, ContactIdentity, Conversation, Message, SendState, SentimentCount, User
from app.queries import first_steps as there
from app.queries.first_steps import Found
from app.services import access, channels, demo_conversation, first_steps, ingest, predictions, regrouping, replies
from app.services.first_steps import StepState
from connectors import _demo_customer
from connectors.sandbox import SandboxConnector
from tests.annotations import felt
from tests.pipeline import Pipeline, make_workspace

ROWS_OF_ITS_OWN = {"outbox_event", "prediction_model"}  # events that were told, the model that was used


@pytest.fixture
def user(pipeline: Pipeline) -> User:
    with transaction() as session:
        agent: User = make_workspace(session, folder=pipeline.folder)["agents"][0]
    return agent


def rows() -> dict[str, int]:
    """Count the rows of every table."""
    tables = MetaData()
    tables.reflect(engine())
    with reading() as session:
        return {
            name: session.scalar(select(func.count()).select_from(table)) or 0
            for name, table in tables.tables.items()
            if name not in ROWS_OF_ITS_OWN
        }


def fetch(pipeline: Pipeline, user: User) -> int:
    """Bring what the customer says now, as the poller does; return how many messages."""
    with reading() as session:
        channel = demo_conversation.of(session, user=user)
        assert channel is not None
        session.expunge(channel)
    brought = 0
    for batch in SandboxConnector().fetch_once(crypto.unseal(channel.sealed), channel.cursor):
        kept = ingest.keep_all(batch.deliveries)
        with transaction() as session:
            brought += len(ingest.store_batch(session, channel=channel, deliveries=kept, cursor=batch.cursor))
    pipeline.settle()
    return brought


def annotate(score: float) -> None:
    with transaction() as session:
        ids = session.scalars(
            select(Message.id).where(Message.annotated_at.is_(None), Message.delivery_id.is_not(None))
        )
        predictions.record(session, annotations=dict.fromkeys(ids, felt(score)))


def answer(user: User) -> None:
    with transaction() as session:
        conversation = session.scalars(select(Conversation).with_for_update()).one()
        author = session.get_one(User, user.id)
        replies.queue_reply(session, conversation=conversation, author=author, text="It comes today.", client_key="k")


def found(user: User) -> Found:
    with reading() as session:
        return there.found(session, user=user, inbox_ids=access.inbox_ids_of(user))


def begin(user: User) -> Channel:
    with transaction() as session:
        return demo_conversation.begin(session, user=session.get_one(User, user.id))


def remove(channel: Channel) -> Path:
    with transaction() as session:
        return demo_conversation.remove(session, channel=channel)


def test_a_demo_is_answered_answers_back_once_counts_nowhere_and_leaves_nothing(
    pipeline: Pipeline, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_demo_customer, "ANSWERS_AFTER_SECONDS", 0)
    before = rows()
    channel = begin(user)
    assert begin(user).id == channel.id  # twice is once
    assert (fetch(pipeline, user), fetch(pipeline, user)) == (1, 0)  # and then the customer waits
    annotate(-0.9)
    pipeline.settle()
    with reading() as session:
        conversation = session.scalars(select(Conversation)).one()
        assert (conversation.sentiment, conversation.assignee_id) == ("negative", user.id)  # theirs, though Ben is here
        assert session.scalars(select(SentimentCount)).all() == []

    answer(user)
    pipeline.settle()
    assert (fetch(pipeline, user), fetch(pipeline, user)) == (1, 0)
    annotate(0.9)
    pipeline.settle()
    told = found(user)
    assert (told.told, told.is_demo_answered, told.demo_conversation) == (2, True, conversation.public_id)
    with reading() as session:
        assert session.scalars(select(SentimentCount)).all() == []
        assert session.scalars(select(Message.send_state).where(Message.author_id == user.id)).one() is SendState.SENT

    folder = remove(channel)
    assert folder.exists()
    demo_conversation.clear(folder)
    assert not folder.exists()
    pipeline.settle()
    assert {name: count for name, count in rows().items() if count != before[name]} == {}
    with reading() as session:
        now = session.get_one(User, user.id)
        states = {step.key: step.state for step in first_steps.steps_of(now, found(user))}
    assert states["demo"] is StepState.DONE  # what was answered stays answered


def test_a_demo_that_was_mixed_with_a_customer_is_not_removed_and_only_its_owner_or_an_admin_removes_it(
    pipeline: Pipeline, user: User
) -> None:
    channel = begin(user)
    fetch(pipeline, user)
    with transaction() as session:
        other, admin = (session.scalars(select(User).where(User.name == name)).one() for name in ("Ben", "Admin"))
        with pytest.raises(Forbidden):
            demo_conversation.get_for(session, user=other, channel_id=str(channel.public_id))
        assert demo_conversation.get_for(session, user=admin, channel_id=str(channel.public_id)).id == channel.id
        real = session.scalars(select(Channel).where(Channel.demo_of_id.is_(None))).one()
    with reading() as session:
        who = session.scalars(select(ContactIdentity)).one()
    pipeline.deliver(real, {"id": "real", "from": {"kind": who.kind, "address": who.address}, "text": "A real one."})
    pipeline.settle()
    with transaction() as session:
        demo, customer = session.scalars(select(Conversation).order_by(Conversation.id).with_for_update()).all()
        regrouping.merge(session, actor=session.get_one(User, user.id), source=customer, target=demo)
    with pytest.raises(Conflict, match="move them back"):
        remove(channel)


def test_a_demo_whose_channel_was_disconnected_can_still_be_removed(pipeline: Pipeline, user: User) -> None:
    before = rows()
    channel = begin(user)
    fetch(pipeline, user)
    with transaction() as session:
        channels.remove(session, channel=session.get_one(Channel, channel.id, with_for_update=True))
    told = found(user).demo
    assert told is not None
    assert told.public_id == str(channel.public_id)
    remove(channel)
    assert {name: count for name, count in rows().items() if count != before[name]} == {}
