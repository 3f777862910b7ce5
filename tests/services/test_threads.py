"""Which conversation a message lands in."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import Activity, Channel, Conversation, Delivery, DeliveryState, Inbox, Message, Status
from app.services import conversations, replies, sending
from connectors.base import Identity, InboundMessage, Receipt
from tests.services.making import House, letter


@pytest.fixture
def house(session: Session, tmp_path: Path) -> House:
    return House(session, tmp_path)


def test_an_answer_finds_its_conversation_by_what_it_answers(house: House) -> None:
    first, message = house.one(letter())
    again, _ = house.one(letter(in_reply_to=message.external_id))
    assert again.id == first.id
    assert again.messages == 2


def test_the_nearest_reference_decides(house: House) -> None:
    _, old = house.one(letter())
    newer, recent = house.one(letter())
    found, _ = house.one(letter(references=(old.external_id, recent.external_id)))
    assert found.id == newer.id


def test_the_same_subject_is_not_a_thread(house: House) -> None:
    first, _ = house.one(letter(subject="Re: Order"))
    second, _ = house.one(letter(subject="Re: Order"))
    assert first.id != second.id


def test_a_reply_token_finds_the_conversation(house: House) -> None:
    first, _ = house.one(letter())
    again, _ = house.one(letter(tokens=(first.reply_token,)))
    assert again.id == first.id


def test_a_stranger_who_quotes_a_token_is_kept_apart_and_both_sides_say_so(house: House) -> None:
    first, _ = house.one(letter())
    apart, message = house.one(letter("mallory@evil.example", tokens=(first.reply_token,)))
    assert apart.id != first.id
    assert apart.related_id == first.id
    assert not message.is_verified
    lines = house.session.scalars(select(Activity))
    assert {line.conversation_id: line.verb for line in lines} == {
        apart.id: "conversation.related",
        first.id: "conversation.stranger_kept_apart",
    }


def test_the_strangers_next_mail_goes_to_their_own_conversation(house: House) -> None:
    _, original = house.one(letter())
    apart, theirs = house.one(letter("mallory@evil.example", references=(original.external_id,)))
    found, _ = house.one(letter("mallory@evil.example", references=(original.external_id, theirs.external_id)))
    assert found.id == apart.id


def test_somebody_named_in_the_conversation_may_join(house: House) -> None:
    first, message = house.one(letter(cc=("boss@example.com",)))
    joined, _ = house.one(letter("boss@example.com", in_reply_to=message.external_id))
    assert joined.id == first.id


def test_somebody_named_earlier_in_the_same_batch_may_join(house: House) -> None:
    first = letter(cc=("boss@example.com",))
    messages = house.arrive(first, letter("boss@example.com", in_reply_to=first.external_id))
    assert messages[0].conversation_id == messages[1].conversation_id


def test_an_original_that_arrives_after_its_answer_joins_it(house: House) -> None:
    answer, _ = house.one(letter(references=("root@example.com",)))
    found, _ = house.one(letter(external_id="root@example.com"))
    assert found.id == answer.id


def test_an_answer_in_the_same_batch_finds_its_conversation(house: House) -> None:
    first = letter()
    messages = house.arrive(first, letter(in_reply_to=first.external_id), letter("zoe@example.com"))
    ids = [message.conversation_id for message in messages]
    assert ids[0] == ids[1] != ids[2]


def test_an_answer_to_our_reply_comes_back(house: House) -> None:
    conversation, _ = house.one(letter())
    reply = replies.queue_reply(
        house.session, conversation=conversation, author=house.agents[0], text="Hi!", client_key="k"
    )
    claim = sending.claim_next(house.session, conversation_id=conversation.id)
    assert claim
    assert claim.outbound.reply_token == conversation.reply_token
    sending.record_sent(house.session, message_id=reply.id, receipt=Receipt("ours@acme.example"))
    found, _ = house.one(letter(in_reply_to="ours@acme.example"))
    assert found.id == conversation.id
    assert house.arrive(letter("support@acme.example", external_id="ours@acme.example", text="Hi! (copy)")) == []


def test_another_inbox_is_another_world(house: House) -> None:
    first, message = house.one(letter())
    inbox = Inbox(name="Sales")
    house.session.add(inbox)
    house.session.flush()
    channel = Channel(inbox_id=inbox.id, kind="sandbox", name="Other", token="other", sealed=house.channel.sealed)
    house.session.add(channel)
    house.session.flush()
    (other,) = house.arrive(letter(in_reply_to=message.external_id, tokens=(first.reply_token,)), channel=channel)
    assert other.conversation_id != first.id


def test_the_channels_own_thread_is_kept(house: House) -> None:
    visitor = Identity("visitor", "v1")
    first, _ = house.one(InboundMessage(external_id="1", sender=visitor, text="Hi", thread_key="v1"))
    again, _ = house.one(InboundMessage(external_id="2", sender=visitor, text="Still here", thread_key="v1"))
    assert again.id == first.id


def test_a_resolved_conversation_opens_again_when_the_customer_writes(house: House) -> None:
    conversation, message = house.one(letter())
    conversations.set_status(house.session, conversation=conversation, actor=house.agents[0], status=Status.RESOLVED)
    house.one(letter(in_reply_to=message.external_id))
    assert conversation.status is Status.OPEN
    assert conversation.waiting_since is not None


@pytest.mark.parametrize("auto", ["auto_reply", "bounce"])
def test_an_automatic_mail_neither_opens_nor_waits(house: House, auto: str) -> None:
    conversation, message = house.one(letter())
    conversations.set_status(house.session, conversation=conversation, actor=house.agents[0], status=Status.RESOLVED)
    house.one(letter(in_reply_to=message.external_id, auto=auto))
    assert conversation.status is Status.RESOLVED
    assert conversation.waiting_since is None


def test_what_was_seen_before_is_a_duplicate(house: House) -> None:
    first = letter()
    house.arrive(first)
    assert house.arrive(first) == []
    states = house.session.scalars(select(Delivery.state).order_by(Delivery.id)).all()
    assert list(states) == [DeliveryState.INGESTED, DeliveryState.DUPLICATE]
    assert len(house.session.scalars(select(Message)).all()) == 1
    assert len(house.session.scalars(select(Conversation)).all()) == 1


def test_other_words_under_a_known_id_are_another_message(house: House) -> None:
    first = letter(external_id="same@example.com", text="First")
    second = letter(external_id="same@example.com", text="Second")
    forged = letter("mallory@evil.example", external_id="same@example.com", text="First")
    assert len(house.arrive(first)) == 1
    assert len(house.arrive(second, forged, first)) == 2
    assert house.arrive(second, forged, first) == []
    assert sorted(house.session.scalars(select(Message.text))) == ["First", "First", "Second"]


def test_the_same_mail_in_two_inboxes_is_seen_in_both(house: House) -> None:
    inbox = Inbox(name="Sales")
    house.session.add(inbox)
    house.session.flush()
    channel = Channel(inbox_id=inbox.id, kind="sandbox", name="Other", token="other", sealed=house.channel.sealed)
    house.session.add(channel)
    house.session.flush()
    said = letter()
    house.arrive(said)
    assert len(house.arrive(said, channel=channel)) == 1
