"""From bytes to rows: keep what arrived, then put its messages on the timeline.

    keep (blob, no transaction) → store_batch (Delivery, cursor) → … → prepare (no transaction) → ingest_messages

`ingest_messages` works set-wise over a batch and in one lock order, so that two workers never wait for each other in a
circle: first advisory locks on people and threads (sorted), then conversations (ascending), then messages.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import case, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session
from sqlalchemy.sql.selectable import ForUpdateArg

from app import blobs, outbox
from app.clock import now
from app.db import assert_no_transaction
from app.events import DeliveryParked, DeliveryStored, MessageReceived
from app.models import Channel, ChannelState, Delivery, DeliveryState, Direction, Inbox, Message, MessageChange
from app.services import (
    blocking,
    bounces,
    channel_health,
    complaints,
    look_ups,
    message_changes,
    people,
    remote_files,
    threads,
    timeline,
    watermarks,
)
from app.services.arrivals import Arrival, StoredAttachment, lock_keys, plain
from connectors.base import Cursor, InboundMessage, RawDelivery

MAX_REASON = 500  # characters
OWN_ID = re.compile(r"([0-9a-f]{32})@")  # a Message-ID made of the key of a reply of ours
OURS = "ours"  # of a reply of ours that comes back (a copy to ourselves), and of an edited message: never news
ROW_STAYS = ForUpdateArg(key_share=True)  # FOR NO KEY UPDATE: messages that refer to the row need not wait


@dataclass(frozen=True, slots=True)
class StoredDelivery:
    """Bytes that are safe on disk, ready for their row."""

    dedupe_key: str
    blob_sha256: str
    size: int
    meta: Mapping[str, str]
    received_at: datetime


def keep(raw: RawDelivery) -> StoredDelivery:
    """Write the bytes to disk. No transaction may be open."""
    return keep_all([raw])[0]


def keep_all(arrived: Sequence[RawDelivery]) -> list[StoredDelivery]:
    """Write a batch to disk. No transaction may be open."""
    assert_no_transaction()
    return [_kept(raw, sha256) for raw, sha256 in zip(arrived, blobs.put_all([r.raw for r in arrived]), strict=True)]


def _kept(raw: RawDelivery, sha256: str) -> StoredDelivery:
    return StoredDelivery(
        dedupe_key=plain(raw.external_id or f"sha256:{sha256}", 500),
        blob_sha256=sha256,
        size=len(raw.raw),
        meta={key: plain(value, 2_000) for key, value in raw.meta.items()},
        received_at=min(raw.received_at, now()),
    )


def store_batch(
    session: Session, *, channel: Channel, deliveries: Sequence[StoredDelivery], cursor: Cursor | None = None
) -> list[int]:
    """Store what arrived and move the channel's cursor in the same transaction; return the ids of what was new.

    The channel is locked before the first row that refers to it: two who first share it and then both want it for
    themselves would wait for each other.
    """
    current = session.get_one(Channel, channel.id, with_for_update=ROW_STAYS, populate_existing=True)
    rows = [
        {
            "channel_id": channel.id,
            "dedupe_key": stored.dedupe_key,
            "blob_sha256": stored.blob_sha256,
            "size": stored.size,
            "meta": dict(stored.meta),
            "received_at": stored.received_at,
            "state": DeliveryState.STORED,
        }
        for stored in deliveries
    ]
    new = _insert_deliveries(session, rows)
    if cursor is not None:
        current.cursor = dict(cursor)
    current.last_success_at = now()
    if new:
        current.last_delivery_at = current.last_success_at
    outbox.record_all(session, [DeliveryStored(delivery_id=id_, channel_id=channel.id) for id_ in new])
    return new


def prepare(delivery: Delivery, channel: Channel, messages: Sequence[InboundMessage]) -> list[Arrival]:
    """Make parsed messages ready for their rows; their files are named here, and written by `keep_files`."""
    return [
        Arrival(
            delivery_id=delivery.id,
            channel_id=channel.id,
            inbox_id=channel.inbox_id,
            received_at=delivery.received_at,
            message=message,
            attachments=tuple(StoredAttachment.of(item) for item in message.attachments),
        )
        for message in message_changes.said_of(delivery, messages)
    ]


def keep_files(arrivals: Sequence[Arrival]) -> None:
    """Write the attachments of a batch to disk. No transaction may be open."""
    assert_no_transaction()
    blobs.put_named(
        {
            stored.blob_sha256: item.data
            for arrival in arrivals
            for stored, item in zip(arrival.attachments, arrival.message.attachments, strict=True)
        }
    )


def ingest_messages(session: Session, *, deliveries: Sequence[int], arrivals: Sequence[Arrival]) -> list[int]:
    """Put a batch on the timeline; return the ids of the new messages, in arrival order.

    Args:
        deliveries: ids of every delivery the batch was parsed from, also of those that held no message.
        arrivals: the messages in them, and what happened to messages, in arrival order. What was seen before is left
            out.

    Raises: sqlalchemy's IntegrityError or a deadlock when another worker was faster: run the batch again.

    """
    arrivals = complaints.with_outcomes(bounces.with_outcomes(arrivals))
    lock_keys(session, arrivals)
    changes = [arrival for arrival in arrivals if arrival.is_change and not arrival.message.until]
    marks = [arrival for arrival in arrivals if arrival.message.until]
    fresh = _unseen(session, [arrival for arrival in arrivals if not arrival.is_change])
    homes = message_changes.homes(session, changes) | watermarks.homes(session, marks)
    contacts = people.resolve(session, fresh, also=homes.contacts)
    places = threads.place(session, fresh, contacts, also=homes.conversations)
    blocking.keep_out(session, places, blocking.caught(session, fresh))
    messages = timeline.write(session, places)
    remote_files.write(session, messages)
    look_ups.want(session, [place.arrival for place in places])
    told = message_changes.record(session, changes)
    bounces.unmark(session, places)
    bounces.mark(session, told)
    complaints.mark(session, arrivals, told)
    news = {place.arrival.delivery_id for place in places} | {change.delivery_id for change in told}
    news |= watermarks.settle(session, marks, within=homes.conversations)
    _close_deliveries(session, deliveries, news)
    inboxes = _inboxes(session, arrivals)
    outbox.record_all(session, [_received(place, message, inboxes) for place, message in messages])
    written = {(message.channel_id, message.external_id or "") for _, message in messages}
    message_changes.settle(session, written | {(change.channel_id, change.target) for change in told})
    channel_health.note_lag(session, [place.arrival for place in places])
    return [message.id for _, message in messages]


def park(session: Session, *, delivery_id: int, reason: str) -> None:
    """Set a delivery aside with its reason; a person may try it again."""
    delivery = session.get_one(Delivery, delivery_id, with_for_update=True)
    if delivery.state is not DeliveryState.STORED:
        return
    delivery.state = DeliveryState.PARKED
    delivery.reason = plain(reason, MAX_REASON)
    delivery.claimed_until = None
    channel = session.get_one(Channel, delivery.channel_id)
    inbox = session.get_one(Inbox, channel.inbox_id)
    outbox.record(session, DeliveryParked(delivery_id=delivery.id, channel_id=channel.id, inbox=str(inbox.public_id)))


def retry_parked(session: Session, *, delivery: Delivery) -> None:
    """Let a parked delivery run again from its bytes: a person vouches for it, so it is no robot's now."""
    if delivery.state is not DeliveryState.PARKED:
        return
    delivery.meta = {**delivery.meta, "released": "1"}
    delivery.state = DeliveryState.STORED
    delivery.reason, delivery.attempts, delivery.claimed_until = "", 0, None
    outbox.record(session, DeliveryStored(delivery_id=delivery.id, channel_id=delivery.channel_id))


