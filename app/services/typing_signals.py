"""Who types in which conversation, both ways. Nothing of this is stored: a signal that is lost costs nothing."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.crypto import unseal
from app.models import Channel, ChannelState, Conversation, Direction, Message, Visibility
from app.services import local_people
from app.services.read_marks import Telling
from connectors._typing import SHOWS_TYPING
from connectors.base import Action
from connectors.registry import connector_for
from connectors.typing_signal import Typing

HINTS = "tributary:typing"  # in Redis; each is a conversation's public id, since all databases of a server share it


def wants(session: Session, *, conversation: Conversation) -> bool:
    """Say whether the provider of a conversation can show its customer that we type."""
    can = connector_for(session.get_one(Channel, conversation.channel_id).kind).capabilities
    return can.shows_typing and not can.own_pages  # our own pages hear it from the socket


def telling(session: Session, *, public_id: UUID) -> Telling | None:
    """Return the call that shows the customer of a conversation that we type; None where it is not wanted, or would
    go to a channel that rests, to somebody who wrote in public, or to nobody.
    """
    conversation = session.scalars(select(Conversation).where(Conversation.public_id == public_id)).one_or_none()
    if conversation is None or not wants(session, conversation=conversation):
        return None
    channel, newest = session.get_one(Channel, conversation.channel_id), _newest(session, conversation)
    if newest is None or newest.is_public or channel.state is not ChannelState.ACTIVE:
        return None
    credentials = unseal(channel.sealed)
    if credentials.get(SHOWS_TYPING.key, SHOWS_TYPING.default) is not True:
        return None
    sender = local_people.bare(channel, newest.sender)
    return Telling(channel.kind, credentials, Action("typing", newest.external_id or "", sender, newest.thread_key))


def heard(session: Session, *, channel_id: int, typing: Iterable[Typing]) -> list[UUID]:
    """Return the public ids of the conversations in which customers type."""
    keys = {one.thread_key for one in typing}
    query = select(Conversation.public_id).where(
        Conversation.channel_id == channel_id, Conversation.thread_key.in_(keys)
    )
    return list(session.scalars(query.order_by(Conversation.id)))


def _newest(session: Session, conversation: Conversation) -> Message | None:
    """Return the newest message of the customer that came by the conversation's channel."""
    query = select(Message).where(
        Message.conversation_id == conversation.id,
        Message.channel_id == conversation.channel_id,
        Message.direction == Direction.INBOUND,
        Message.visibility == Visibility.PUBLIC,
        Message.external_id.is_not(None),
    )
    return session.scalars(query.order_by(Message.id.desc()).limit(1)).first()
