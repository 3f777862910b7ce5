"""Where a provider tells a moment instead of messages, all replies until then move forward, never back."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.events import MessageChanged
from app.models import Conversation, Delivery, DeliveryState, Message, MessageChange, OutboxEvent, SendState
from app.services import replies, sending
from connectors.base import Identity, InboundMessage, Receipt
from tests.services.making import NOON, House

ANA, BEN = Identity("handle", "ana", "Ana"), Identity("handle", "ben", "Ben")


@pytest.fixture
def house(session: Session, tmp_path: Path) -> House:
    made = House(session, tmp_path)
    for sender in (ANA, BEN):
        made.arrive(said(sender))
    return made


def before(minutes: float) -> datetime:
    """Return a moment so many minutes before everything arrives here."""
    return NOON - timedelta(minutes=minutes)


def said(sender: Identity) -> InboundMessage:
    key = f"{sender.address}:1"
    return InboundMessage(key, sender, text="Hi", thread_key=sender.address, sent_at=before(60))


def mark(until: datetime, state: str = "read", sender: Identity = ANA) -> InboundMessage:
    values: dict[str, Any] = {"kind": "status", "status": state, "until": until, "thread_key": sender.address}
    return InboundMessage(f"{sender.address}:{until.timestamp()}:{state}", sender, **values)


def begin(house: House, sender: Identity = ANA, key: str = "k1") -> Message:
    conversation = house.session.scalars(select(Conversation).filter_by(thread_key=sender.address)).one()
    author = house.agents[0]
    message = replies.queue_reply(
        house.session, conversation=conversation, author=author, text="On its way", client_key=key
    )
    assert sending.claim_next(house.session, conversation_id=conversation.id) is not None
    return message


def sent(house: House, minutes: float, sender: Identity = ANA, key: str = "k1") -> Message:
    with time_machine.travel(before(minutes), tick=False):
        message = begin(house, sender, key)
        sending.record_sent(house.session, message_id=message.id, receipt=Receipt(f"out:{sender.address}:{key}"))
    return message


def test_all_replies_until_then_were_read_and_no_later_one(house: House) -> None:
    first, second = sent(house, 30, key="k1"), sent(house, 20, key="k2")
    third, others = sent(house, 10, key="k3"), sent(house, 30, sender=BEN)
    house.arrive(mark(before(15)))
    assert [one.read_at for one in (first, second, third, others)] == [before(15), before(15), None, None]
    assert first.delivered_at is None
    house.arrive(mark(before(5), "delivered"))
    assert [one.delivered_at for one in (first, third)] == [before(5)] * 2
    assert third.read_at is None


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_the_end_is_the_same_whatever_comes_first_and_nothing_moves_back(house: House, order: tuple[int, ...]) -> None:
    early, late = sent(house, 30, key="k1"), sent(house, 10, key="k2")
    told = (mark(before(20)), mark(before(5)), mark(before(25), "delivered"))
    house.arrive(*(told[place] for place in order))
    assert (early.read_at is not None, late.read_at) == (True, before(5))
    assert (early.delivered_at, late.delivered_at) == (before(25), None)


def test_what_is_told_twice_is_a_duplicate_and_keeps_no_rows(house: House) -> None:
    sent(house, 30)
    house.arrive(mark(before(20)))
    changed = select(func.count()).where(OutboxEvent.name == MessageChanged.wire_name())
    told = house.session.scalars(changed).one()
    house.arrive(mark(before(20)))
    assert house.session.scalars(changed).one() == told == 1
    states = house.session.scalars(select(Delivery.state).order_by(Delivery.id)).all()
    assert states[-2:] == [DeliveryState.INGESTED, DeliveryState.DUPLICATE]
    assert house.session.scalars(select(func.count()).select_from(MessageChange)).one() == 0


def test_a_reply_of_which_we_hear_only_afterwards_that_it_left_was_read_too(house: House) -> None:
    with time_machine.travel(before(10), tick=False):
        message = begin(house)
    house.arrive(mark(before(10)))
    assert message.read_at is None
    with time_machine.travel(before(10) + timedelta(seconds=2), tick=False):  # its answer was on the way
        sending.record_sent(house.session, message_id=message.id, receipt=Receipt("out"))
    assert message.read_at == message.sent_at


def test_a_reply_that_left_later_was_not_read_before(house: House) -> None:
    house.arrive(mark(before(20)))
    assert sent(house, 10).read_at is None


def test_a_moment_in_the_future_reads_nothing_that_is_still_to_come(house: House) -> None:
    house.arrive(mark(NOON + timedelta(days=300)))
    with time_machine.travel(NOON + timedelta(hours=1), tick=False):
        message = begin(house)
        sending.record_sent(house.session, message_id=message.id, receipt=Receipt("out"))
    assert message.read_at is None


def test_what_failed_or_is_public_does_not_move(house: House) -> None:
    failed, public = sent(house, 30, key="k1"), sent(house, 29, key="k2")
    failed.send_state = SendState.FAILED
    public.is_public = True
    house.session.flush()
    house.arrive(mark(before(20)))
    assert (failed.read_at, public.read_at) == (None, None)


def test_of_somebody_who_never_wrote_nothing_is_kept(house: House) -> None:
    house.arrive(mark(before(20), sender=Identity("handle", "stranger")))
    assert house.session.scalars(select(Delivery.state).order_by(Delivery.id.desc())).first() is DeliveryState.DUPLICATE
