"""How long a conversation sleeps: until a time, until the customer answers, or through that."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.clock import now
from app.errors import Invalid
from app.models import Activity, Conversation, Status
from app.services import conversation_moods, conversations
from app.services.moods import MoodStep
from tests.services.making import House, letter


@pytest.fixture
def house(session: Session, tmp_path: Path) -> House:
    return House(session, tmp_path)


def snoozed(house: House, *, hours: float | None, through: bool = False) -> tuple[Conversation, str]:
    conversation, message = house.one(letter())
    until = now() + timedelta(hours=hours) if hours is not None else None
    conversations.set_status(
        house.session,
        conversation=conversation,
        actor=house.agents[0],
        status=Status.SNOOZED,
        until=until,
        sleeps_through=through,
    )
    return conversation, message.external_id or ""


def test_until_they_answer_has_no_end_but_their_answer(house: House) -> None:
    conversation, said = snoozed(house, hours=None)
    assert conversations.wake_due(house.session) == 0
    assert (conversation.status, conversation.snoozed_until) == (Status.SNOOZED, None)
    house.one(letter(in_reply_to=said))
    assert conversation.status is Status.OPEN


def test_one_that_sleeps_on_waits_for_its_end_or_a_fall_of_the_mood(house: House) -> None:
    conversation, said = snoozed(house, hours=5, through=True)
    house.one(letter(in_reply_to=said))
    assert conversation.status is Status.SNOOZED
    assert conversation.waiting_since is not None
    conversation.mood = 0.0
    conversation_moods.tell_steps(house.session, [conversation], {conversation.id: MoodStep.RATHER_BAD})
    assert conversation.status is Status.SNOOZED  # it rose
    conversation.mood = -0.9
    conversation_moods.tell_steps(house.session, [conversation], {conversation.id: MoodStep.EVEN})
    assert (conversation.status, conversation.snoozed_until, conversation.sleeps_through) == (Status.OPEN, None, False)
    lines = house.session.scalars(select(Activity.verb).where(Activity.conversation_id == conversation.id))
    assert "conversation.woke_by_mood" in set(lines)


def test_a_fall_wakes_none_that_sleeps_the_usual_way(house: House) -> None:
    conversation, _ = snoozed(house, hours=5)
    conversation.mood = -0.9
    conversation_moods.tell_steps(house.session, [conversation], {conversation.id: MoodStep.EVEN})
    assert conversation.status is Status.SNOOZED


@pytest.mark.parametrize(("hours", "through"), [(-1, False), (None, True)])
def test_a_snooze_needs_an_end_that_can_come(house: House, hours: float | None, through: bool) -> None:
    with pytest.raises(Invalid):
        snoozed(house, hours=hours, through=through)
