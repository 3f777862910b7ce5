"""Claim the oldest queued reply of a conversation, and record what became of it. The network lies between the two."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import outbox
from app.clock import now
from app.events import ReplyFailed, ReplySent
from app.models import (
    Channel,
    ChannelState,
    ContactIdentity,
    Conversation,
    Message,
    SendState,
    Visibility,
)
from app.phrases import phrase
from app.services import (
    activities,
    automatic_mail,
    message_changes,
    threads,
    watermarks,
)
from app.services.arrivals import MAX_ID, lock_message, plain
from app.services.automatic_mail import AUTOMATIC
from app.services.changes import message_event
from app.services.claimed_reply import Claim, claim_of
from connectors.base import Receipt
from connectors.registry import connector_for

CLAIM_SECONDS = 120
MAX_ATTEMPTS = 8
FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 10, 3600
REMOVED = phrase("The channel it was to leave by has been removed.")
STORM = phrase("Too many automatic mails went to this contact within the hour: this one was held back.")
UNSURE = phrase("A worker stopped while sending: it may have left, or not.")


def claim_next(session: Session, *, conversation_id: int) -> Claim | None:
    """Take the oldest reply that waits, in order: none is sent before an older one of the same conversation."""
    conversation = session.get(Conversation, conversation_id, with_for_update=True)
    if conversation is None:
        return None
    query = select(Message).where(
        Message.conversation_id == conversation_id,
        Message.send_state.in_((SendState.QUEUED, SendState.SENDING)),
        Message.visibility == Visibility.PUBLIC,  # whatever a note's row says, it stays in the house
    )
    message = session.scalars(query.order_by(Message.id).limit(1).with_for_update()).one_or_none()
    if message is None or _is_held(message):
        return None
    channel = session.get_one(Channel, message.channel_id)
    hopeless = _hopeless(message, channel)
    if hopeless:
        _finish(session, conversation, message, *hopeless)
        return None
    if channel.state is not ChannelState.ACTIVE:
        return None  # sent when the channel is resumed
    if message.auto == AUTOMATIC and automatic_mail.is_too_often(session, contact_id=message.contact_id):
        _finish(session, conversation, message, SendState.FAILED, STORM)
        return None
    message.send_state, message.claimed_until = SendState.SENDING, now() + timedelta(seconds=CLAIM_SECONDS)
    message.send_attempts += 1
    return claim_of(session, conversation, message, channel)


def record_sent(session: Session, *, message_id: int, receipt: Receipt) -> None:
    """The provider took it. Recorded once."""
    told = plain(receipt.external_id, MAX_ID)
    _queue_up(session, message_id, told)
    conversation, message = _both(session, message_id)
    if message.send_state is not SendState.SENDING:
        return
    external_id = _own_id(session, message, told)
    message.external_id, message.sent_at = external_id, now()
    threads.store_reference(session, conversation, external_id)
    _finish(session, conversation, message, SendState.SENT, "")
    message_changes.settle_sent(session, message=message)
    watermarks.settle_sent(session, message=message)


def record_failed(session: Session, *, message_id: int, reason: str) -> None:
    """The provider refused it for good."""
    conversation, message = _both(session, message_id)
    if message.send_state is SendState.SENDING:
        _finish(session, conversation, message, SendState.FAILED, reason)


def record_transient(session: Session, *, message_id: int, reason: str, retry_after_seconds: float | None) -> None:
    """Try again later, at longer and longer intervals; give up after MAX_ATTEMPTS."""
    conversation, message = _both(session, message_id)
    if message.send_state is not SendState.SENDING:
        return
    if message.send_attempts >= MAX_ATTEMPTS:
        tried = phrase("{reason} Tried {times} times.", reason=reason, times=message.send_attempts)
        _finish(session, conversation, message, SendState.FAILED, tried)
        return
    doubled = min(FIRST_WAIT_SECONDS * 2 ** (message.send_attempts - 1), LONGEST_WAIT_SECONDS)
    message.send_after = now() + timedelta(seconds=max(doubled, retry_after_seconds or 0))
    message.send_state, message.send_error, message.claimed_until = SendState.QUEUED, reason[:500], None


def _own_id(session: Session, message: Message, told: str) -> str:
    """Return what the provider calls a reply; where it calls another message so, too, a name of its own."""
    query = select(Message.id).where(Message.channel_id == message.channel_id, Message.external_id == told)
    is_taken = session.scalars(query).first() is not None
    return f"{told[: MAX_ID - 40]}#{message.public_id}" if is_taken or not told else told


def _queue_up(session: Session, message_id: int, external_id: str) -> None:
    """Wait for whoever is storing what the provider tells of this reply already."""
    channel_id = session.scalars(select(Message.channel_id).where(Message.id == message_id)).one()
    lock_message(session, channel_id, external_id)


def _hopeless(message: Message, channel: Channel) -> tuple[SendState, str] | None:
    """Return how a reply ends that may not be tried again, and why."""
    if message.send_state is SendState.SENDING:  # its sender died: nobody knows
        if not connector_for(channel.kind).capabilities.idempotent_send:
            return SendState.UNCERTAIN, UNSURE
        if message.send_attempts >= MAX_ATTEMPTS:
            happened = phrase("{reason} That happened {times} times.", reason=UNSURE, times=message.send_attempts)
            return SendState.UNCERTAIN, happened
    return (SendState.FAILED, REMOVED) if channel.state is ChannelState.REMOVED else None


def _is_held(message: Message) -> bool:
    if message.send_state is SendState.SENDING:
        return message.claimed_until is not None and message.claimed_until > now()
    return message.send_after is not None and message.send_after > now()


def _both(session: Session, message_id: int) -> tuple[Conversation, Message]:
    conversation_id = session.scalars(select(Message.conversation_id).where(Message.id == message_id)).one()
    conversation = session.get_one(Conversation, conversation_id, with_for_update=True)
    return conversation, session.get_one(Message, message_id, with_for_update=True)


def _finish(session: Session, conversation: Conversation, message: Message, state: SendState, reason: str) -> None:
    message.send_state, message.send_error = state, reason[:500]
    message.claimed_until = message.send_after = None
    if state is SendState.SENT:
        event = message_event(session, ReplySent, conversation, message)
        outbox.record(session, ReplySent(**{**event.payload(), "visitor": _visitor(session, message)}))
        return
    activities.record(session, verb="reply.not_sent", conversation=conversation, data={"reason": reason})
    outbox.record(session, message_event(session, ReplyFailed, conversation, message))


def _visitor(session: Session, message: Message) -> str:
    channel = session.get_one(Channel, message.channel_id)
    if not connector_for(channel.kind).capabilities.live_only:
        return ""
    address = message.recipients["to"][0]["email"]
    held = select(ContactIdentity.address).where(
        ContactIdentity.contact_id == message.contact_id, ContactIdentity.address == address
    )
    return session.scalars(held).first() or ""
