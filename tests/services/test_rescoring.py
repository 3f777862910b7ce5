"""A new model reads old messages again behind new ones, and a conversation changes only when all of it has been read."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.models import (
    Conversation,
    ConversationMood,
    Message,
    MessageEmbedding,
    OutboxEvent,
    Prediction,
    SentimentCount,
)
from app.services import predictions, rescoring
from tests.annotations import Said, felt
from tests.services.making import NOON, House, letter


@pytest.fixture
def house(session: Session, tmp_path: Path) -> House:
    house = House(session, tmp_path)
    predictions.take_up(session, model_id="test", version="1")
    return house


def thread(house: House, size: int) -> tuple[Conversation, list[Message]]:
    first = letter(subject="Order 7")
    conversation, message = house.one(first)
    replies = [letter(subject="Re: Order 7", references=(first.external_id,)) for _ in range(size - 1)]
    return conversation, [message, *(house.one(reply)[1] for reply in replies)]


def read_again(session: Session, conversation: Conversation, *, score: float = 0.8, version: str = "2") -> int:
    """Do what the job does until the conversation is done; return how many messages were read."""
    read = 0
    while portion := rescoring.next_texts(session, conversation_id=conversation.id, version=version):
        rescoring.keep(
            session, portion=portion, annotations={id_: felt(score, version=version) for id_ in portion.texts}
        )
        read += len(portion.texts)
        if not portion.texts:
            break
    return read


def test_nothing_is_due_while_one_model_has_said_everything(house: House, session: Session) -> None:
    conversation, messages = thread(house, 2)
    predictions.record(session, annotations={message.id: felt(-0.5) for message in messages})
    assert rescoring.due(session, limit=10) == []
    predictions.take_up(session, model_id="test", version="2")
    assert rescoring.due(session, limit=10) == [conversation.id]
    assert not rescoring.is_in_use(session, version="1")


def test_conversations_written_in_last_are_due_first(house: House, session: Session) -> None:
    made = [house.one(letter(sender=f"{name}@example.com", subject=name)) for name in ("a", "b", "c")]
    for hours, (conversation, message) in zip((2, 9, 5), made, strict=True):
        predictions.record(session, annotations={message.id: felt(-0.5)})
        conversation.last_message_at = NOON + timedelta(hours=hours)
    predictions.take_up(session, model_id="test", version="2")
    assert rescoring.due(session, limit=2) == [made[1][0].id, made[2][0].id]


def test_a_conversation_shows_the_old_answers_until_all_has_been_read_again(house: House, session: Session) -> None:
    size = rescoring.TEXTS + 5
    conversation, messages = thread(house, size)
    predictions.record(session, annotations={m.id: felt(-0.6, Said("intent", "refund_return")) for m in messages})
    predictions.take_up(session, model_id="test", version="2")
    portion = rescoring.next_texts(session, conversation_id=conversation.id, version="2")
    assert portion is not None
    assert list(portion.texts) == [message.id for message in reversed(messages)][: rescoring.TEXTS]  # newest first
    rescoring.keep(session, portion=portion, annotations={id_: felt(0.8, version="2") for id_ in portion.texts})
    assert (conversation.mood_version, conversation.sentiment, conversation.intent) == (
        "1",
        "negative",
        "refund_return",
    )
    assert conversation.mood == pytest.approx(-0.6)
    assert read_again(session, conversation) == 5
    assert (conversation.mood_version, conversation.sentiment, conversation.intent) == ("2", "positive", None)
    assert conversation.mood == pytest.approx(0.8)
    lines = session.execute(select(ConversationMood.model_version, ConversationMood.mood).order_by("model_version"))
    assert [(version, round(mood or 0, 6)) for version, mood in lines] == [("1", -0.6), ("2", 0.8)]
    assert rescoring.due(session, limit=10) == []


def test_both_models_answers_are_kept_and_counted_each_on_its_own(house: House, session: Session) -> None:
    conversation, (one, two) = thread(house, 2)
    conversation.assignee_id = house.agents[0].id
    predictions.record(session, annotations={one.id: felt(-0.6), two.id: felt(-0.6)})
    conversation.assignee_id = house.agents[1].id
    read_again(session, conversation)
    told = session.execute(select(Prediction.model_version, func.count()).group_by(Prediction.model_version))
    assert {row[0]: row[1] for row in told} == {"1": 2, "2": 2}
    assert set(session.scalars(select(Prediction.assignee_id))) == {house.agents[0].id}  # who had it then
    assert set(session.scalars(select(MessageEmbedding.model_version))) == {"2"}
    counted = select(SentimentCount.model_version, func.sum(SentimentCount.messages)).group_by(
        SentimentCount.model_version
    )
    assert {version: int(total) for version, total in session.execute(counted)} == {"1": 2, "2": 2}


def test_a_new_message_meanwhile_moves_labels_at_once_and_the_mood_when_all_is_read(
    house: House, session: Session
) -> None:
    conversation, (one, two) = thread(house, 2)
    predictions.record(session, annotations={one.id: felt(-0.6)})
    predictions.record(session, annotations={two.id: felt(0.9, Said("urgency", "high", 0.9), version="2")})
    assert conversation.mood == pytest.approx(-0.6)
    assert (conversation.sentiment, conversation.urgency) == ("positive", "high")
    assert rescoring.due(session, limit=9) == [conversation.id]
    assert read_again(session, conversation, score=0.1) == 1
    assert conversation.mood == pytest.approx(0.1 + 0.4 * 0.8)


def test_two_annotators_do_not_read_the_same_conversation(house: House, session: Session) -> None:
    conversation, (message,) = thread(house, 1)
    predictions.record(session, annotations={message.id: felt(-0.6)})
    predictions.take_up(session, model_id="test", version="2")
    first = rescoring.next_texts(session, conversation_id=conversation.id, version="2")
    assert first is not None
    assert rescoring.next_texts(session, conversation_id=conversation.id, version="2") is None
    assert rescoring.due(session, limit=9) == []
    row = session.get_one(ConversationMood, (conversation.id, "2"))
    row.claimed_until = NOON - timedelta(days=1)  # its annotator died
    session.flush()
    assert rescoring.due(session, limit=9) == [conversation.id]
    assert read_again(session, conversation) == 1


def test_what_an_older_annotator_still_said_is_read_again_too(house: House, session: Session) -> None:
    conversation, (one, two, three) = thread(house, 3)
    predictions.record(session, annotations={one.id: felt(-0.6), two.id: felt(-0.6)})
    portion = rescoring.next_texts(session, conversation_id=conversation.id, version="2")
    assert portion is not None
    rescoring.keep(session, portion=portion, annotations={id_: felt(0.8, version="2") for id_ in portion.texts})
    predictions.record(session, annotations={three.id: felt(-0.6)})
    assert read_again(session, conversation) == 1
    assert session.scalar(select(func.count()).where(Prediction.model_version == "2")) == 3


def test_giving_way_loses_nothing(house: House, session: Session) -> None:
    conversation, messages = thread(house, 4)
    predictions.record(session, annotations={m.id: felt(-0.6) for m in messages})
    portion = rescoring.next_texts(session, conversation_id=conversation.id, version="2")
    assert portion is not None
    rescoring.keep(session, portion=portion, annotations={messages[3].id: felt(0.8, version="2")})
    assert read_again(session, conversation) == 3


def test_another_model_is_no_change_of_mood_for_anybody_who_waits_for_one(house: House, session: Session) -> None:
    conversation, (message,) = thread(house, 1)
    predictions.record(session, annotations={message.id: felt(-0.6)})
    told = select(OutboxEvent.name).order_by(OutboxEvent.id)
    before = session.scalars(told).all()
    read_again(session, conversation, score=0.8)
    assert session.scalars(told).all() == [*before, "conversation.changed"]  # the list shows another badge
