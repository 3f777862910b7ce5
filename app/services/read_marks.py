"""Telling customers that their messages were read, where their channel can: once somebody here has opened them.

conversations.mark_read ──► want ──► the job claims the newest message of the customer, and tells it outside any
transaction. At most one call in PAUSE for each conversation; what is too soon, `reconcile` asks for again. A mark that
is lost is not sent again: the next one says the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app import outbox
from app.clock import now
from app.crypto import unseal
from app.events import ReadMarkWanted
from app.models import Channel, ChannelState, Conversation, Direction, Message, ReadMark, Visibility
from app.services import local_people
from connectors._read_marks import READ_TOKEN, TELLS_READ
from connectors.base import Action, Credentials
from connectors.registry import connector_for

PAUSE = timedelta(seconds=3)
ASK_AGAIN = timedelta(seconds=30)  # where no worker came


@dataclass(frozen=True, slots=True)
class Telling:
    """A mark that this worker alone may send."""

    kind: str
    credentials: Credentials
    action: Action


def want(session: Session, *, conversation: Conversation) -> None:
    """Have the provider told that everything up to now was read, where it wants to know."""
    channel = session.get_one(Channel, conversation.channel_id)
    if not connector_for(channel.kind).capabilities.marks_read or conversation.last_message_id is None:
        return
    statement = insert(ReadMark).values(
        conversation_id=conversation.id, seen_id=conversation.last_message_id, asked_at=now()
    )
    moved = statement.on_conflict_do_update(
        index_elements=[ReadMark.conversation_id],
        set_={"seen_id": statement.excluded.seen_id, "asked_at": statement.excluded.asked_at},
        where=ReadMark.seen_id < statement.excluded.seen_id,
    ).returning(ReadMark.conversation_id)
    if session.scalars(moved).first() is not None:
        outbox.record(session, ReadMarkWanted(conversation_id=conversation.id))


def claim(session: Session, *, conversation_id: int) -> Telling | None:
    """Take the mark that is due; None where there is nothing new to tell, not yet, or nobody to tell it."""
    mark = session.get(ReadMark, conversation_id, with_for_update=True)
    if mark is None or mark.seen_id <= mark.told_id or (mark.told_at and mark.told_at > now() - PAUSE):
        return None
    newest = _newest(session, mark)
    mark.told_id, mark.told_at = mark.seen_id, now()
    channel = session.get_one(Channel, newest.channel_id) if newest else None
    if newest is None or channel is None or channel.state is not ChannelState.ACTIVE:
        return None
    credentials = unseal(channel.sealed)
    if credentials.get(TELLS_READ.key, TELLS_READ.default) is not True:
        return None
    token = str(newest.custom.get(READ_TOKEN) or "")
    sender = local_people.bare(channel, newest.sender)
    action = Action("read", newest.external_id or "", sender, newest.thread_key, token)
    return Telling(channel.kind, credentials, action)


def reconcile(session: Session, *, limit: int) -> int:
    """Ask again for marks that were too soon; return how many."""
    due = ReadMark.seen_id > ReadMark.told_id, ReadMark.asked_at <= now() - PAUSE
    query = select(ReadMark).where(*due).order_by(ReadMark.conversation_id).limit(limit)
    waiting = session.scalars(query.with_for_update(skip_locked=True)).all()
    for mark in waiting:
        mark.asked_at = now() + ASK_AGAIN
    outbox.record_all(session, [ReadMarkWanted(conversation_id=mark.conversation_id) for mark in waiting])
    return len(waiting)


def _newest(session: Session, mark: ReadMark) -> Message | None:
    """Return the customer's newest private message that was seen and not told, of the channel it all came by."""
    query = (
        select(Message)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .where(
            Message.conversation_id == mark.conversation_id,
            Message.channel_id == Conversation.channel_id,
            Message.id > mark.told_id,
            Message.id <= mark.seen_id,
            Message.direction == Direction.INBOUND,
            Message.visibility == Visibility.PUBLIC,
            Message.is_public.is_(False),
            Message.external_id.is_not(None),
        )
    )
    return session.scalars(query.order_by(Message.id.desc()).limit(1)).first()
