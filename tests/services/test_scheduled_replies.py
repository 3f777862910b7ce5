"""Send later: a reply waits until its time, leaves once, and is held back where a person should look again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.clock import now
from app.errors import Conflict, Invalid
from app.models import Conversation, Direction, Message, ScheduledReply, ScheduledState, SendState, Status
from app.services import conversations, delivery_route, outgoing, reconcile, replies, scheduled_replies, sending
from app.services.arrivals import StoredAttachment
from app.services.outgoing import Outgoing
from app.services.recipients import Recipients
from connectors.base import Capabilities
from connectors.sandbox import SandboxConnector
from tests.services.making import House, letter

HOUR = timedelta(hours=1)
TOKYO = ZoneInfo("Asia/Tokyo")
FILE = StoredAttachment(filename="a.txt", content_type="text/plain", size=3, blob_sha256="0" * 64)


@pytest.fixture
def house(session: Session, tmp_path: Path) -> House:
    return House(session, tmp_path).by_mail()


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(now(), tick=False) as moved:
        yield moved


def test_a_reply_leaves_at_its_time_as_it_was_written_and_once(house: House, clock: time_machine.Traveller) -> None:
    conversation, said = house.one(letter())
    since = conversation.waiting_since
    row = _schedule(house, conversation, uploads=[FILE], recipients=Recipients(cc=("ben@example.com",)))
    assert _schedule(house, conversation) is row  # the same form twice
    assert conversation.waiting_since == since  # nobody answered yet
    assert (scheduled_replies.due(house.session), _release(house, row)) == ([], None)
    clock.shift(HOUR)
    assert scheduled_replies.due(house.session) == [row.id]
    message = _release(house, row)
    assert message
    assert (message.text, message.author_id, message.answers_id) == ("Good morning", house.agents[0].id, said.id)
    assert message.recipients["cc"] == [{"email": "ben@example.com", "name": ""}]
    assert (message.send_state, message.send_after) == (SendState.QUEUED, None)
    assert conversation.waiting_since is None
    assert _release_id(house, row.id) is None
    assert _schedule(house, conversation, expected=None) is None  # that form has been sent
    claim = sending.claim_next(house.session, conversation_id=conversation.id)
    assert claim
    assert [file[0] for file in claim.files] == ["a.txt"]
    assert _ours(house, conversation) == [message.id]


def test_it_does_not_hold_up_what_is_written_meanwhile(house: House, clock: time_machine.Traveller) -> None:
    conversation, _ = house.one(letter())
    row = _schedule(house, conversation, text="Later")
    sooner = replies.queue_reply(
        house.session, conversation=conversation, author=house.agents[1], text="Sooner", client_key="s"
    )
    reconcile.reconcile(house.session, older_than=timedelta(seconds=-1))
    claim = sending.claim_next(house.session, conversation_id=conversation.id)
    assert claim
    assert claim.message_id == sooner.id
    clock.shift(HOUR)
    later = _release(house, row)
    assert later
    assert later.id > sooner.id


def test_what_the_customer_writes_meanwhile_holds_it_back(house: House, clock: time_machine.Traveller) -> None:
    conversation, _ = house.one(letter())
    row = _schedule(house, conversation)
    conversations.set_status(
        house.session, conversation=conversation, actor=house.agents[0], status=Status.SNOOZED, until=now() + 9 * HOUR
    )
    again = letter(in_reply_to="x", tokens=(conversation.reply_token,))
    (message,) = house.arrive(again)
    assert message.conversation_id == conversation.id
    clock.shift(HOUR)
    assert _release(house, row) is None
    assert (row.state, row.held_reason) == (ScheduledState.HELD, scheduled_replies.WROTE_SINCE)
    assert conversation.status is Status.OPEN
    assert scheduled_replies.due(house.session) == []  # it waits for a person now
    sent = scheduled_replies.send_now(house.session, conversation=conversation, public_id=str(row.public_id))
    assert sent.send_state is SendState.QUEUED
    with pytest.raises(Conflict):
        scheduled_replies.cancel(
            house.session, conversation=conversation, public_id=str(row.public_id), actor=house.agents[0]
        )


def test_one_that_waits_for_nobody_leaves_all_the_same(house: House, clock: time_machine.Traveller) -> None:
    conversation, _ = house.one(letter())
    row = _schedule(house, conversation, waits_for_nobody=True)
    house.arrive(letter(tokens=(conversation.reply_token,)))
    clock.shift(HOUR)
    assert _release(house, row)


def test_it_comes_back_into_the_composer_of_who_asks(house: House) -> None:
    conversation, said = house.one(letter())
    wanted = Recipients(cc=("a@example.com",), bcc=("b@example.com",))
    row = _schedule(house, conversation, uploads=[FILE], recipients=wanted)
    due_at = row.due_at
    id_, colleague = str(row.public_id), house.agents[1]
    taken = scheduled_replies.take_back(house.session, conversation=conversation, public_id=id_, actor=colleague)
    assert (taken.text, taken.cc, taken.bcc, taken.due_at) == (
        "Good morning",
        ["a@example.com"],
        ["b@example.com"],
        due_at,
    )
    assert (taken.user_id, taken.answers_id, [file["filename"] for file in taken.files]) == (
        colleague.id,
        said.id,
        ["a.txt"],
    )
    with pytest.raises(Conflict, match="left already, or was cancelled"):
        scheduled_replies.send_now(house.session, conversation=conversation, public_id=id_)


def test_what_can_no_longer_leave_is_held_with_the_reason(house: House, clock: time_machine.Traveller) -> None:
    conversation, _ = house.one(letter())
    gone, far = _schedule(house, conversation), _schedule(house, conversation, key="f", hours=2)
    house.agents[0].is_active = False
    clock.shift(HOUR)
    assert _release(house, gone) is None
    assert gone.held_reason == scheduled_replies.WRITER_LEFT
    with pytest.raises(Conflict, match="Edit it"):
        scheduled_replies.send_now(house.session, conversation=conversation, public_id=str(gone.public_id))
    house.agents[0].is_active = True
    house.channel.kind = "sandbox"  # whose replies have no copies
    far.cc = ["ben@example.com"]
    house.session.flush()
    clock.shift(HOUR)
    assert _release(house, far) is None
    assert "no copies" in far.held_reason
    assert _ours(house, conversation) == []


@pytest.mark.parametrize(
    ("hours", "words"), [(-1, "time is past"), (24 * 367, "more than a year"), (24 * 400, "more than a year")]
)
def test_a_time_that_makes_no_sense_is_refused(house: House, hours: int, words: str) -> None:
    conversation, _ = house.one(letter())
    with pytest.raises(Invalid, match=words):
        _schedule(house, conversation, hours=hours)


def test_a_time_after_the_reply_window_is_refused_with_its_end(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.channel.kind = "sandbox"
    windowed = Capabilities(send=True, reaches=("email",), reply_window_seconds=24 * 3600)
    monkeypatch.setattr(SandboxConnector, "capabilities", windowed)
    conversation, said = house.one(letter())
    with time_machine.travel(said.created_at + HOUR, tick=False):
        ends = delivery_route.of(house.session, conversation).window_ends_at
        assert ends
        here = f"{ends.astimezone(TOKYO):%H:%M} JST"
        with pytest.raises(Invalid, match=f"until 21 Nov 2026, {here}"):
            outgoing.check(
                house.session,
                conversation=conversation,
                outgoing=Outgoing("Hello", "k"),
                leaves_at=ends.astimezone(TOKYO),
            )
        just = Outgoing("Hello", "k")
        outgoing.check(house.session, conversation=conversation, outgoing=just, leaves_at=ends - timedelta(seconds=1))


def _schedule(
    house: House,
    conversation: Conversation,
    *,
    text: str = "Good morning",
    key: str = "k",
    hours: float = 1,
    waits_for_nobody: bool = False,
    expected: type | None = ScheduledReply,
    **more: Any,
) -> Any:
    row = scheduled_replies.schedule(
        house.session,
        conversation=conversation,
        author=house.agents[0],
        out=Outgoing(text, key, **more),
        due_at=now() + hours * HOUR,
        waits_for_nobody=waits_for_nobody,
    )
    assert isinstance(row, expected or type(None))
    return row


def _release(house: House, row: ScheduledReply) -> Message | None:
    return _release_id(house, row.id)


def _release_id(house: House, scheduled_id: int) -> Message | None:
    return scheduled_replies.release(house.session, scheduled_id=scheduled_id)


def _ours(house: House, conversation: Conversation) -> list[int]:
    ours = select(Message.id).where(Message.conversation_id == conversation.id, Message.direction == Direction.OUTBOUND)
    return list(house.session.scalars(ours.order_by(Message.id)))
