"""What a customer deleted stays stored, and nothing works with its words any more."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import Conversation, Message, MessageEmbedding, Subject
from app.queries import conversation_search
from app.services import ask_material, asks, corrections, lessons, predictions, rescoring
from connectors.base import Identity, InboundMessage
from tests.annotations import Said, felt
from tests.services.making import NOON, House

ANA = Identity("handle", "ana", "Ana")
WORDS = "My zeppelin is late"


@pytest.fixture
def house(session: Session, tmp_path: Path) -> House:
    return House(session, tmp_path)


@pytest.fixture
def message(house: House) -> Message:
    """A message that was understood, and corrected by a person."""
    _, message = house.one(InboundMessage(external_id="m1", sender=ANA, text=WORDS, thread_key="t1"))
    said = Said("intent", "delivery_problem")
    predictions.record(house.session, annotations={message.id: felt(-0.9, said)})
    corrections.correct(house.session, message=message, task="sentiment", labels=["neutral"], actor=house.agents[0])
    return message


def delete(house: House) -> None:
    change = InboundMessage(
        external_id="d1", sender=ANA, kind="delete", target="m1", sent_at=NOON + timedelta(minutes=1)
    )
    house.arrive(change)


def found(house: House, words: str) -> int:
    query = select(Conversation.id).where(*conversation_search.conditions(words))
    return len(house.session.scalars(query).all())


def told(house: House, message: Message) -> tuple[str, ...]:
    conversation = house.session.get_one(Conversation, message.conversation_id)
    ask = asks.ask(house.session, user=house.agents[0], conversation=conversation, kind="summary")
    return tuple(one.text for one in ask_material.read(house.session, ask=ask).told)


def learned(house: House) -> int:
    return len(lessons.of_corrections(house.session, Subject.SENTIMENT, model_version="1"))


def embedded(house: House) -> int:
    return len(house.session.scalars(select(MessageEmbedding.message_id)).all())


def test_its_words_stay_and_are_used_no_more(house: House, message: Message) -> None:
    before = (found(house, "zeppelin"), told(house, message), learned(house), embedded(house))
    assert before == (1, (WORDS,), 1, 1)
    delete(house)
    assert message.text == WORDS
    after = (found(house, "zeppelin"), told(house, message), learned(house), embedded(house))
    assert after == (0, (), 0, 0)


def test_it_is_not_read_again_by_a_new_model(house: House, message: Message) -> None:
    delete(house)
    _, other = house.one(InboundMessage(external_id="m2", sender=ANA, text="Thanks", thread_key="t1"))
    predictions.record(house.session, annotations={other.id: felt(0.5)})
    predictions.take_up(house.session, model_id="test", version="2")
    portion = rescoring.next_texts(house.session, conversation_id=message.conversation_id, version="2")
    assert portion is not None
    assert list(portion.texts.values()) == ["Thanks"]


def test_its_conversation_shows_nothing_of_what_was_understood(house: House, message: Message) -> None:
    delete(house)
    conversation = house.session.get_one(Conversation, message.conversation_id)
    assert (conversation.mood, conversation.sentiment, conversation.intent) == (None, None, None)
    assert conversation.preview == "Deleted by its writer"
