"""Questions to the models: stored, answered once, forgotten; and what a screen may ask."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app.clock import now
from app.errors import Invalid, NotFound
from app.events import AskAnswered, AskAsked
from app.models import Ask, AskKind, AskState, Conversation, Inbox, OutboxEvent, User
from app.services import access, asks
from tests.services.making import House, letter

DRAFT = "My card is 4111 1111 1111 1111."


@pytest.fixture
def house(session: Session, tmp_path: Path) -> House:
    return House(session, tmp_path)


@pytest.fixture
def conversation(house: House) -> Conversation:
    return house.one(letter(text="Where is my parcel?"))[0]


def told(session: Session, kind: type[AskAsked | AskAnswered]) -> list[OutboxEvent]:
    return list(session.scalars(select(OutboxEvent).where(OutboxEvent.name == kind.wire_name())))


def test_a_question_is_stored_with_its_event(session: Session, house: House, conversation: Conversation) -> None:
    ask = asks.ask(session, user=house.agents[0], conversation=conversation, kind="tone", draft=DRAFT)
    assert ask.state is AskState.WAITING
    assert ask.question["text"] == DRAFT
    assert [event.payload for event in told(session, AskAsked)] == [{"ask_id": ask.id}]
    assert [one.id for one in asks.waiting(session, limit=5)] == [ask.id]


def test_what_is_not_known_cannot_be_asked(session: Session, house: House, conversation: Conversation) -> None:
    with pytest.raises(Invalid):
        asks.ask(session, user=house.agents[0], conversation=conversation, kind="horoscope")


def test_an_answer_takes_the_draft_out_and_tells_who_asked_once(
    session: Session, house: House, conversation: Conversation
) -> None:
    ask = asks.ask(session, user=house.agents[0], conversation=conversation, kind="tone", draft=DRAFT)
    for hints in ([], [{"kind": "cold"}]):  # the job may run twice
        asks.record_answer(session, ask_id=ask.id, answer={"hints": hints})
    session.refresh(ask)
    assert ask.state is AskState.ANSWERED
    assert ask.answer == {"hints": []}
    assert "4111" not in str(ask.question)
    (event,) = told(session, AskAnswered)
    assert event.payload == {
        "ask_id": ask.id,
        "ask": str(ask.public_id),
        "user": str(house.agents[0].public_id),
        "conversation": str(conversation.public_id),
    }


def test_a_newer_question_takes_the_place_of_an_older_one(
    session: Session, house: House, conversation: Conversation
) -> None:
    first = asks.ask(session, user=house.agents[0], conversation=conversation, kind="tone", draft="one")
    other = asks.ask(session, user=house.agents[1], conversation=conversation, kind="tone", draft="of a colleague")
    second = asks.ask(session, user=house.agents[0], conversation=conversation, kind="tone", draft="two")
    assert set(session.scalars(select(Ask.id))) == {other.id, second.id}
    asks.record_answer(session, ask_id=first.id, answer={})  # too late, and harmless
    assert told(session, AskAnswered) == []


def test_what_was_asked_already_is_not_asked_again_until_something_is_said(
    session: Session, house: House, conversation: Conversation
) -> None:
    def ask() -> Ask:
        return asks.ask(session, user=house.agents[0], conversation=conversation, kind="summary")

    first = ask()
    assert ask().id == first.id
    asks.record_answer(session, ask_id=first.id, answer={"excerpts": []})
    session.refresh(first)
    assert ask().id == first.id
    conversation.last_message_id = (conversation.last_message_id or 0) + 1
    assert ask().id != first.id


def test_a_failed_question_is_asked_anew(session: Session, house: House, conversation: Conversation) -> None:
    first = asks.ask(session, user=house.agents[0], conversation=conversation, kind="summary")
    asks.record_failure(session, ask_id=first.id, reason="No.")
    session.refresh(first)
    assert asks.ask(session, user=house.agents[0], conversation=conversation, kind="summary").id != first.id


def test_what_got_lost_is_asked_again_and_given_up_in_the_end(
    session: Session, house: House, conversation: Conversation
) -> None:
    ask = asks.ask(session, user=house.agents[0], conversation=conversation, kind="summary")
    assert asks.nudge(session, older_than=timedelta(seconds=60)) == 0
    assert asks.nudge(session, older_than=timedelta(seconds=-1)) == 1
    assert len(told(session, AskAsked)) == 2
    session.execute(update(Ask).values(created_at=now() - asks.GIVE_UP))
    assert asks.nudge(session, older_than=timedelta(seconds=5)) == 0
    session.refresh(ask)
    assert (ask.state, ask.reason) == (AskState.FAILED, asks.NOBODY_ANSWERED)
    assert len(told(session, AskAnswered)) == 1


def test_old_questions_are_forgotten(session: Session, house: House, conversation: Conversation) -> None:
    old = asks.ask(session, user=house.agents[0], conversation=conversation, kind="summary")
    session.execute(update(Ask).where(Ask.id == old.id).values(created_at=now() - timedelta(hours=2)))
    asks.ask(session, user=house.agents[0], conversation=conversation, kind="questions")
    asks.purge(session)
    assert session.scalars(select(Ask.kind)).all() == [AskKind.QUESTIONS]


def test_an_answer_is_for_who_asked_and_only_while_they_see_the_conversation(
    session: Session, house: House, conversation: Conversation
) -> None:
    ana, ben = house.agents
    ask = asks.ask(session, user=ana, conversation=conversation, kind="summary")
    assert access.ask_for(session, ana, ask.public_id).id == ask.id
    for other in (ben, house.admin):
        with pytest.raises(NotFound):
            access.ask_for(session, other, ask.public_id)
    elsewhere = Inbox(name="Elsewhere")
    session.add(elsewhere)
    session.flush()
    conversation.inbox_id = elsewhere.id
    session.flush()
    with pytest.raises(NotFound):
        access.ask_for(session, ana, ask.public_id)


def test_deleting_a_user_deletes_what_they_asked(session: Session, conversation: Conversation) -> None:
    user = User(email="temp@acme.example", name="Temp")
    session.add(user)
    session.flush()
    asks.ask(session, user=user, conversation=conversation, kind="summary")
    session.delete(user)
    session.flush()
    assert session.scalar(select(func.count()).select_from(Ask)) == 0