def active_channel(session: Session, *, kind: str, token: str) -> Channel | None:
    """Find the live channel behind a public address; None when there is none of that kind."""
    query = select(Channel).where(Channel.token == token, Channel.kind == kind, Channel.state == ChannelState.ACTIVE)
    return session.scalars(query).one_or_none()


def _insert_deliveries(session: Session, rows: list[dict[str, object]]) -> list[int]:
    if not rows:
        return []
    statement = insert(Delivery).values(rows).on_conflict_do_nothing().returning(Delivery.id)
    return sorted(session.scalars(statement))


def _unseen(session: Session, arrivals: Sequence[Arrival]) -> list[Arrival]:
    """Leave out what is on the timeline. The id alone does not decide: mail programs give one id to several mails, and
    anybody may; other words, or another sender, under a known id are another message.
    """
    seen = _seen(session, arrivals)
    fresh = []
    for arrival in arrivals:
        key = (arrival.channel_id, arrival.external_id)
        if seen.get(key) not in {None, OURS, arrival.fingerprint}:
            arrival = arrival.renamed()  # noqa: PLW2901 - the same arrival under an id of its own
            key = (arrival.channel_id, arrival.external_id)
        if key not in seen:
            seen[key] = arrival.fingerprint
            fresh.append(arrival)
    return fresh


