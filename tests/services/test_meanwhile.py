"""What counts as news to somebody who was writing a reply."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from app.models import Conversation, Message
from app.services import meanwhile, replies, taking_back
from tests.services.making import House, letter


@pytest.fixture
def house(session: Session, tmp_path: Path) -> House:
    return House(session, tmp_path).by_mail()


def test_the_customers_and_colleagues_words_are_news_but_notes_and_ones_own_are_not(house: House) -> None:
    conversation, seen = house.one(letter())
    assert _news(house, conversation, seen) == []
    _write(house, conversation, author=0, key="own")
    replies.write_note(house.session, conversation=conversation, author=house.agents[1], text="Psst", client_key="note")
    assert _news(house, conversation, seen) == []
    theirs = _write(house, conversation, author=1, key="theirs")
    (again,) = house.arrive(letter(tokens=(conversation.reply_token,)))
    assert _news(house, conversation, seen) == [theirs.id, again.id]
    assert _news(house, conversation, again) == []
    assert _news(house, conversation, seen, key="own") == []  # that reply is there already


def test_what_was_seen_may_have_been_taken_back_since(house: House) -> None:
    conversation, _ = house.one(letter())
    seen = str(_write(house, conversation, author=1, key="gone").public_id)
    gone = conversation.last_message_id
    message = house.session.get_one(Message, gone)
    taking_back.take_back(house.session, message=message, actor=house.agents[1])
    assert _news(house, conversation, seen) == []
    (again,) = house.arrive(letter(tokens=(conversation.reply_token,)))
    assert _news(house, conversation, seen) == [again.id]
    assert _news(house, conversation, "nonsense") == _news(house, conversation, "") == []


def test_in_a_live_chat_only_a_colleagues_words_are_news(house: House) -> None:
    conversation, seen = house.one(letter())
    house.arrive(letter(tokens=(conversation.reply_token,)))
    theirs = _write(house, conversation, author=1, key="theirs")
    house.channel.kind = "webchat"
    house.session.flush()
    assert _news(house, conversation, seen) == [theirs.id]


def _write(house: House, conversation: Conversation, *, author: int, key: str) -> Message:
    return replies.queue_reply(
        house.session, conversation=conversation, author=house.agents[author], text=key, client_key=key
    )


def _news(house: House, conversation: Conversation, seen: Message | str, *, key: str = "k") -> list[int]:
    named = seen if isinstance(seen, str) else str(seen.public_id)
    return meanwhile.news(house.session, conversation=conversation, user=house.agents[0], seen=named, client_key=key)
