"""X from end to end: a mention, an answer in public, one in private, and the customer's direct message after it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from sqlalchemy import select

from app.crypto import seal
from app.db import reading, transaction
from app.models import Channel, ContactIdentity, Conversation, Message, MessageReaction, SendState, User
from app.services import ingest, replies
from app.services.answering import Wish
from connectors._x_fetch import Pace, id_at
from connectors.base import RawDelivery
from connectors.x import XConnector
from tests.fakes import x as fake
from tests.fakes.x import ACCOUNT, CUSTOMER, X, x_service
from tests.pipeline import ARRIVED, Pipeline, make_workspace, the

MENTION = id_at(ARRIVED.timestamp())
START = {"mentions": MENTION - 1, "quotes": MENTION - 1, "direct": MENTION - 1}


@pytest.fixture
def service() -> Iterator[X]:
    with x_service() as running:
        running.mentions.append(fake.post(MENTION, "@AcmeSupport where is my parcel?", author=CUSTOMER))
        yield running


@pytest.fixture
def channel(pipeline: Pipeline, service: X) -> Channel:
    with transaction() as session:
        channel: Channel = make_workspace(session, folder=pipeline.folder, kind="x")["channel"]
        channel.sealed = seal(service.credentials)
        channel.cursor = dict(START)
    return channel


def fetch(pipeline: Pipeline, channel: Channel, service: X) -> None:
    """Do what the poller does until everything was asked for."""
    with reading() as session:
        cursor = dict(session.get_one(Channel, channel.id).cursor)
    connector = XConnector(Pace(poll_seconds=0.01, heartbeat_seconds=0.0, step_seconds=0.005))
    asked = len(service.heard("GET", "/2/dm_events"))
    with closing(connector.fetch(service.credentials, cursor)) as batches:  # type: ignore[type-var]
        for batch in batches:
            kept = [ingest.keep(delivery) for delivery in batch.deliveries]
            with transaction() as session:
                ingest.store_batch(session, channel=channel, deliveries=kept, cursor=batch.cursor)
            if len(service.heard("GET", "/2/dm_events")) > asked:
                break
    pipeline.settle()


def call(pipeline: Pipeline, channel: Channel, service: X, event: dict[str, Any]) -> None:
    """Call the webhook as X does."""
    connector, request = XConnector(), fake.signed(service.credentials, json.dumps(event).encode())
    connector.verify(service.credentials, request)
    deliveries: tuple[RawDelivery, ...] = connector.receive(service.credentials, request, ARRIVED).deliveries
    kept = [ingest.keep(delivery) for delivery in deliveries]
    with transaction() as session:
        ingest.store_batch(session, channel=channel, deliveries=kept)
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


def test_a_mention_goes_on_in_private_and_stays_one_conversation(
    pipeline: Pipeline, channel: Channel, service: X
) -> None:
    fetch(pipeline, channel, service)
    with reading() as session:
        heard = session.scalars(select(Message)).one()
        assert (heard.text, heard.is_public, heard.external_id) == (
            "@AcmeSupport where is my parcel?",
            True,
            str(MENTION),
        )
        identity = the(session, ContactIdentity, address=CUSTOMER)
        assert (identity.kind, identity.name) == ("x", "Ana Ruiz")

    public = answer(pipeline, "Sorry! We look into it.")
    assert (public.send_state, public.is_public) == (SendState.SENT, True)
    assert service.posted[0]["reply"] == {"in_reply_to_tweet_id": str(MENTION)}

    private = answer(pipeline, "What is your address?", in_private=True)
    assert (private.send_state, private.is_public) == (SendState.SENT, False)
    assert service.sent[0]["to"] == {"person": CUSTOMER}

    service.direct.append(fake.message(MENTION + (1 << 30), "Main Street 1"))
    fetch(pipeline, channel, service)
    with reading() as session:
        messages = session.scalars(select(Message).order_by(Message.id)).all()
        assert len({message.conversation_id for message in messages}) == 1
        assert (messages[-1].text, messages[-1].is_public) == ("Main Street 1", False)

    answer(pipeline, "Thank you!")
    assert service.sent[1]["to"] == {"conversation": f"{ACCOUNT}-{CUSTOMER}"}


def test_the_same_mention_by_webhook_and_by_asking_is_one_message(
    pipeline: Pipeline, channel: Channel, service: X
) -> None:
    event = {"event_type": "post.mention.create", "filter": {"user_id": ACCOUNT}, "payload": service.mentions[0]}
    for _ in range(2):
        call(pipeline, channel, service, {"data": event})
    fetch(pipeline, channel, service)
    with reading() as session:
        assert len(session.scalars(select(Message)).all()) == 1


def test_what_the_customer_does_afterwards_is_shown(pipeline: Pipeline, channel: Channel, service: X) -> None:
    fetch(pipeline, channel, service)
    reply = answer(pipeline, "Sorry! We look into it.")
    user = {"id_str": CUSTOMER, "screen_name": "anaruiz_mx", "name": "Ana Ruiz"}
    liked = {"id_str": reply.external_id, "user": {"id_str": ACCOUNT}}
    like = {"id": "like1", "timestamp_ms": 1784928224372, "favorited_status": liked, "user": user}
    call(pipeline, channel, service, {"for_user_id": ACCOUNT, "favorite_events": [like]})
    names = [str(MENTION), str(MENTION + 9)]
    edited = {**fake.post(MENTION + 9, "Where is parcel 12?"), "edit_history_tweet_ids": names}
    call(pipeline, channel, service, {"for_user_id": ACCOUNT, "tweet_create_events": [edited]})
    with reading() as session:
        assert session.scalars(select(MessageReaction)).one().message_id == reply.id
        assert the(session, Message, external_id=str(MENTION)).text == "Where is parcel 12?"
        assert len(session.scalars(select(Message)).all()) == 2
    status = {"id": str(MENTION), "user_id": CUSTOMER}
    gone = {"tweet_delete_events": [{"status": status, "timestamp_ms": "1784928300000"}]}
    call(pipeline, channel, service, {"for_user_id": ACCOUNT, **gone})
    with reading() as session:
        assert the(session, Message, external_id=str(MENTION)).deleted_at is not None
