"""Reddit from end to end: a comment somewhere, an answer there, one in private, and what becomes of the comment."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from sqlalchemy import select

from app.crypto import seal
from app.db import reading, transaction
from app.models import Channel, Conversation, Message, SendState, User
from app.services import ingest, replies
from app.services.answering import Wish
from connectors._reddit_fetch import Pace
from connectors.reddit import RedditConnector
from tests.fakes.reddit import CUSTOMER, OWN, Reddit, comment, message, reddit_service
from tests.pipeline import Pipeline, make_workspace, the

OLD = int(time.time()) - 80_000
PLACE = {"at": OLD, "from": OLD, "names": []}
START = {"listings": {"inbox": PLACE, "new": PLACE, "comments": PLACE}, "watched": {}}


@pytest.fixture
def service() -> Iterator[Reddit]:
    with reddit_service() as running:
        running.comments = [comment("late", OLD + 10, "acme never delivers")]
        yield running


@pytest.fixture
def channel(pipeline: Pipeline, service: Reddit) -> Channel:
    with transaction() as session:
        channel: Channel = make_workspace(session, folder=pipeline.folder, kind="reddit")["channel"]
        channel.sealed = seal(settings_of(service))
        channel.cursor = dict(START)
    return channel


def settings_of(service: Reddit) -> dict[str, Any]:
    return {**service.credentials, "communities": "gadgets", "words": "acme"}


def fetch(pipeline: Pipeline, channel: Channel, service: Reddit) -> None:
    """Do what the poller does until the inbox is asked for a second time."""
    with reading() as session:
        cursor = dict(session.get_one(Channel, channel.id).cursor)
    connector = RedditConnector(Pace(poll_seconds=0.01, heartbeat_seconds=0.0, step_seconds=0.005, again_seconds=0.0))
    asked = len(service.heard("GET", "/message/inbox"))
    with closing(connector.fetch(settings_of(service), cursor)) as batches:  # type: ignore[type-var]
        for batch in batches:
            kept = [ingest.keep(delivery) for delivery in batch.deliveries]
            with transaction() as session:
                ingest.store_batch(session, channel=channel, deliveries=kept, cursor=batch.cursor)
            if len(service.heard("GET", "/message/inbox")) > asked + 1:
                break
    pipeline.settle()


def answer(pipeline: Pipeline, text: str, *, in_private: bool = False) -> Message:
    with transaction() as session:
        conversation = session.scalars(select(Conversation)).one()
        author = the(session, User, email="ana@acme.example")
        wish = Wish(in_private=in_private)
        queued = replies.queue_reply(
            session, conversation=conversation, author=author, text=text, client_key=text, wish=wish
        )
        reply_id = queued.id
    pipeline.settle()
    with reading() as session:
        return session.get_one(Message, reply_id)


def test_a_comment_goes_on_in_private_and_stays_one_conversation(
    pipeline: Pipeline, channel: Channel, service: Reddit
) -> None:
    fetch(pipeline, channel, service)
    public = answer(pipeline, "Sorry! Which order is it?")
    assert (public.send_state, public.is_public) == (SendState.SENT, True)
    assert service.made[0]["thing_id"] == "t1_late"

    private = answer(pipeline, "Here is a voucher.", in_private=True)
    assert (private.send_state, private.is_public, private.external_id) == (SendState.SENT, False, "t4_sent1")
    assert service.sent[0]["data"]["dest"] == CUSTOMER

    thread = {"first_message_name": "t4_sent1", "parent_id": "t4_sent1"}
    service.inbox.append(message("thanks", time.time(), "Thank you!", **thread))
    fetch(pipeline, channel, service)
    with reading() as session:
        messages = session.scalars(select(Message).order_by(Message.id)).all()
        assert [one.text for one in messages][-1] == "Thank you!"
        assert len({one.conversation_id for one in messages}) == 1

    answer(pipeline, "You are welcome.")
    assert service.made[-1]["thing_id"] == "t4_thanks"


def test_what_becomes_of_a_comment_is_shown(pipeline: Pipeline, channel: Channel, service: Reddit) -> None:
    fetch(pipeline, channel, service)
    service.comments[0]["data"].update(body="acme delivered after all", edited=float(OLD + 99))
    fetch(pipeline, channel, service)
    with reading() as session:
        assert the(session, Message, external_id="t1_late").text == "acme delivered after all"
    service.comments[0]["data"].update(body="[deleted]", author="[deleted]")
    fetch(pipeline, channel, service)
    with reading() as session:
        assert the(session, Message, external_id="t1_late").deleted_at is not None
        assert len(session.scalars(select(Message)).all()) == 1


def test_the_same_answer_in_the_inbox_and_in_the_community_is_one_message(
    pipeline: Pipeline, channel: Channel, service: Reddit
) -> None:
    told: dict[str, Any] = {
        "was_comment": True,
        "type": "comment_reply",
        "link_id": None,
        "context": "/r/gadgets/comments/post1/x/late/",
    }
    service.inbox.append(comment("late", OLD + 10, "acme never delivers", **told, dest=OWN))
    fetch(pipeline, channel, service)
    with reading() as session:
        assert len(session.scalars(select(Message)).all()) == 1
