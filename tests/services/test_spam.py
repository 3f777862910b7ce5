"""Spam and blocked senders: nothing happens by itself, nothing is lost, and all of it can be undone."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.clock import now
from app.errors import Conflict, Forbidden, Invalid
from app.models import Activity, BlockedSender, Conversation, Message, Status, User
from app.models.blocked_sender import DOMAIN
from app.services import blocking, conversations, replies, routing, rule_book, scheduled_replies, spam
from app.services.outgoing import Outgoing
from tests.services.making import House, letter


@pytest.fixture
def house(session: Session, tmp_path: Path) -> House:
    return House(session, tmp_path).by_mail()


@pytest.fixture
def ana(house: House) -> User:
    agent: User = house.agents[0]
    return agent


def blocked(house: House, ana: User, conversation: Conversation, key: str) -> BlockedSender:
    kind = "email" if "@" in key else DOMAIN
    return blocking.block(house.session, actor=ana, conversation=conversation, kind=kind, address=key)


def verbs(house: House, conversation: Conversation) -> list[str]:
    query = select(Activity.verb).where(Activity.conversation_id == conversation.id).order_by(Activity.id)
    return list(house.session.scalars(query))


@pytest.mark.parametrize("was", [Status.OPEN, Status.PENDING, Status.RESOLVED])
def test_what_is_taken_out_of_spam_is_as_it_was(house: House, ana: User, was: Status) -> None:
    conversation, _ = house.one(letter())
    conversations.set_status(house.session, conversation=conversation, actor=ana, status=was)
    waited = conversation.waiting_since
    spam.mark(house.session, conversation=conversation, actor=ana)
    spam.mark(house.session, conversation=conversation, actor=ana)
    assert (conversation.status, conversation.waiting_since) == (Status.SPAM, None)
    spam.unmark(house.session, conversation=conversation, actor=ana)
    spam.unmark(house.session, conversation=conversation, actor=ana)
    assert (conversation.status, conversation.waiting_since) == (was, waited)
    told = verbs(house, conversation)
    assert (told.count("conversation.marked_spam"), told.count("conversation.unmarked_spam")) == (1, 1)


def test_messages_in_spam_open_nothing_until_it_is_taken_out(house: House, ana: User) -> None:
    conversation, said = house.one(letter())
    conversations.set_status(house.session, conversation=conversation, actor=ana, status=Status.RESOLVED)
    spam.mark(house.session, conversation=conversation, actor=ana)
    again, more = house.one(letter(in_reply_to=said.external_id))
    assert (again, again.status, again.waiting_since, again.messages) == (conversation, Status.SPAM, None, 2)
    spam.unmark(house.session, conversation=conversation, actor=ana)
    assert (conversation.status, conversation.waiting_since) == (Status.OPEN, more.created_at)


def test_no_rule_runs_and_no_reply_leaves_in_spam(house: House, ana: User) -> None:
    session = house.session
    rule_book.add(
        session,
        name="All are urgent",
        conditions={"match": "all", "of": [{"field": "automatic", "operator": "is", "value": False}]},
        actions=[{"do": "set_priority", "value": "urgent"}],
    )
    conversation, message = house.one(letter())
    other, second = house.one(letter(sender="other@example.com"))
    later = scheduled_replies.schedule(
        session,
        conversation=conversation,
        author=ana,
        out=Outgoing("On Monday.", "k" * 32),
        due_at=now() + timedelta(hours=1),
    )
    assert later is not None
    spam.mark(session, conversation=conversation, actor=ana)
    routing.route(session, message_ids=[message.id, second.id])
    assert (conversation.priority.value, other.priority.value) == ("normal", "urgent")
    with pytest.raises(Invalid, match="spam"):
        replies.queue_reply(session, conversation=conversation, author=ana, text="Hello", client_key="j" * 32)
    later.due_at = now() - timedelta(minutes=1)
    assert scheduled_replies.release(session, scheduled_id=later.id) is None
    assert "spam" in later.held_reason
    assert conversation.status is Status.SPAM


def test_a_blocked_sender_is_caught_counted_and_let_through_again(house: House, ana: User) -> None:
    first, _ = house.one(letter())
    block = blocked(house, ana, first, "mia@example.com")
    assert first.status is Status.SPAM
    with pytest.raises(Conflict):
        blocked(house, ana, first, "mia@example.com")
    second, said = house.one(letter())
    third, _ = house.one(letter(sender="tom@example.com"))
    assert (second.status, second.waiting_since, third.status) == (Status.SPAM, None, Status.OPEN)
    assert house.session.get_one(Message, said.id).text == said.text
    house.session.refresh(block)
    assert (block.caught, block.last_caught_at is not None) == (1, True)
    assert blocking.unblock(house.session, blocked=block, actor=ana, bring_back=True) == 2
    assert (first.status, second.status, second.waiting_since) == (Status.OPEN, Status.OPEN, said.created_at)
    assert verbs(house, first)[-1] == "sender.unblocked"
    fourth, _ = house.one(letter())
    assert fourth.status is Status.OPEN


def test_what_was_marked_by_hand_stays_when_its_sender_is_unblocked(house: House, ana: User) -> None:
    first, _ = house.one(letter())
    spam.mark(house.session, conversation=first, actor=ana)
    block = blocked(house, ana, first, "mia@example.com")
    second, _ = house.one(letter())
    assert blocking.unblock(house.session, blocked=block, actor=ana, bring_back=False) == 0
    assert (first.status, second.status) == (Status.SPAM, Status.SPAM)


def test_a_domain_catches_all_who_write_from_there_and_no_other(house: House, ana: User) -> None:
    first, _ = house.one(letter(sender="a@bad.example"))
    with pytest.raises(Forbidden):
        blocked(house, ana, first, "bad.example")
    block = blocked(house, house.admin, first, "bad.example")
    caught = [house.one(letter(sender=sender))[0].status for sender in ("b@bad.example", "c@BAD.example")]
    free = [house.one(letter(sender=sender))[0].status for sender in ("b@notbad.example", "b@bad.example.org")]
    assert (caught, free) == ([Status.SPAM] * 2, [Status.OPEN] * 2)
    house.session.refresh(block)
    assert block.caught == 2


def test_only_their_own_addresses_can_be_blocked_and_never_our_domain(house: House, ana: User) -> None:
    first, _ = house.one(letter(sender="colleague@acme.example"))
    for key in ("stranger@example.com", "acme.example", "example.com"):
        with pytest.raises(Invalid):
            blocked(house, house.admin, first, key)
    assert first.status is Status.OPEN


def test_a_blocked_sender_in_somebody_elses_conversation_does_not_hide_it(house: House, ana: User) -> None:
    theirs, _ = house.one(letter(sender="bad@example.com"))
    ours, said = house.one(letter(cc=("bad@example.com",)))
    blocked(house, ana, theirs, "bad@example.com")
    again, _ = house.one(letter(sender="bad@example.com", in_reply_to=said.external_id))
    assert again is ours
    assert ours.status is Status.OPEN
