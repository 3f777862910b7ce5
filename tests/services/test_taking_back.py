"""Undo send: a reply waits, can be taken back while it does, and leaves no trace then."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.clock import now
from app.errors import Conflict, Forbidden, Invalid
from app.models import Conversation, DailyCount, Direction, Message, SendState, Status
from app.services import conversations, reconcile, replies, sending, sending_rules, taking_back
from app.services.answering import Wish
from app.services.arrivals import StoredAttachment
from connectors.base import Receipt
from tests.services.making import House, letter

WAIT = timedelta(seconds=10)
FILE = StoredAttachment(filename="a.txt", content_type="text/plain", size=3, blob_sha256="0" * 64)
OTHER = StoredAttachment(filename="b.txt", content_type="text/plain", size=4, blob_sha256="1" * 64)


@pytest.fixture
def house(session: Session, tmp_path: Path) -> House:
    return House(session, tmp_path)


def test_a_reply_waits_is_woken_at_its_time_and_leaves(house: House) -> None:
    with time_machine.travel(now(), tick=False) as clock:
        conversation, _ = house.one(letter())
        message = _reply(house, conversation)
        nudged = select(Message.id).where(Message.id == message.id, Message.claimed_until.is_not(None))
        message.created_at = now()  # the database's clock is not moved
        assert sending.claim_next(house.session, conversation_id=conversation.id) is None
        clock.shift(timedelta(seconds=9))
        reconcile.reconcile(house.session)
        assert not house.session.scalars(nudged).all()  # not yet due
        assert sending.claim_next(house.session, conversation_id=conversation.id) is None
        clock.shift(timedelta(seconds=1))
        reconcile.reconcile(house.session)
        assert house.session.scalars(nudged).all() == [message.id]
        claim = sending.claim_next(house.session, conversation_id=conversation.id)
    assert claim
    assert claim.message_id == message.id
    with pytest.raises(Conflict, match="It has left already"):
        taking_back.take_back(house.session, message=message, actor=house.agents[0])
    sending.record_sent(house.session, message_id=message.id, receipt=Receipt("e1"))
    with pytest.raises(Conflict, match="It has left already"):
        taking_back.take_back(house.session, message=message, actor=house.agents[0])


def test_what_is_taken_back_was_never_there(house: House) -> None:
    house.by_mail()
    conversation, said = house.one(letter(text="Where is it?"))
    before = _state(house, conversation)
    message = _reply(house, conversation, uploads=[FILE, OTHER], cc=["ben@example.com"], wish=Wish(str(said.public_id)))
    conversations.set_status(house.session, conversation=conversation, actor=house.agents[0], status=Status.RESOLVED)
    assert _state(house, conversation) != before
    kept = taking_back.take_back(house.session, message=message, actor=house.agents[0])
    assert _state(house, conversation) == before
    assert (kept.text, kept.cc, kept.answers_id) == ("Hello", ["ben@example.com"], said.id)
    assert house.session.scalars(select(Message.id).where(Message.direction == Direction.OUTBOUND)).all() == []
    assert sending.claim_next(house.session, conversation_id=conversation.id) is None
    found = taking_back.newest(house.session, conversation_id=conversation.id, user=house.agents[0])
    assert found is kept
    assert taking_back.newest(house.session, conversation_id=conversation.id, user=house.agents[1]) is None


def test_its_files_come_again_once_for_its_writer_only(house: House) -> None:
    conversation, _ = house.one(letter())
    message = _reply(house, conversation, uploads=[FILE, OTHER])
    kept = taking_back.take_back(house.session, message=message, actor=house.agents[0])
    id_ = str(kept.public_id)

    def use(user: int, public_id: str) -> list[StoredAttachment]:
        return taking_back.use(
            house.session, conversation=conversation, user=house.agents[user], public_id=public_id, files={1}
        )

    assert use(1, id_) == use(0, "nonsense") == []
    assert use(0, id_) == [OTHER]
    assert use(0, id_) == []


def test_two_replies_taken_back_let_the_customer_wait_as_long_as_before(house: House) -> None:
    conversation, _ = house.one(letter())
    since = conversation.waiting_since
    assert since is not None
    first, second = _reply(house, conversation, key="a"), _reply(house, conversation, key="b")
    taking_back.take_back(house.session, message=first, actor=house.agents[0])
    assert conversation.waiting_since is None  # the second one still goes out
    taking_back.take_back(house.session, message=second, actor=house.agents[0])
    assert conversation.waiting_since == since


def test_only_its_writer_takes_it_back_and_not_what_was_tried(house: House) -> None:
    conversation, _ = house.one(letter())
    message = _reply(house, conversation, wait=timedelta())
    with pytest.raises(Forbidden):
        taking_back.take_back(house.session, message=message, actor=house.agents[1])
    sending.claim_next(house.session, conversation_id=conversation.id)
    sending.record_transient(house.session, message_id=message.id, reason="Busy.", retry_after_seconds=None)
    assert message.send_state is SendState.QUEUED
    with pytest.raises(Conflict):
        taking_back.take_back(house.session, message=message, actor=house.agents[0])


def test_the_wait_is_ten_seconds_until_it_is_set(session: Session) -> None:
    assert sending_rules.undo_wait(session) == WAIT
    sending_rules.change(session, undo_send_seconds=" 0 ")
    assert sending_rules.undo_wait(session) == timedelta()
    for wrong in ("121", "-1", "", "1.5", "٣", "9" * 40):
        with pytest.raises(Invalid):
            sending_rules.change(session, undo_send_seconds=wrong)
    assert sending_rules.undo_send_seconds(session) == 0


def _reply(
    house: House, conversation: Conversation, *, key: str = "k1", wait: timedelta = WAIT, **more: Any
) -> Message:
    return replies.queue_reply(
        house.session,
        conversation=conversation,
        author=house.agents[0],
        text="Hello",
        client_key=key,
        wait=wait,
        **more,
    )


def _state(house: House, conversation: Conversation) -> tuple[Any, ...]:
    counts = select(DailyCount.messages).where(DailyCount.direction == Direction.OUTBOUND)
    return (
        conversation.messages,
        conversation.preview,
        conversation.last_message_id,
        conversation.waiting_since,
        conversation.status,
        sum(house.session.scalars(counts)),
    )
