"""What is there of the first steps of a user. One statement."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, func, select
from sqlalchemy.orm import Session

from app.models import (
    Channel,
    ChannelState,
    Conversation,
    Direction,
    Message,
    NoticeSetting,
    Role,
    SendState,
    User,
    Visibility,
)
from app.queries._json import InboxIds
from connectors.registry import MAIL, WEBCHAT


@dataclass(frozen=True, slots=True)
class Connected:
    """A channel; `is_running` when it works, else `trouble` says why not, where that is known."""

    public_id: str
    name: str
    token: str
    is_running: bool
    trouble: str


@dataclass(frozen=True, slots=True)
class Found:
    """`colleagues` are active people besides the user, `arrived` those who chose a password.

    `first_visit` and `demo_conversation` are ids of conversations; `demo` is the channel of the user's own demo, `told`
    how many messages of its customer have arrived.
    """

    mailbox: Connected | None
    chat: Connected | None
    demo: Connected | None
    colleagues: int
    arrived: int
    first_visit: UUID | None
    demo_conversation: UUID | None
    told: int
    is_demo_answered: bool
    has_notices: bool


def found(session: Session, *, user: User, inbox_ids: InboxIds) -> Found:
    """Read what is there; conversations only of inboxes the user may see."""
    others = and_(User.id != user.id, User.is_active, User.role != Role.BOT)
    row = session.execute(
        select(
            _channel(Channel.kind == MAIL, *_in_use()),
            _channel(Channel.kind == WEBCHAT, *_in_use()),
            _channel(Channel.demo_of_id == user.id),
            select(func.count(User.id)).where(others).scalar_subquery(),
            select(func.count(User.id)).where(others, User.password_hash.is_not(None)).scalar_subquery(),
            _first_conversation(inbox_ids, Channel.kind == WEBCHAT, Channel.demo_of_id.is_(None)),
            _first_conversation(inbox_ids, Channel.demo_of_id == user.id),
            _said(user, Message.direction == Direction.INBOUND),
            _said(user, *_sent()) > 0,
            exists().where(NoticeSetting.user_id == user.id),
        )
    ).one()
    mailbox, chat, demo = (_connected(value) for value in row[:3])
    return Found(mailbox, chat, demo, *row[3:])


def _channel(*conditions: ColumnElement[bool]) -> Any:
    """Return one channel of these as JSON: one that runs before one that does not, then the oldest."""
    is_running = and_(Channel.state == ChannelState.ACTIVE, Channel.last_error == "")
    told = func.jsonb_build_array(
        Channel.public_id,
        Channel.name,
        Channel.token,
        is_running,
        func.coalesce(func.nullif(Channel.state_reason, ""), Channel.last_error),
    )
    query = select(told).where(*conditions)
    return query.order_by(is_running.desc(), Channel.id).limit(1).scalar_subquery()


def _in_use() -> tuple[ColumnElement[bool], ...]:
    return Channel.state != ChannelState.REMOVED, Channel.demo_of_id.is_(None)


def _connected(told: list[Any] | None) -> Connected | None:
    return None if told is None else Connected(*told)


def _first_conversation(inbox_ids: InboxIds, *conditions: ColumnElement[bool]) -> Any:
    query = select(Conversation.public_id).join(Channel, Channel.id == Conversation.channel_id)
    query = query.where(Conversation.inbox_id.in_(inbox_ids), Conversation.messages > 0, *conditions)
    return query.order_by(Conversation.id).limit(1).scalar_subquery()


def _said(user: User, *conditions: ColumnElement[bool]) -> Any:
    demos = select(Channel.id).where(Channel.demo_of_id == user.id)
    query = select(func.count(Message.id)).where(Message.channel_id.in_(demos), *conditions)
    return query.scalar_subquery()


def _sent() -> tuple[ColumnElement[bool], ...]:
    is_reply = Message.direction == Direction.OUTBOUND, Message.visibility == Visibility.PUBLIC
    return (*is_reply, Message.send_state == SendState.SENT)
