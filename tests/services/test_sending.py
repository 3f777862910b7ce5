"""A reply's way out: claimed once, sent in order, and honest about what is not known."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.clock import now
from app.errors import Conflict, Invalid
from app.events import ReplyQueued
from app.models import ChannelState, Conversation, Message, OutboxEvent, SendState, Visibility
from app.services import reconcile, replies, sending
from connectors.base import Receipt
from tests.services.making import House, letter


@pytest.fixture
def house(session: Session, tmp_path: Path) -> House:
    return House(session, tmp_path)


@pytest.fixture
def conversation(house: House) -> Conversation:
    return house.one(letter())[0]


def reply(house: House, conversation: Conversation, text: str = "Hello", key: str = "k1") -> Message:
    return replies.queue_reply(
        house.session, conversation=conversation, author=house.agents[0], text=text, client_key=key
    )


def test_the_same_client_key_is_one_reply(house: House, conversation: Conversation) -> None:
    first, second = reply(house, conversation), reply(house, conversation, "Hello again")
    assert first.id == second.id
    assert conversation.messages == 2


def test_who_answers_takes_the_conversation_and_ends_the_waiting(house: House, conversation: Conversation) -> None:
    reply(house, conversation)
    assert conversation.assignee_id == house.agents[0].id
    assert conversation.waiting_since is None


def test_replies_leave_in_order_and_only_once(house: House, conversation: Conversation) -> None:
    first, second = reply(house, conversation, "one", "a"), reply(house, conversation, "two", "b")
    claim = sending.claim_next(house.session, conversation_id=conversation.id)
    assert claim
    assert claim.message_id == first.id
    assert sending.claim_next(house.session, conversation_id=conversation.id) is None
    sending.record_sent(house.session, message_id=first.id, receipt=Receipt("e1"))
    following = sending.claim_next(house.session, conversation_id=conversation.id)
    assert following
    assert following.message_id == second.id
    assert following.outbound.references[-1] == "e1"


def test_a_reply_to_a_chat_is_named_after_its_first_words(house: House) -> None:
    conversation, _ = house.one(
        letter(subject="", text="Do you have\nthe Meadow 4 in green, and would it fit two tall people and a dog?")
    )
    reply(house, conversation)
    claim = sending.claim_next(house.session, conversation_id=conversation.id)
    assert claim
    assert claim.outbound.subject == "Re: Do you have the Meadow 4 in green, and would it fit two tall people…"


def test_a_dead_senders_reply_is_sent_again_where_that_is_safe(house: House, conversation: Conversation) -> None:
    message = reply(house, conversation)
    first = sending.claim_next(house.session, conversation_id=conversation.id)
    message.claimed_until = now() - timedelta(seconds=1)
    again = sending.claim_next(house.session, conversation_id=conversation.id)
    assert first
    assert again
    assert again.outbound.idempotency_key == first.outbound.idempotency_key


def test_a_refusal_is_final_and_shown(house: House, conversation: Conversation) -> None:
    message = reply(house, conversation)
    sending.claim_next(house.session, conversation_id=conversation.id)
    sending.record_failed(house.session, message_id=message.id, reason="No such mailbox.")
    assert (message.send_state, message.send_error) == (SendState.FAILED, "No such mailbox.")
    replies.retry(house.session, message=message, actor=house.agents[0])
    assert message.send_state is SendState.QUEUED


def test_a_transient_failure_waits_longer_each_time_and_gives_up(house: House, conversation: Conversation) -> None:
    message = reply(house, conversation)
    waits = []
    for _ in range(sending.MAX_ATTEMPTS - 1):
        assert sending.claim_next(house.session, conversation_id=conversation.id)
        sending.record_transient(house.session, message_id=message.id, reason="Busy.", retry_after_seconds=None)
        assert message.send_after is not None
        waits.append((message.send_after - now()).total_seconds())
        assert sending.claim_next(house.session, conversation_id=conversation.id) is None
        message.send_after = None
    assert waits == sorted(waits)
    sending.claim_next(house.session, conversation_id=conversation.id)
    sending.record_transient(house.session, message_id=message.id, reason="Busy.", retry_after_seconds=None)
    assert message.send_state is SendState.FAILED


def test_a_paused_channel_keeps_replies_until_it_is_resumed(house: House, conversation: Conversation) -> None:
    reply(house, conversation)
    house.channel.state = ChannelState.PAUSED
    assert sending.claim_next(house.session, conversation_id=conversation.id) is None
    house.channel.state = ChannelState.ACTIVE
    assert sending.claim_next(house.session, conversation_id=conversation.id)


def test_a_discarded_reply_becomes_a_note(house: House, conversation: Conversation) -> None:
    message = reply(house, conversation)
    with pytest.raises(Conflict):
        replies.discard(house.session, message=message, actor=house.agents[0])
    sending.claim_next(house.session, conversation_id=conversation.id)
    sending.record_failed(house.session, message_id=message.id, reason="No.")
    replies.discard(house.session, message=message, actor=house.agents[0])
    assert message.visibility is Visibility.PRIVATE


def test_a_note_never_leaves(house: House, conversation: Conversation) -> None:
    replies.write_note(house.session, conversation=conversation, author=house.agents[0], text="secret", client_key="n")
    assert sending.claim_next(house.session, conversation_id=conversation.id) is None


def test_an_empty_reply_is_refused(house: House, conversation: Conversation) -> None:
    with pytest.raises(Invalid):
        reply(house, conversation, "  \n ")


def nudged(house: House) -> int:
    """Say how many replies reconcile finds stuck; what it says of other things is told apart by their absence."""
    known = select(func.count()).where(OutboxEvent.name == ReplyQueued.wire_name())
    before = house.session.scalar(known) or 0
    reconcile.reconcile(house.session, older_than=timedelta(seconds=-1))
    return (house.session.scalar(known) or 0) - before


def test_a_stuck_reply_is_nudged_once_in_a_while_and_holds_up_the_younger(
    house: House, conversation: Conversation
) -> None:
    first = reply(house, conversation, "one", "a")
    reply(house, conversation, "two", "b")
    assert [nudged(house), nudged(house)] == [1, 0]
    assert sending.claim_next(house.session, conversation_id=conversation.id)
    assert nudged(house) == 0
    first.claimed_until = now() - timedelta(seconds=1)  # the sender died
    assert nudged(house) == 1


def test_what_a_paused_channel_holds_back_is_not_stuck(house: House, conversation: Conversation) -> None:
    reply(house, conversation)
    house.channel.state = ChannelState.PAUSED
    assert nudged(house) == 0
    house.channel.state = ChannelState.ACTIVE
    assert nudged(house) == 1


def test_a_reply_whose_channel_was_removed_says_so(house: House, conversation: Conversation) -> None:
    message = reply(house, conversation)
    house.channel.state = ChannelState.REMOVED
    assert nudged(house) == 1
    assert sending.claim_next(house.session, conversation_id=conversation.id) is None
    assert (message.send_state, message.send_error) == (SendState.FAILED, sending.REMOVED)


def test_a_reply_that_kills_its_sender_every_time_ends_with_a_person(house: House, conversation: Conversation) -> None:
    message = reply(house, conversation)
    for _ in range(sending.MAX_ATTEMPTS):
        assert sending.claim_next(house.session, conversation_id=conversation.id)
        message.claimed_until = now() - timedelta(seconds=1)
    assert sending.claim_next(house.session, conversation_id=conversation.id) is None
    assert message.send_state is SendState.UNCERTAIN


def test_a_receipt_that_names_another_message_does_not_make_the_reply_go_out_again(
    house: House, conversation: Conversation
) -> None:
    """Our own system behind the API channel may count answers as it counts questions: both have a number 7."""
    asked = house.session.scalars(select(Message).where(Message.conversation_id == conversation.id)).one()
    message = reply(house, conversation)
    assert sending.claim_next(house.session, conversation_id=conversation.id)
    sending.record_sent(house.session, message_id=message.id, receipt=Receipt(str(asked.external_id)))
    house.session.flush()
    assert message.send_state is SendState.SENT
    assert message.external_id not in {None, asked.external_id}


def test_a_receipt_is_kept_as_the_database_can_hold_it(house: House, conversation: Conversation) -> None:
    message = reply(house, conversation)
    assert sending.claim_next(house.session, conversation_id=conversation.id)
    sending.record_sent(house.session, message_id=message.id, receipt=Receipt("a\0b" + "x" * 9_000))
    house.session.flush()
    assert (message.send_state, message.external_id) == (SendState.SENT, "ab" + "x" * 497)  # cut at 500, then the NUL
