"""Channels that strangers reach, for tests: made in the tables, and what came through them put on the timeline."""

from __future__ import annotations

from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import crypto
from app.db import reading, transaction
from app.models import Channel, Conversation, Delivery, DeliveryState, Inbox, Message, User
from app.services import replies, sending
from connectors.base import OutboundAttachment, Receipt
from connectors.registry import connector_for
from workers.jobs.ingest import ingest


def open_channel(kind: str, **settings: object) -> Channel:
    """Make an inbox with one channel of a kind."""
    with transaction() as session:
        inbox = Inbox(name=f"Inbox {uuid4().hex[:8]}")
        session.add(inbox)
        session.flush()
        channel = Channel(
            inbox_id=inbox.id, kind=kind, name="Website", token=crypto.new_token(), sealed=crypto.seal(settings)
        )
        session.add(channel)
        session.flush()
        session.expunge(channel)
    return channel


def deliveries(channel: Channel | None = None) -> list[Delivery]:
    """Return what arrived, oldest first: on one channel, or on all."""
    query = select(Delivery).order_by(Delivery.id)
    with reading() as session:
        found = list(session.scalars(query.where(Delivery.channel_id == channel.id) if channel else query))
        session.expunge_all()
    return found


def take_in(channel: Channel | None = None) -> list[Message]:
    """Run the ingest job over everything that waits; return all messages, oldest first: of one channel, or all."""
    ingest([delivery.id for delivery in deliveries(channel) if delivery.state is DeliveryState.STORED])
    query = select(Message).order_by(Message.id)
    with reading() as session:
        found = list(session.scalars(query.where(Message.channel_id == channel.id) if channel else query))
        session.expunge_all()
    return found


def only_conversation(session: Session, channel: Channel | None = None) -> Conversation:
    query = select(Conversation)
    return session.scalars(query.where(Conversation.channel_id == channel.id) if channel else query).one()


def answer(
    author: User, text: str, *files: OutboundAttachment, channel: Channel | None = None, deliver: bool = True
) -> None:
    """Write a reply in the only conversation (of a channel) and, as the send job would, hand it over."""
    stored = [replies.store_upload(file.filename, file.content_type, file.data) for file in files]
    with transaction() as session:
        conversation = only_conversation(session, channel)
        replies.queue_reply(
            session,
            conversation=conversation,
            author=session.merge(author, load=False),
            text=text,
            client_key=uuid4().hex,
            uploads=stored,
        )
    if deliver:
        hand_over(conversation.id)


def hand_over(conversation_id: int) -> Receipt:
    with transaction() as session:
        claim = sending.claim_next(session, conversation_id=conversation_id)
    assert claim is not None
    receipt = connector_for(claim.kind).send(claim.credentials, claim.outbound)
    with transaction() as session:
        sending.record_sent(session, message_id=claim.message_id, receipt=receipt)
    return receipt
