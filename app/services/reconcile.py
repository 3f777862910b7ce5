"""Find what should have moved and did not, and record the event again: the guarantee behind every queue.

Redis may be emptied at any moment; what waits is read from the tables. A row that was nudged carries `claimed_until`,
so that it is nudged again only when that has passed.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Select, delete, exists, or_, select
from sqlalchemy.orm import Session, aliased

from app import outbox
from app.clock import now
from app.events import DeliveryStored, LearningAsked, MessageAnnotated, MessageEvent, MessageReceived, ReplyQueued
from app.models import (
    Channel,
    ChannelState,
    Conversation,
    Delivery,
    DeliveryState,
    Direction,
    Inbox,
    Message,
    OutboxEvent,
    SendState,
)
from app.services import (
    alert_notices,
    bulk_actions,
    learning,
    look_ups,
    mailbox_checks,
    message_actions,
    message_translations,
    read_marks,
    remote_files,
    webhook_deliveries,
)
from app.services.sending import CLAIM_SECONDS

NUDGE_AGAIN = timedelta(seconds=30)
KEEP_PUBLISHED = timedelta(days=1)
BATCH = 200


def reconcile(session: Session, *, older_than: timedelta = timedelta(seconds=5)) -> int:
    """Record again what got stuck; return how many things were nudged."""
    return (
        _deliveries(session, older_than)
        + _unannotated(session, older_than)
        + _unrouted(session, older_than)
        + _unsent(session, older_than)
        + _unlearned(session, older_than)
        + webhook_deliveries.reconcile(session, older_than=older_than, limit=BATCH)
        + remote_files.reconcile(session, older_than=older_than, limit=BATCH)
        + look_ups.reconcile(session, older_than=older_than, limit=BATCH)
        + bulk_actions.reconcile(session, limit=BATCH)
        + read_marks.reconcile(session, limit=BATCH)
        + message_actions.reconcile(session, older_than=older_than, limit=BATCH)
        + message_translations.reconcile(session, older_than=older_than)
        + mailbox_checks.reconcile(session, limit=BATCH)
        + alert_notices.release(session, at=now(), limit=BATCH)
    )


def purge_published(session: Session) -> None:
    """Forget events that left the house more than a day ago."""
    session.execute(delete(OutboxEvent).where(OutboxEvent.published_at < now() - KEEP_PUBLISHED))


def _deliveries(session: Session, older_than: timedelta) -> int:
    query = select(Delivery).where(
        Delivery.state == DeliveryState.STORED,
        Delivery.created_at <= now() - older_than,
        or_(Delivery.claimed_until.is_(None), Delivery.claimed_until <= now()),
    )
    stuck = session.scalars(query.order_by(Delivery.id).limit(BATCH).with_for_update(skip_locked=True)).all()
    for delivery in stuck:
        delivery.claimed_until = now() + NUDGE_AGAIN
    outbox.record_all(session, [DeliveryStored(delivery_id=row.id, channel_id=row.channel_id) for row in stuck])
    return len(stuck)


def _unannotated(session: Session, older_than: timedelta) -> int:
    """One event is enough: the annotator drains all that waits."""
    query = select(Message).where(
        Message.annotated_at.is_(None),
        Message.direction == Direction.INBOUND,
        Message.created_at <= now() - older_than,
        or_(Message.claimed_until.is_(None), Message.claimed_until <= now()),
    )
    return _nudge(session, MessageReceived, query.order_by(Message.id).limit(1))


def _unrouted(session: Session, older_than: timedelta) -> int:
    query = select(Message).where(
        Message.routed_at.is_(None),
        Message.direction == Direction.INBOUND,
        Message.annotated_at <= now() - older_than,
        or_(Message.claimed_until.is_(None), Message.claimed_until <= now()),
    )
    return _nudge(session, MessageAnnotated, query.order_by(Message.id).limit(BATCH))


def _unsent(session: Session, older_than: timedelta) -> int:
    """Replies that wait, and those whose sender died (its claim ran out): the oldest of each conversation, for it holds
    up the younger ones. What a paused channel holds back is not stuck.
    """
    older, unfinished = aliased(Message), (SendState.QUEUED, SendState.SENDING)
    before = (older.conversation_id == Message.conversation_id) & (older.id < Message.id)
    query = (
        select(Message)
        .join(Channel, Channel.id == Message.channel_id)
        .where(
            Message.send_state.in_(unfinished),
            Message.created_at <= now() - older_than,
            or_(Message.send_after.is_(None), Message.send_after <= now()),
            or_(Message.claimed_until.is_(None), Message.claimed_until <= now()),
            Channel.state != ChannelState.PAUSED,
            ~exists().where(before, older.send_state.in_(unfinished)),
        )
    )
    return _nudge(session, ReplyQueued, query.order_by(Message.id).limit(BATCH))


def _unlearned(session: Session, older_than: timedelta) -> int:
    """What people taught and nobody has begun to learn, or a worker that died had begun."""
    waiting = learning.nudge(session, older_than=older_than)
    outbox.record_all(session, [LearningAsked(learning_id=id_) for id_ in waiting])
    return len(waiting)


def _nudge(session: Session, kind: type[MessageEvent], query: Select[Message]) -> int:
    stuck = session.scalars(query).all()
    for message in stuck:
        if message.send_state is not SendState.SENDING:  # there it says who is sending it
            message.claimed_until = now() + timedelta(seconds=CLAIM_SECONDS / 4)
        conversation = session.get_one(Conversation, message.conversation_id)
        outbox.record(
            session,
            kind(
                conversation_id=conversation.id,
                conversation=str(conversation.public_id),
                inbox=str(session.get_one(Inbox, conversation.inbox_id).public_id),
                version=conversation.version,
                message_id=message.id,
            ),
        )
    return len(stuck)
