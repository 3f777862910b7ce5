"""A public conversation that goes on in private stays one conversation.

Providers give the private thread another name than the public one, and tell it only when the customer writes there. So
the answer in private is remembered by whom it went to; their next private message on that channel tells the thread's
name, and all that follows under it belongs to the same conversation.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.models import Conversation, Message, PrivateThread
from app.services.arrivals import Arrival, plain


def remember(session: Session, *, conversation: Conversation, channel_id: int, recipient: str) -> None:
    """A public message was answered in private: what this customer writes there now belongs to this conversation."""
    values = {"conversation_id": conversation.id, "thread_key": None}
    statement = insert(PrivateThread).values(channel_id=channel_id, sender=plain(recipient, 320), **values)
    moved = statement.on_conflict_do_update(
        index_elements=["channel_id", "sender"],
        set_=values,
        where=PrivateThread.conversation_id != conversation.id,  # else its thread is known already
    )
    session.execute(moved)


def key_of(session: Session, *, conversation: Conversation, channel_id: int, recipient: str) -> str | None:
    """Return the provider's name of the thread in which this customer is answered in private, None where none is known.

    A conversation that began in private is named after its thread; one that began in public is not.
    """
    query = select(PrivateThread.thread_key).where(
        PrivateThread.channel_id == channel_id,
        PrivateThread.sender == recipient,
        PrivateThread.conversation_id == conversation.id,
    )
    moved = session.scalars(query).first()
    began = select(Message.is_public).where(Message.conversation_id == conversation.id).order_by(Message.id).limit(1)
    return moved or (None if session.scalars(began).first() else conversation.thread_key)


def entered(session: Session, arrivals: Sequence[Arrival]) -> dict[tuple[int, str], int]:
    """Return the conversations that moved into the private threads of these arrivals, by (channel id, moved_name).

    The first private message of a customer names the thread. The senders are locked by the caller.
    """
    private = [arrival for arrival in arrivals if not arrival.message.is_public]
    keys = {(arrival.channel_id, arrival.sender_key[1]) for arrival in private}
    if not keys:
        return {}
    query = select(PrivateThread).where(tuple_(PrivateThread.channel_id, PrivateThread.sender).in_(sorted(keys)))
    rows = {(row.channel_id, row.sender): row for row in session.scalars(query)}
    found = {}
    for arrival in private:
        row = rows.get((arrival.channel_id, arrival.sender_key[1]))
        if row is None:
            continue
        if row.thread_key is None and arrival.message.thread_key:
            row.thread_key = plain(arrival.message.thread_key, 500)
        if row.thread_key == _key(arrival):
            found[arrival.channel_id, moved_name(arrival)] = row.conversation_id
    return found


def moved_name(arrival: Arrival) -> str:
    """Return what one sender's messages in one private thread have in common."""
    return f"{arrival.sender_key[1]} in {_key(arrival)}"


def _key(arrival: Arrival) -> str | None:
    return plain(arrival.message.thread_key, 500) if arrival.message.thread_key else None
