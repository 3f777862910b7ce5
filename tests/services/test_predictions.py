"""What the models said is kept once, and moods, latest answers and people follow from it in any order."""

from __future__ import annotations

import random
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import delete, event, func, select
from sqlalchemy.orm import Session

from app.models import (
    Contact,
    Conversation,
    ConversationMood,
    Message,
    MessageEmbedding,
    OutboxEvent,
    Prediction,
    Visibility,
)
from app.services import conversation_moods, predictions
from tests.annotations import Annotated, Reason, Said, felt, unsure
from tests.services.making import House, letter


@pytest.fixture
def house(session: Session, tmp_path: Path) -> House:
    return House(session, tmp_path)


def thread(house: House, size: int) -> tuple[Conversation, list[Message]]:
    """A conversation of so many mails of one customer."""
    first = letter(subject="Order 7")
    conversation, message = house.one(first)
    others = [house.one(letter(subject="Re: Order 7", references=(first.external_id,)))[1] for _ in range(size - 1)]
    assert {other.conversation_id for other in others} <= {conversation.id}
    return conversation, [message, *others]


def moods_of(conversation: Conversation) -> tuple[object, ...]:
    return tuple(
        round(value, 9) if isinstance(value, float) else value
        for value in (
            conversation.mood,
            conversation.mood_start,
            conversation.mood_lowest,
            conversation.mood_slope,
            conversation.has_recovered,
            conversation.sentiment,
            conversation.confidence,
            conversation.emotion,
            conversation.intent,
            conversation.urgency,
        )
    )


def steps(session: Session) -> list[tuple[str, str]]:
    rows = session.scalars(select(OutboxEvent).filter_by(name="mood.changed").order_by(OutboxEvent.id))
    return [(row.payload["was"], row.payload["mood"]) for row in rows]


def test_everything_said_is_kept_with_who_had_the_conversation(house: House, session: Session) -> None:
    conversation, message = house.one(letter(text="The lamp is broken again!"))
    conversation.assignee_id, conversation.team_id = house.agents[0].id, house.team.id
    said = Said(
        "sentiment",
        "negative",
        -0.8,
        0.91,
        labels=(("negative", 0.91), ("neutral", 0.07)),
        probabilities={"negative": 0.91, "neutral": 0.07, "positive": 0.02},
        reasons=(Reason(4, 18, 0.6),),
        head_version=3,
    )
    predictions.record(session, annotations={message.id: Annotated((said,))})
    kept = session.scalars(select(Prediction)).one()
    assert kept.labels == [["negative", 0.91], ["neutral", 0.07]]
    assert kept.probabilities == {"negative": 0.91, "neutral": 0.07, "positive": 0.02}
    assert kept.reasons == [[4, 18, 0.6]]
    assert (kept.head_version, kept.assignee_id, kept.team_id) == (3, house.agents[0].id, house.team.id)
    embedding = session.scalars(select(MessageEmbedding)).one()
    assert list(embedding.embedding)[:2] == [1.0, 0.0]
    assert message.annotated_at is not None


def test_the_same_answers_twice_are_counted_once(house: House, session: Session) -> None:
    conversation, (one, two) = thread(house, 2)
    said = {one.id: felt(-0.8), two.id: felt(-0.6)}
    predictions.record(session, annotations=said)
    before = moods_of(conversation)
    predictions.record(session, annotations={one.id: felt(0.9), two.id: felt(0.9)})
    assert moods_of(conversation) == before
    assert session.scalar(select(func.count()).select_from(Prediction)) == 2


@pytest.mark.parametrize("seed", range(6))
def test_moods_that_moved_message_by_message_equal_those_drawn_from_what_is_stored(
    house: House, session: Session, seed: int
) -> None:
    chance = random.Random(seed)
    conversation, messages = thread(house, 14)
    said = {message.id: _answers(chance) for message in messages}
    messages[3].visibility = Visibility.PRIVATE
    chance.shuffle(messages)
    cuts = sorted({0, len(messages), *(chance.randrange(len(messages)) for _ in range(5))})
    for start, end in pairwise(cuts):
        predictions.record(session, annotations={m.id: said[m.id] for m in messages[start:end]})
    moved = moods_of(conversation)
    session.execute(delete(ConversationMood))
    session.expire_all()
    conversation_moods.redraw(session, conversation, version="1")
    assert moved == moods_of(conversation)


def _answers(chance: random.Random) -> Annotated:
    if chance.random() < 0.25:
        return unsure("sentiment", "emotion", "intent", "urgency")
    more = (
        Said("emotion", chance.choice(["anger", "joy", "none"])),
        Said("intent", chance.choice(["refund_return", "other"])),
        Said("urgency", chance.choice(["low", "high"]), chance.random()),
    )
    return felt(chance.uniform(-1, 1), *chance.sample(more, 2))


def test_what_was_abstained_from_moves_nothing_but_is_kept(house: House, session: Session) -> None:
    conversation, (one, two) = thread(house, 2)
    predictions.record(session, annotations={one.id: felt(-0.8, Said("intent", "refund_return"))})
    before = moods_of(conversation)
    predictions.record(session, annotations={two.id: unsure("sentiment", "intent")})
    assert moods_of(conversation) == before
    assert session.scalar(select(func.count()).where(Prediction.abstained)) == 2


def test_no_emotion_is_an_answer_too(house: House, session: Session) -> None:
    conversation, (one, two) = thread(house, 2)
    predictions.record(session, annotations={one.id: felt(-0.8, Said("emotion", "anger"))})
    assert conversation.emotion == "anger"
    predictions.record(session, annotations={two.id: felt(0.1, Said("emotion", "none"))})
    assert conversation.emotion is None


def test_a_step_is_told_when_the_mood_leaves_it(house: House, session: Session) -> None:
    _, messages = thread(house, 4)
    for message, score in zip(messages, (0.1, -0.9, -0.9, 0.9), strict=True):
        predictions.record(session, annotations={message.id: felt(score)})
    # 0.1 → -0.30 → -0.54 → 0.04
    assert steps(session) == [("even", "rather_bad"), ("rather_bad", "bad"), ("bad", "even")]


def test_a_person_feels_what_their_newest_conversations_say(house: House, session: Session) -> None:
    _, first = house.one(letter(subject="One"))
    _, second = house.one(letter(subject="Two"))
    predictions.record(session, annotations={first.id: felt(-0.8)})
    contact = session.get_one(Contact, first.contact_id)
    assert contact.mood == pytest.approx(-0.8)
    predictions.record(session, annotations={second.id: felt(0.8)})
    assert contact.mood == pytest.approx((0.8 - 0.6 * 0.8) / 1.6)


def test_the_next_message_of_a_very_long_conversation_reads_none_of_the_others(house: House, session: Session) -> None:
    conversation, messages = thread(house, 40)
    predictions.record(session, annotations={message.id: felt(-0.2) for message in messages[:-1]})
    rows = _rows_read(session)
    predictions.record(session, annotations={messages[-1].id: felt(0.4)})
    assert conversation.mood is not None
    assert conversation.mood > -0.2
    assert len(rows) > 5
    assert max(rows) <= 2  # a row each of conversation, contact, message, line, inbox …


def _rows_read(session: Session) -> list[int]:
    """Collect how many rows each statement from now on brings."""
    found: list[int] = []

    def hear(_connection: object, cursor: object, *_rest: object) -> None:
        found.append(getattr(cursor, "rowcount", 0))

    event.listen(session.get_bind(), "after_cursor_execute", hear)
    return found
