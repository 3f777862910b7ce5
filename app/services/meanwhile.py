"""What happened in a conversation while somebody wrote a reply to it: nothing is answered twice, or past the point."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from app.models import Channel, Conversation, Direction, Message, User, Visibility
from app.services import soft_locks
from app.services.soft_locks import Holder
from connectors.registry import connector_for

MOST = 5


def news(session: Session, *, conversation: Conversation, user: User, seen: str, client_key: str) -> list[int]:
    """Return the ids of what the customer or a colleague said since a message, oldest first, at most the newest MOST.

    Nothing is new where that message is not named, and where the reply with this client_key is there already. In a
    live chat customers write at any moment: there only what colleagues said counts.

    Args:
        session: to read with; the conversation is locked.
        conversation: where the reply is to go.
        user: who writes.
        seen: the public id of the newest message when the reply was begun.
        client_key: of the reply.

    """
    since = _after(session, seen)
    if since is None or is_there(session, conversation, client_key):
        return []
    theirs = (Message.direction == Direction.OUTBOUND) & (Message.visibility == Visibility.PUBLIC)
    matters = theirs & Message.author_id.is_not(None) & (Message.author_id != user.id)
    if not _is_live(session, conversation):
        matters |= Message.direction == Direction.INBOUND
    query = select(Message.id).where(Message.conversation_id == conversation.id, since, matters)
    return list(session.scalars(query.order_by(Message.id.desc()).limit(MOST)))[::-1]


def others(
    session: Session,
    *,
    conversation: Conversation,
    user: User,
    seen: str,
    client_key: str,
    known: Collection[str] = (),
) -> list[Holder]:
    """Return the colleagues whose reply is on its way: being written now, or scheduled for what is answered here.

    `known` are the keys of those that the user was told of; for the rest see `news`. In a live chat several may write.
    """
    if is_there(session, conversation, client_key) or _is_live(session, conversation):
        return []
    found = soft_locks.holders(session, conversation=conversation, user=user, known=known)
    return found + soft_locks.scheduled(
        session, conversation=conversation, user=user, seen_id=_newest_seen(session, conversation, seen), known=known
    )


def _newest_seen(session: Session, conversation: Conversation, seen: str) -> int | None:
    """Return the id of the customer's newest message up to the one that was seen."""
    since = _after(session, seen)
    if since is None:
        return None
    query = select(Message.id).where(
        Message.conversation_id == conversation.id, ~since, Message.direction == Direction.INBOUND
    )
    return session.scalars(query.order_by(Message.id.desc()).limit(1)).first()


def _after(session: Session, seen: str) -> ColumnElement[bool] | None:
    """Return the condition for what is newer than a message; one that was taken back since is known by its name, which
    begins with its time.
    """
    try:
        wanted = UUID(seen)
    except ValueError:
        return None
    id_ = session.scalars(select(Message.id).where(Message.public_id == wanted)).one_or_none()
    return Message.public_id > wanted if id_ is None else Message.id > id_


def is_there(session: Session, conversation: Conversation, client_key: str) -> bool:
    query = select(Message.id).where(Message.conversation_id == conversation.id, Message.client_key == client_key)
    return session.scalars(query).first() is not None


def _is_live(session: Session, conversation: Conversation) -> bool:
    channel = session.get_one(Channel, conversation.channel_id)
    return connector_for(channel.kind).capabilities.live_only
