"""Sending later, to more people, from another address, and after something new came in: as the pages offer it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.clock import now
from app.db import reading, transaction
from app.models import (
    Channel,
    Conversation,
    Direction,
    Inbox,
    Message,
    ScheduledReply,
    ScheduledState,
    Status,
    User,
    Visibility,
)
from app.services import recipients, replies
from tests.inbox_house import Seeded, part, seeded
from tests.rooms import Visitor
from workers.jobs import housekeeping

__all__ = ["seeded"]
PERSON, OTHER = "Priya Raman", "Marta Lindqvist"


@pytest.fixture
def ana(seeded: Seeded) -> Visitor:
    visitor = seeded.visitor()
    visitor.client.set_cookie("tz", "Asia/Tokyo")
    return visitor


@pytest.fixture(autouse=True)
def _clean(seeded: Seeded) -> Iterator[None]:
    yield
    with transaction() as session:
        for row in session.scalars(select(ScheduledReply)):
            session.delete(row)


def test_a_scheduled_reply_is_shown_edited_and_sent_by_the_house(seeded: Seeded, ana: Visitor) -> None:
    there = (now() + timedelta(days=2)).strftime("%Y-%m-%dT10:30")
    _reply(seeded, ana, "Later <words>", later="at", later_at=there, cc="ben@example.com")
    page = ana.get(seeded.path(PERSON)).text
    card = page[page.index("message-scheduled") :]
    assert "10:30 JST" in card
    assert "Later &lt;words&gt;" in card
    assert "cc <bdi>ben@example.com" in card
    row = _scheduled()
    assert row.due_at.isoformat().startswith(there[:11] + "01:30")  # in UTC
    _decide(seeded, ana, row, "edit")
    box = _box(ana.get(seeded.path(PERSON)).text)
    assert "\nLater &lt;words&gt;</textarea>" in box
    assert f'value="{there}"' in box
    assert 'value="ben@example.com"' in box
    taken = re.search(r'name="taken_back" value="([^"]+)"', box)
    assert taken
    _reply(seeded, ana, "Better words", later="two-hours", taken_back=taken[1])
    again = _scheduled()
    housekeeping.release_scheduled()
    assert "Better words" not in _said(seeded)
    with time_machine.travel(again.due_at + timedelta(seconds=1)):
        housekeeping.release_scheduled()
        housekeeping.release_scheduled()
    assert _newest(seeded).text == "Better words"
    assert "message-scheduled" not in ana.get(seeded.path(PERSON)).text


def test_a_held_one_says_why_and_a_person_decides(seeded: Seeded, ana: Visitor) -> None:
    _reply(seeded, ana, "Held words", later="tomorrow")
    row = _scheduled()
    with transaction() as session:
        mine = session.get_one(ScheduledReply, row.id)
        mine.seen_id = 0  # as if all that the customer said had come since
    assert "It will be held back for you to decide." in ana.get(seeded.path(PERSON)).text
    with time_machine.travel(row.due_at + timedelta(seconds=1)):
        housekeeping.release_scheduled()
    assert _scheduled().state is ScheduledState.HELD
    page = ana.get(seeded.path(PERSON)).text
    assert "The customer wrote after this was scheduled." in page
    _decide(seeded, ana, row, "send")
    assert _newest(seeded).text == "Held words"
    assert _decide(seeded, ana, row, "cancel", expected=409)


@pytest.mark.parametrize(
    ("choice", "at", "words"),
    [
        ("at", "2020-01-01T10:00", "time is past"),
        ("at", "2099-01-01T10:00", "more than a year away"),
        ("at", "", "Choose the day and time"),
        ("at", "soon", "Choose the day and time"),
        ("never", "2099-01-01T10:00", "Choose the day and time"),
    ],
)
def test_a_time_that_makes_no_sense_is_said(seeded: Seeded, ana: Visitor, choice: str, at: str, words: str) -> None:
    assert words in _reply(seeded, ana, "Hello", expected=422, later=choice, later_at=at)


def test_one_who_may_not_see_the_conversation_decides_nothing(seeded: Seeded, ana: Visitor) -> None:
    _reply(seeded, ana, "Mine", later="tomorrow")
    row = _scheduled()
    address = f"/conversations/{seeded.public_id(OTHER)}/scheduled/{row.public_id}"
    assert ana.post(address, {"do": "cancel"}).status_code == 409  # it is not in that one
    assert ana.post(f"/conversations/{seeded.public_id(PERSON)}/scheduled/x", {"do": "cancel"}).status_code == 404
    assert _decide(seeded, ana, row, "burn", expected=422)
    _decide(seeded, ana, row, "cancel")
    with reading() as session:
        assert session.scalars(select(ScheduledReply)).all() == []


def test_send_and_snooze_and_send_and_resolve(seeded: Seeded, ana: Visitor) -> None:
    _reply(seeded, ana, "Back tomorrow", then="snoozed-tomorrow")
    assert seeded.now(PERSON).status is Status.SNOOZED
    _reply(seeded, ana, "Done", then="resolved")
    assert seeded.now(PERSON).status is Status.RESOLVED


def test_what_came_in_meanwhile_is_shown_before_anything_leaves(seeded: Seeded, ana: Visitor) -> None:
    box = _box(ana.get(seeded.path(PERSON)).text)
    found = re.search(r'name="seen" value="([^"]+)"', box)
    assert found
    seen, key = found[1], uuid4().hex
    with transaction() as session:
        _colleague_answers(session, seeded, "I have <answered> that")
    before = _newest(seeded)
    form = {"text": "My own answer", "client_key": key, "seen": seen, "cc": "a@example.com"}
    address = f"/conversations/{seeded.public_id(PERSON)}/replies"
    refused = ana.post(address, form, **part("pane"))
    assert refused.status_code == 409
    assert "<composer-box" not in refused.text  # that alone, for scripts
    assert "I have &lt;answered&gt; that" in refused.text
    assert _newest(seeded).id == before.id
    page = ana.post(address, form)  # without scripts
    assert page.status_code == 409
    box = _box(page.text)
    assert "\nMy own answer</textarea>" in box
    assert 'value="a@example.com"' in box
    assert f'name="seen" value="{before.public_id}"' in box
    _reply(seeded, ana, "My own answer", seen=str(before.public_id), client_key=key)
    assert _newest(seeded).text == "My own answer"
    _reply(seeded, ana, "My own answer", seen=seen, client_key=key)  # the same again: it is there already
    _reply(seeded, ana, "More of mine", seen=str(before.public_id))  # one's own words are no news


def test_a_reply_leaves_with_the_address_that_is_chosen(seeded: Seeded, ana: Visitor) -> None:
    with transaction() as session:
        channel = session.get_one(Channel, seeded.now(PERSON).channel_id)
        recipients.set_senders(session, channel=channel, text="Acme Sales <sales@acme.example>\nhelp@acme.example")
        inbox = session.get_one(Inbox, seeded.now(PERSON).inbox_id)
        inbox.signature = "{{agent.first_name}} <b>\n{{ sender.address }}"
        own = channel.address
    box = _box(ana.get(seeded.path(PERSON)).text)
    for address, is_hidden in ((own, ""), ("sales@acme.example", " hidden")):  # as it will be appended
        assert f'data-sender="{address}" dir="auto"{is_hidden}>Ana &lt;b&gt;\n{address}</div>' in box
    assert "Acme Sales &lt;sales@acme.example&gt;</option>" in box
    _reply(seeded, ana, "From sales", sender="sales@acme.example", bcc="boss@acme.example; boss@acme.example")
    sent = _newest(seeded)
    assert sent.sender == "sales@acme.example"
    assert sent.recipients["from"] == [{"email": "sales@acme.example", "name": "Acme Sales"}]
    assert [one["email"] for one in sent.recipients["bcc"]] == ["boss@acme.example"]
    page = ana.get(seeded.path(PERSON)).text
    assert "bcc <bdi" in page
    assert "may not leave with" in _reply(seeded, ana, "Forged", expected=422, sender="ceo@other.example")
    assert "whole address" in _reply(seeded, ana, "Typo", expected=422, bcc="boss")


def _box(page: str) -> str:
    return page[page.index("<composer-box") :]


def _reply(seeded: Seeded, visitor: Visitor, text: str, *, expected: int = 303, **more: Any) -> str:
    form = {"text": text, "client_key": uuid4().hex, **more}
    answer = visitor.post(f"/conversations/{seeded.public_id(PERSON)}/replies", form)
    assert answer.status_code == expected
    return answer.text


def _decide(seeded: Seeded, visitor: Visitor, row: ScheduledReply, deed: str, *, expected: int = 303) -> bool:
    address = f"/conversations/{seeded.public_id(PERSON)}/scheduled/{row.public_id}"
    assert visitor.post(address, {"do": deed}).status_code == expected
    return True


def _scheduled() -> ScheduledReply:
    with reading() as session:
        found = session.scalars(select(ScheduledReply)).one()
        session.expunge(found)
    return found


def _colleague_answers(session: Session, seeded: Seeded, text: str) -> Message:
    conversation = session.get_one(Conversation, seeded.made.conversations[PERSON].id, with_for_update=True)
    author = session.get_one(User, seeded.made.users["ben"].id)
    return replies.queue_reply(session, conversation=conversation, author=author, text=text, client_key=uuid4().hex)


def _said(seeded: Seeded) -> set[str]:
    """Return the words of all messages of the conversation."""
    with reading() as session:
        here = Message.conversation_id == seeded.made.conversations[PERSON].id
        return set(session.scalars(select(Message.text).where(here)))


def _newest(seeded: Seeded) -> Message:
    with reading() as session:
        ours = select(Message).where(
            Message.conversation_id == seeded.made.conversations[PERSON].id,
            Message.direction == Direction.OUTBOUND,
            Message.visibility == Visibility.PUBLIC,
        )
        found = session.scalars(ours.order_by(Message.id.desc()).limit(1)).one()
        session.expunge(found)
    return found
