"""When a provider is told that messages were read: once somebody here has seen them, and not too often."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from app.clock import now
from app.crypto import new_token, seal
from app.events import Event, ReadMarkWanted
from app.models import Channel, ChannelState, Conversation, OutboxEvent, ReadMark, Role, User
from app.services import conversations, read_marks
from connectors._read_marks import READ_TOKEN, TELLS_READ
from connectors.base import Identity, InboundMessage
from tests.services.making import House

KIM = Identity("line", "U061F7AUR", "Kim", verified=True)
NAME = ReadMarkWanted.wire_name()


@pytest.fixture
def house(session: Session, tmp_path: Path) -> House:
    return House(session, tmp_path)


@pytest.fixture
def line(house: House) -> Channel:
    return channel_of(house, "line")


@pytest.fixture
def user(house: House) -> User:
    row = User(email="reader@acme.example", name="Ana", role=Role.AGENT, password_hash="x")
    house.session.add(row)
    house.session.flush()
    return row


def channel_of(house: House, kind: str, **settings: Any) -> Channel:
    sealed = seal({"access_token": "t", "channel_secret": "s", **settings})
    channel = Channel(inbox_id=house.inbox.id, kind=kind, name=kind, token=new_token(), sealed=sealed)
    house.session.add(channel)
    house.session.flush()
    return channel


def hear(house: House, channel: Channel, number: int, **more: Any) -> Conversation:
    said = InboundMessage(str(number), KIM, text="Hi", thread_key="U1", custom={READ_TOKEN: f"r{number}"}, **more)
    (message,) = house.arrive(said, channel=channel)
    return house.session.get_one(Conversation, message.conversation_id)


def asked(house: House) -> int:
    rows = house.session.query(OutboxEvent).filter_by(name=NAME).all()
    for row in rows:
        assert isinstance(Event.from_payload(row.name, row.payload), ReadMarkWanted)  # as the relay reads it
        house.session.delete(row)
    house.session.flush()
    return len(rows)


def claimed(house: House, conversation: Conversation) -> str | None:
    telling = read_marks.claim(house.session, conversation_id=conversation.id)
    house.session.flush()
    return telling.action.token if telling else None


def later(house: House, conversation: Conversation, passed: timedelta = read_marks.PAUSE) -> None:
    mark = house.session.get_one(ReadMark, conversation.id)
    mark.told_at, mark.asked_at = (mark.told_at or now()) - passed, mark.asked_at - passed
    house.session.flush()


def test_opening_a_conversation_tells_the_newest_message_once(house: House, line: Channel, user: User) -> None:
    hear(house, line, 1)
    conversation = hear(house, line, 2)
    for _ in range(2):
        conversations.mark_read(house.session, conversation=conversation, user=user)
    assert asked(house) == 1
    telling = read_marks.claim(house.session, conversation_id=conversation.id)
    assert telling is not None
    assert (telling.kind, telling.action.kind, telling.action.target, telling.action.token) == (
        "line",
        "read",
        "2",
        "r2",
    )
    assert (telling.action.recipient, telling.action.thread_key) == (KIM.address, "U1")
    later(house, conversation)
    assert claimed(house, conversation) is None


def test_what_is_too_soon_is_told_a_little_later(house: House, line: Channel, user: User) -> None:
    conversation = hear(house, line, 1)
    conversations.mark_read(house.session, conversation=conversation, user=user)
    assert claimed(house, conversation) == "r1"
    hear(house, line, 2)
    conversations.mark_read(house.session, conversation=conversation, user=user)
    assert claimed(house, conversation) is None
    asked(house)
    assert read_marks.reconcile(house.session, limit=10) == 0
    later(house, conversation)
    assert read_marks.reconcile(house.session, limit=10) == 1
    assert read_marks.reconcile(house.session, limit=10) == 0  # asked already
    assert asked(house) == 1
    assert claimed(house, conversation) == "r2"


def test_nothing_is_told_where_an_admin_or_the_channel_does_not_want_it(
    house: House, line: Channel, user: User
) -> None:
    silent, paused = channel_of(house, "line", **{TELLS_READ.key: False}), line
    paused.state = ChannelState.PAUSED
    for number, channel in enumerate((silent, paused)):
        conversation = hear(house, channel, number)
        conversations.mark_read(house.session, conversation=conversation, user=user)
        assert claimed(house, conversation) is None


def test_public_messages_and_other_kinds_have_no_marks(house: House, user: User) -> None:
    page, viber = channel_of(house, "facebook"), channel_of(house, "viber")
    conversation = hear(house, page, 1, is_public=True)
    conversations.mark_read(house.session, conversation=conversation, user=user)
    assert claimed(house, conversation) is None
    other = hear(house, viber, 2)
    conversations.mark_read(house.session, conversation=other, user=user)
    assert house.session.get(ReadMark, other.id) is None
