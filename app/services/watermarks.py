"""How far a person has read, or been reached, where the provider tells a moment instead of messages.

    note (kept with the person, only ever forward) ──► all our replies to them that were sent until then move forward

A reply whose sending we hear of later than that is settled when it is recorded as sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from app import outbox
from app.events import MessageChanged
from app.models import ContactIdentity, Conversation, Direction, Message, SendState
from app.services.arrivals import Arrival
from app.services.changes import message_event
from app.services.message_changes import Homes

TAKEN_BEFORE = timedelta(seconds=5)  # the provider has a reply before its answer reaches us
MOST = 500  # replies that one moment moves: the newest


def homes(session: Session, marks: Sequence[Arrival]) -> Homes:
    """Return the conversations that hold replies to these people, and their contacts: to be locked."""
    conversations: set[int] = set()
    contacts: set[int] = set()
    for mark in marks:
        for held in _held(session, mark):
            contacts.add(held.contact_id)
            query = select(Message.conversation_id).where(*_unsettled(held, mark, SendState.SENT, SendState.SENDING))
            conversations.update(session.scalars(query.distinct()))
    return Homes(frozenset(conversations), frozenset(contacts))


def settle(session: Session, marks: Sequence[Arrival], *, within: frozenset[int]) -> set[int]:
    """Keep how far people are, and move our replies to them; `within`: the conversations that the caller locked, and
    their contacts. Return the deliveries that told something new.
    """
    news = set()
    for mark in marks:
        for held in _held(session, mark):
            if _is_ahead(held, mark):
                news.add(mark.delivery_id)
                for message in _locked(session, held, mark, within):
                    _catch_up(session, message, held)
    return news


def settle_sent(session: Session, *, message: Message) -> None:
    """Move a reply that was just sent as far as its recipient is known to be. Its conversation is locked."""
    identities = select(ContactIdentity).where(ContactIdentity.contact_id == message.contact_id)
    known = identities.where(or_(ContactIdentity.read_until.is_not(None), ContactIdentity.reached_until.is_not(None)))
    for held in session.scalars(known):
        if not message.is_public and held.address == _recipient(message):
            _catch_up(session, message, held)


def _held(session: Session, mark: Arrival) -> list[ContactIdentity]:
    """Return the identity that a mark is about, none of somebody who never wrote."""
    kind, address = mark.sender_key
    return list(session.scalars(select(ContactIdentity).filter_by(kind=kind, address=address)))


def _locked(session: Session, held: ContactIdentity, mark: Arrival, within: frozenset[int]) -> list[Message]:
    wanted = Message.conversation_id.in_(within), *_unsettled(held, mark, SendState.SENT)
    newest = select(Message.id).where(*wanted).order_by(Message.id.desc()).limit(MOST)
    rows = select(Message).where(Message.id.in_(session.scalars(newest).all())).order_by(Message.id).with_for_update()
    return list(session.scalars(rows.execution_options(populate_existing=True)))


def _is_ahead(held: ContactIdentity, mark: Arrival) -> bool:
    """Keep the moment where it is later than what is known; say whether it is."""
    name = {"read": "read_until", "delivered": "reached_until"}.get(mark.message.status or "")
    if mark.message.until is None or name is None:
        return False
    until = min(mark.message.until, mark.received_at)  # what will be sent tomorrow nobody has read
    before: datetime | None = getattr(held, name)
    if before is not None and before >= until:
        return False
    setattr(held, name, until)
    return True


def _unsettled(held: ContactIdentity, mark: Arrival, *states: SendState) -> tuple[ColumnElement[bool], ...]:
    """Say which private replies to a person may still move."""
    return (
        Message.contact_id == held.contact_id,
        Message.channel_id == mark.channel_id,
        Message.direction == Direction.OUTBOUND,
        Message.is_public.is_(False),
        Message.send_state.in_(states),
        or_(Message.read_at.is_(None), Message.delivered_at.is_(None)),
        Message.recipients["to"][0]["email"].astext == held.address,
    )


def _catch_up(session: Session, message: Message, held: ContactIdentity) -> None:
    before = (message.delivered_at, message.read_at)
    if message.sent_at is None or message.send_state is not SendState.SENT:
        return
    message.delivered_at = message.delivered_at or _reached(message.sent_at, held.reached_until)
    message.read_at = message.read_at or _reached(message.sent_at, held.read_until)
    if before != (message.delivered_at, message.read_at):
        conversation = session.get_one(Conversation, message.conversation_id)
        outbox.record(session, message_event(session, MessageChanged, conversation, message))


def _reached(sent_at: datetime, until: datetime | None) -> datetime | None:
    """Return when a reply had arrived at the latest, None where it was sent after that moment."""
    return max(until, sent_at) if until is not None and sent_at <= until + TAKEN_BEFORE else None


def _recipient(message: Message) -> str:
    to = message.recipients.get("to") or [{}]
    return str(to[0].get("email", ""))