def _seen(session: Session, arrivals: Sequence[Arrival]) -> dict[tuple[int, str | None], str]:
    """Return the fingerprints of the messages that carry one of these ids, or would under an id of their own."""
    keys = {id_ for arrival in arrivals for id_ in (arrival.external_id, arrival.renamed().external_id)}
    if not keys:
        return {}
    written = func.md5(Message.sender + "\n" + Message.text)
    has_other_words = or_(Message.direction == Direction.OUTBOUND, Message.edited_at.is_not(None))
    fingerprint = case((has_other_words, OURS), else_=written)
    query = select(Message.channel_id, Message.external_id, fingerprint).where(Message.external_id.in_(keys))
    known = {(channel_id, external_id): found for channel_id, external_id, found in session.execute(query)}
    return _on_their_way(session, keys) | known


def _on_their_way(session: Session, ids: Iterable[str]) -> dict[tuple[int, str | None], str]:
    """Return which ids are those of replies of ours of which we do not know yet that they left: a copy is no news."""
    named = {id_: UUID(found[1]) for id_ in ids if (found := OWN_ID.match(id_))}
    if not named:
        return {}
    query = select(Message.channel_id, Message.public_id).where(
        Message.public_id.in_(named.values()), Message.direction == Direction.OUTBOUND, Message.external_id.is_(None)
    )
    channels = {public_id: channel_id for channel_id, public_id in session.execute(query)}
    return {(channels[key], id_): OURS for id_, key in named.items() if key in channels}


def _close_deliveries(session: Session, ids: Sequence[int], with_news: set[int | None]) -> None:
    with_news = with_news | _brought_before(session, {id_ for id_ in ids if id_ not in with_news})
    for delivery in session.scalars(select(Delivery).where(Delivery.id.in_(ids)).order_by(Delivery.id)):
        if delivery.id in with_news:
            delivery.state = DeliveryState.INGESTED
        elif delivery.state is DeliveryState.STORED:  # else another worker was faster: what it brought is no duplicate
            delivery.state = DeliveryState.DUPLICATE
        delivery.claimed_until = None


def _brought_before(session: Session, ids: set[int]) -> set[int | None]:
    """Return which of these deliveries brought something in an earlier piece of theirs."""
    rows = Message.delivery_id, MessageChange.delivery_id
    return {id_ for row in rows for id_ in (session.scalars(select(row).where(row.in_(ids)).distinct()) if ids else ())}


def _inboxes(session: Session, arrivals: Sequence[Arrival]) -> dict[int, str]:
    """Return the public ids of the inboxes of a batch."""
    ids = {arrival.inbox_id for arrival in arrivals}
    return {
        id_: str(public) for id_, public in session.execute(select(Inbox.id, Inbox.public_id).where(Inbox.id.in_(ids)))
    }


def _received(place: threads.Place, message: Message, inboxes: dict[int, str]) -> MessageReceived:
    conversation = place.conversation
    return MessageReceived(
        conversation_id=conversation.id,
        conversation=str(conversation.public_id),
        inbox=inboxes[conversation.inbox_id],
        version=conversation.version,
        message_id=message.id,
    )
