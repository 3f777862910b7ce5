"""What happens to a message after it was said ends the same in any order, happens once, and only by who may do it."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.clock import now
from app.events import MessageChanged, ReplyFailed
from app.models import (
    ActionState,
    Conversation,
    Delivery,
    DeliveryState,
    Message,
    MessageAction,
    MessageChange,
    MessageReaction,
    MessageRevision,
    OutboxEvent,
    Prediction,
    SendState,
    SentimentCount,
)
from app.services import message_changes, predictions, replies, sending
from connectors.base import Identity, InboundMessage, Receipt
from tests.annotations import felt
from tests.services.making import NOON, House

ANA = Identity("handle", "ana", "Ana")
BEN = Identity("handle", "ben", "Ben")
PROVIDER = Identity("provider", "provider")


@pytest.fixture
def house(session: Session, tmp_path: Path) -> House:
    return House(session, tmp_path)


def minute(number: int) -> datetime:
    return NOON + timedelta(minutes=number)


def said(text: str = "My parcel is late", **more: Any) -> InboundMessage:
    values: dict[str, Any] = {"external_id": "m1", "sender": ANA, "thread_key": "t1", "sent_at": minute(0), **more}
    return InboundMessage(text=text, **values)


def change(number: int, kind: str, **more: Any) -> InboundMessage:
    values: dict[str, Any] = {"sender": ANA, "target": "m1", "sent_at": minute(number), "kind": kind, **more}
    return InboundMessage(external_id=f"c{number}", **values)


def status(number: int, state: str, target: str, **more: Any) -> InboundMessage:
    return change(number, "status", target=target, status=state, **more)


def the_message(house: House) -> Message:
    return house.session.scalars(select(Message).where(Message.external_id == "m1")).one()


def events(house: House, kind: type[MessageChanged | ReplyFailed]) -> int:
    query = select(func.count()).where(OutboxEvent.name == kind.wire_name())
    return house.session.scalars(query).one()


def looks(house: House) -> tuple[Any, ...]:
    """Return all that a screen shows of the message."""
    message, session = the_message(house), house.session
    revisions = session.scalars(select(MessageRevision.text).order_by(MessageRevision.seen_at))
    reactions = session.scalars(select(MessageReaction.reaction))
    conversation = session.get_one(Conversation, message.conversation_id)
    times = (message.edited_at, message.deleted_at)
    return message.text, *times, tuple(revisions), tuple(reactions), conversation.preview, conversation.messages


STORY = (
    said(),
    change(1, "edit", text="My parcel is very late"),
    change(2, "reaction", reaction="👍"),
    change(3, "edit", text="My parcel came"),
    change(4, "reaction", reaction="❤️"),
)


@pytest.mark.parametrize("order", list(itertools.permutations(range(5)))[::7])
def test_the_end_is_the_same_whatever_comes_first(house: House, order: tuple[int, ...]) -> None:
    for place in order:
        house.arrive(STORY[place])
    revisions = ("My parcel is late", "My parcel is very late")
    assert looks(house) == ("My parcel came", minute(3), None, revisions, ("❤️",), "My parcel came", 1)


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_a_deletion_ends_the_same_in_any_order_and_in_one_batch(house: House, order: tuple[int, ...]) -> None:
    story = (said(), change(1, "edit", text="Never mind"), change(2, "delete"))
    house.arrive(*(story[place] for place in order))
    message = the_message(house)
    assert (message.deleted_at, message.text) == (minute(2), "Never mind")
    assert house.session.get_one(Conversation, message.conversation_id).preview == "Deleted by its writer"
    assert predictions.waiting_texts(house.session, limit=9) == []


def test_what_is_told_twice_happens_once_and_is_a_duplicate(house: House) -> None:
    house.arrive(*STORY)
    told = looks(house), events(house, MessageChanged)
    house.arrive(*STORY)
    assert (looks(house), events(house, MessageChanged)) == told
    states = house.session.scalars(select(Delivery.state).order_by(Delivery.id)).all()
    assert states == [DeliveryState.INGESTED] * 5 + [DeliveryState.DUPLICATE] * 5


def test_a_reaction_that_is_taken_back_is_gone_also_if_that_comes_first(house: House) -> None:
    house.arrive(said(), change(2, "reaction", reaction=""), change(1, "reaction", reaction="👍"))
    assert looks(house)[4] == ()
    house.arrive(change(3, "reaction", reaction="😡"), change(4, "reaction", reaction="👀", sender=BEN))
    assert set(looks(house)[4]) == {"😡", "👀"}


@pytest.mark.parametrize("kind", ["edit", "delete"])
def test_nobody_else_changes_a_message(house: House, kind: str) -> None:
    house.arrive(said(), change(1, kind, text="I am fine", sender=BEN))
    assert (the_message(house).text, the_message(house).deleted_at) == ("My parcel is late", None)
    kept = house.session.scalars(select(MessageChange)).one()
    assert kept.refused == message_changes.NOT_THEIRS


def test_the_provider_may_delete_and_not_edit(house: House) -> None:
    house.arrive(said(), change(1, "edit", text="x", sender=PROVIDER), change(2, "delete", sender=PROVIDER))
    assert (the_message(house).text, the_message(house).deleted_at) == ("My parcel is late", minute(2))


def test_an_edited_message_that_comes_again_in_its_old_words_is_no_news(house: House) -> None:
    house.arrive(said(), change(1, "edit", text="My parcel came"))
    assert house.arrive(said()) == []


# ---------------------------------------------------------------- what was understood


def understood(house: House) -> int:
    return house.session.scalars(select(func.count()).select_from(Prediction)).one()


def mood(house: House) -> float | None:
    return house.session.scalars(select(Conversation.mood)).one()


def test_new_words_are_understood_anew_and_the_old_count_no_more(house: House) -> None:
    house.arrive(said())
    message = the_message(house)
    predictions.record(house.session, annotations={message.id: felt(-0.9)})
    assert (mood(house) or 0) < 0
    house.arrive(change(1, "edit", text="All is well"))
    assert (understood(house), mood(house)) == (0, None)
    assert house.session.scalars(select(func.sum(SentimentCount.messages))).one() is None
    assert predictions.waiting_texts(house.session, limit=9) == [(message.id, "All is well")]
    predictions.record(house.session, annotations={message.id: felt(0.9)}, read={message.id: "All is well"})
    assert (mood(house) or 0) > 0


def test_what_was_read_before_the_words_changed_is_not_stored(house: House) -> None:
    house.arrive(said())
    message = the_message(house)
    read = dict(predictions.waiting_texts(house.session, limit=9))
    house.arrive(change(1, "edit", text="All is well"))
    predictions.record(house.session, annotations={message.id: felt(-0.9)}, read=read)
    assert (understood(house), message.annotated_at) == (0, None)
    house.arrive(change(2, "delete"))
    predictions.record(house.session, annotations={message.id: felt(0.9)}, read={message.id: "All is well"})
    assert understood(house) == 0


def test_a_deleted_message_no_longer_moves_the_mood(house: House) -> None:
    house.arrive(said(), said("Thank you!", external_id="m2"))
    first, second = house.session.scalars(select(Message).order_by(Message.id)).all()
    predictions.record(house.session, annotations={first.id: felt(-0.9), second.id: felt(0.5)})
    house.arrive(change(1, "delete"))
    conversation = house.session.get_one(Conversation, first.conversation_id)
    assert conversation.mood == pytest.approx(0.5)
    assert conversation.preview == "Thank you!"


# ---------------------------------------------------------------- how far our replies came


def sent(house: House, external_id: str = "out1", key: str = "k1") -> Message:
    conversation = house.session.scalars(select(Conversation)).one()
    message = replies.queue_reply(
        house.session, conversation=conversation, author=house.agents[0], text="On its way", client_key=key
    )
    sending.claim_next(house.session, conversation_id=conversation.id)
    sending.record_sent(house.session, message_id=message.id, receipt=Receipt(external_id))
    return message


@pytest.mark.parametrize("order", list(itertools.permutations(("sent", "delivered", "read", "failed"))))
def test_a_state_only_moves_forward(house: House, order: tuple[str, ...]) -> None:
    house.arrive(said())
    message = sent(house)
    numbers = {"sent": 1, "delivered": 2, "read": 3, "failed": 4}
    for state in order:
        house.arrive(status(numbers[state], state, "out1"))
    assert (message.delivered_at, message.read_at) == (minute(2), minute(3))
    assert (message.send_state, message.send_error) == (SendState.SENT, "")


def test_a_state_that_comes_before_we_know_the_replys_id_waits_for_it(house: House) -> None:
    house.arrive(said())
    house.arrive(status(1, "delivered", "out1"))
    assert sent(house).delivered_at == minute(1)


def test_a_failure_is_shown_with_its_reason_and_the_reply_can_be_sent_again(house: House) -> None:
    house.arrive(said())
    message = sent(house)
    house.arrive(status(1, "failed", "out1", status_reason="The number is not on the network."))
    assert (message.send_state, message.send_error) == (SendState.FAILED, "The number is not on the network.")
    assert events(house, ReplyFailed) == 1
    replies.retry(house.session, message=message, actor=house.agents[0])
    sending.claim_next(house.session, conversation_id=message.conversation_id)
    sending.record_sent(house.session, message_id=message.id, receipt=Receipt("out1"))
    house.arrive(status(2, "sent", "out1"))
    assert message.send_state is SendState.SENT


def test_a_customers_message_has_no_state(house: House) -> None:
    house.arrive(said(), status(1, "read", "m1"))
    assert the_message(house).read_at is None


# ---------------------------------------------------------------- what waits


def test_what_was_overlooked_is_found(house: House) -> None:
    house.arrive(said())
    row = {"channel_id": house.channel.id, "target": "m1", "kind": "delete", "sender": "ana", "at": minute(1)}
    house.session.add(MessageChange(external_id="late", details={"sender_kind": "handle"}, **row))
    house.session.flush()
    assert message_changes.reconcile(house.session) == 1
    assert the_message(house).deleted_at == minute(1)
    assert message_changes.reconcile(house.session) == 0


def test_what_waits_in_vain_is_forgotten(house: House) -> None:
    house.arrive(said(), change(1, "edit", text="x", target="never"), change(2, "edit", text="kept"))
    for row in house.session.scalars(select(MessageChange)):
        row.created_at = now() - timedelta(days=8)
    house.session.flush()
    message_changes.purge(house.session)
    assert house.session.scalars(select(MessageChange.target)).all() == ["m1"]


@pytest.mark.parametrize(
    ("sender", "told", "by"),
    [
        (ANA, "customer", "customer"),
        (ANA, "moderator", "customer"),  # she took back her own
        (BEN, "moderator", "moderator"),
        (PROVIDER, "provider", "provider"),
        (PROVIDER, "customer", ""),  # attributed to nobody
        (ANA, "unknown", ""),
    ],
)
def test_it_is_kept_who_took_a_message_away(house: House, sender: Identity, told: str, by: str) -> None:
    house.arrive(said(), change(1, "delete", sender=sender, deleted_by=told))
    message = the_message(house)
    assert (message.deleted_at, message.deleted_by) == (minute(1), by)


def test_what_we_had_deleted_is_our_doing(house: House) -> None:
    house.arrive(said())
    message = the_message(house)
    house.session.add(MessageAction(message_id=message.id, kind="delete", state=ActionState.DONE))
    house.session.flush()
    house.arrive(change(1, "delete"))
    assert the_message(house).deleted_by == "team"
