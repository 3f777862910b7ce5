"""The breaker of automatic mails: the one door, and what it keeps in."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from app.clock import now
from app.errors import Conflict
from app.models import Conversation, Message
from app.services import automatic_mail, replies
from tests.services.making import House, letter


@pytest.fixture
def house(session: Session, tmp_path: Path) -> House:
    return House(session, tmp_path).by_mail()


def without_author(house: House, conversation: Conversation, key: str) -> Message:
    """A caller that forgot to say that nobody wrote it."""
    return replies.queue_reply(house.session, conversation=conversation, author=None, text="Hello", client_key=key)


def test_what_has_no_author_is_automatic_whoever_asks(house: House) -> None:
    conversation, _ = house.one(letter(sent_at=now()))
    queued = without_author(house, conversation, "k")
    assert queued.auto == automatic_mail.AUTOMATIC
    assert conversation.waiting_since is not None, "the customer still waits for a person"


@pytest.mark.parametrize("age", [timedelta(days=2), timedelta(days=400)])
def test_an_old_message_is_not_answered_by_a_machine(house: House, age: timedelta) -> None:
    """What an old folder holds, a mailbox just connected, a backup played back."""
    conversation, message = house.one(letter(sent_at=now() - age))
    assert not automatic_mail.may_answer(house.session, message=message)
    with pytest.raises(Conflict):
        without_author(house, conversation, "k")


def test_a_robot_is_not_answered_whatever_the_caller_says(house: House) -> None:
    house.one(letter(sent_at=now() - timedelta(hours=1)))
    conversation, _ = house.one(letter(sent_at=now(), auto="auto_reply", references=()))
    with pytest.raises(Conflict):
        without_author(house, conversation, "k")
