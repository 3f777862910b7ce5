"""What a reply answers: in public or in private, within the window or by a template, and back into one conversation."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.clock import now
from app.crypto import new_token, seal
from app.errors import Conflict, Invalid
from app.models import Channel, ChannelTemplate, Conversation, Delivery, Message, SendState
from app.services import answering, automatic_mail, delivery_route, replies, sending
from app.services.answering import AS_USUAL, Wish
from app.services.arrivals import StoredAttachment
from app.services.delivery_route import takes
from connectors.base import Capabilities, Identity, InboundMessage, OutboundMessage, Receipt
from connectors.registry import connector_for, kinds
from tests.services.making import NOON, House

ANA = Identity("handle", "ana", "Ana")
BEN = Identity("handle", "ben", "Ben")


@pytest.fixture
def house(session: Session, tmp_path: Path) -> House:
    return House(session, tmp_path)


def said(external_id: str, text: str = "Hello", sender: Identity = ANA, **more: Any) -> InboundMessage:
    return InboundMessage(external_id=external_id, sender=sender, text=text, **more)


def post(external_id: str = "p1", sender: Identity = ANA, **more: Any) -> InboundMessage:
    return said(external_id, sender=sender, is_public=True, thread_key="post9", url="https://social.example/1", **more)


def reply(house: House, conversation: Conversation, text: str = "Hi", wish: Wish = AS_USUAL, key: str = "k") -> Message:
    return replies.queue_reply(
        house.session, conversation=conversation, author=house.agents[0], text=text, client_key=key, wish=wish
    )


def leave(house: House, conversation: Conversation, external_id: str = "out1") -> OutboundMessage:
    """Let the oldest reply leave, and return what the connector was given."""
    claim = sending.claim_next(house.session, conversation_id=conversation.id)
    assert claim is not None
    sending.record_sent(house.session, message_id=claim.message_id, receipt=Receipt(external_id))
    return claim.outbound


# ---------------------------------------------------------------- public and private


def test_a_reply_to_a_public_message_is_public_and_names_what_it_answers(house: House) -> None:
    conversation, message = house.one(post())
    assert (message.is_public, message.url) == (True, "https://social.example/1")
    written = reply(house, conversation)
    assert (written.is_public, written.answers_id) == (True, message.id)
    out = leave(house, conversation)
    assert (out.is_public, out.answers, out.thread_key, out.recipient) == (True, "p1", "post9", "ana")


def test_an_older_message_may_be_answered(house: House) -> None:
    conversation, first = house.one(post("p1"))
    house.one(post("p2"))
    reply(house, conversation, wish=Wish(answers=str(first.public_id)))
    assert leave(house, conversation).answers == "p1"


@pytest.mark.parametrize("wrong", ["nonsense", "00000000-0000-7000-8000-000000000000"])
def test_what_is_not_in_the_conversation_cannot_be_answered(house: House, wrong: str) -> None:
    conversation, _ = house.one(post())
    with pytest.raises(Invalid):
        reply(house, conversation, wish=Wish(answers=wrong))
    _, elsewhere = house.one(said("x", sender=BEN))
    with pytest.raises(Invalid, match="not in this conversation"):
        reply(house, conversation, wish=Wish(answers=str(elsewhere.public_id)))


def test_a_conversation_that_moves_from_public_to_private_stays_one(house: House) -> None:
    conversation, _ = house.one(post())
    reply(house, conversation, wish=Wish(in_private=True))
    out = leave(house, conversation)
    assert (out.is_public, out.answers, out.thread_key) == (False, "p1", None)
    answered, _ = house.one(said("d1", "Here in private", thread_key="dm5"))
    again, _ = house.one(said("d2", "And again", thread_key="dm5"))
    assert (answered.id, again.id) == (conversation.id, conversation.id)
    reply(house, conversation, key="k2")
    out = leave(house, conversation, "out2")
    assert (out.is_public, out.answers, out.thread_key) == (False, "d2", "dm5")
    public, _ = house.one(post("p2"))
    assert public.id == conversation.id
    reply(house, conversation, wish=Wish(in_private=True), key="k3")
    assert leave(house, conversation, "out3").thread_key == "dm5"


def test_the_private_thread_belongs_to_the_conversation_that_was_last_moved_into_it(house: House) -> None:
    earlier, _ = house.one(said("d0", thread_key="dm5"))
    conversation, _ = house.one(post())
    assert earlier.id != conversation.id
    reply(house, conversation, wish=Wish(in_private=True))
    leave(house, conversation)
    found, _ = house.one(said("d1", thread_key="dm5"))
    assert found.id == conversation.id
    group, _ = house.one(said("g1", thread_key="group7"))
    assert group.id not in {conversation.id, earlier.id}


def test_everybody_has_a_conversation_of_their_own_under_a_public_post(house: House) -> None:
    ana, _ = house.one(post("p1"))
    ben, _ = house.one(post("p2", BEN, in_reply_to="p1"))
    again, _ = house.one(post("p3", in_reply_to="p2"))
    assert ana.id != ben.id
    assert again.id == ana.id


def test_a_group_is_one_conversation_and_the_reply_goes_to_who_spoke_last(house: House) -> None:
    first, _ = house.one(said("g1", thread_key="group7"))
    second, message = house.one(said("g2", sender=BEN, thread_key="group7"))
    assert first.id == second.id
    assert message.contact_id != first.contact_id
    reply(house, first)
    out = leave(house, first)
    assert (out.recipient, out.thread_key, out.answers) == ("ben", "group7", "g2")


def test_what_was_deleted_is_not_answered(house: House) -> None:
    conversation, message = house.one(post())
    message.deleted_at = now()
    with pytest.raises(Invalid, match="deleted"):
        reply(house, conversation, wish=Wish(answers=str(message.public_id)))
    reply(house, conversation)
    out = leave(house, conversation)
    assert (out.is_public, out.answers, out.thread_key) == (False, None, None)


# ---------------------------------------------------------------- windows and templates


WINDOWED = [kind for kind in kinds() if connector_for(kind).capabilities.reply_window_seconds]
BY_TEMPLATE = [kind for kind in WINDOWED if connector_for(kind).capabilities.templates]


def channel_of(house: House, kind: str) -> Channel:
    channel = Channel(inbox_id=house.inbox.id, kind=kind, name=kind, token=new_token(), sealed=seal({}))
    house.session.add(channel)
    house.session.flush()
    return channel


def conversation_on(house: House, channel: Channel, **more: Any) -> Conversation:
    sender = Identity(connector_for(channel.kind).capabilities.reaches[0], "+15550100", "Ana")
    (message,) = house.arrive(said("w1", sender=sender, sent_at=NOON, **more), channel=channel)
    return house.session.get_one(Conversation, message.conversation_id)


@pytest.mark.parametrize("kind", WINDOWED)
def test_after_the_window_free_words_are_refused(house: House, kind: str) -> None:
    conversation = conversation_on(house, channel_of(house, kind))
    seconds = connector_for(kind).capabilities.reply_window_seconds
    assert seconds is not None
    ends_at = NOON + timedelta(seconds=seconds)
    assert delivery_route.of(house.session, conversation).window_ends_at == ends_at
    with time_machine.travel(ends_at - timedelta(minutes=1), tick=False):
        reply(house, conversation, key="in time")
    with time_machine.travel(ends_at + timedelta(minutes=1), tick=False), pytest.raises(Invalid, match="hours ago"):
        reply(house, conversation, key="too late")


@pytest.mark.parametrize("kind", [kind for kind in WINDOWED if connector_for(kind).capabilities.human_window_seconds])
def test_where_the_settings_say_so_people_may_answer_longer(house: House, kind: str) -> None:
    limits = connector_for(kind).capabilities
    channel = channel_of(house, kind)
    channel.sealed = seal({limits.human_window_setting: True})
    conversation = conversation_on(house, channel)
    assert limits.human_window_seconds is not None
    assert limits.reply_window_seconds is not None
    ends_at = NOON + timedelta(seconds=limits.human_window_seconds)
    usual = NOON + timedelta(seconds=limits.reply_window_seconds)
    with time_machine.travel(usual - timedelta(minutes=1), tick=False):
        assert not delivery_route.of(house.session, conversation).is_personal
    with time_machine.travel(usual + timedelta(minutes=1), tick=False):
        route = delivery_route.of(house.session, conversation)
        assert (route.window_ends_at, route.is_closed, route.is_personal) == (ends_at, False, True)
        reply(house, conversation, key="in time")
    with time_machine.travel(ends_at + timedelta(minutes=1), tick=False):
        assert not delivery_route.of(house.session, conversation).is_personal
        with pytest.raises(Invalid, match="more than 7 days ago"):
            reply(house, conversation, key="too late")


@pytest.mark.parametrize("kind", kinds())
def test_a_longer_window_names_the_setting_that_opens_it(kind: str) -> None:
    connector = connector_for(kind)
    limits = connector.capabilities
    switches = {setting.key for setting in connector.settings if setting.kind == "boolean"}
    if limits.human_window_seconds:
        assert limits.human_window_setting in switches
        assert limits.human_window_seconds > (limits.reply_window_seconds or 0)
    else:
        assert limits.human_window_setting == ""


@pytest.mark.parametrize("kind", [kind for kind in WINDOWED if connector_for(kind).capabilities.public])
def test_a_public_message_may_be_answered_at_any_time(house: House, kind: str) -> None:
    conversation = conversation_on(house, channel_of(house, kind), is_public=True)
    assert delivery_route.of(house.session, conversation).window_ends_at is None
    with time_machine.travel(NOON + timedelta(days=3), tick=False):
        assert reply(house, conversation).is_public


def template(house: House, channel: Channel, text: str = "Hello {{1}}, parcel {{2}} is on its way.") -> str:
    row = ChannelTemplate(channel_id=channel.id, name="on_its_way", language="en", text=text, synced_at=now())
    house.session.add(row)
    house.session.flush()
    return str(row.public_id)


@pytest.mark.parametrize("kind", [*BY_TEMPLATE, "sandbox"])
def test_a_template_may_be_sent_after_the_window(house: House, kind: str) -> None:
    channel = channel_of(house, kind)
    conversation = conversation_on(house, channel)
    wish = Wish(template=template(house, channel), values=("Ana", "42\n"))
    with time_machine.travel(NOON + timedelta(days=30), tick=False):
        message = reply(house, conversation, text="", wish=wish)
        out = leave(house, conversation)
    assert message.text == "Hello Ana, parcel 42 is on its way."
    assert out.template is not None
    assert (out.template.name, out.template.values) == ("on_its_way", ("Ana", "42"))
    assert out.text == message.text


def test_a_template_needs_its_values_and_its_channel(house: House) -> None:
    conversation = conversation_on(house, house.channel)
    own = template(house, house.channel)
    for values in ((), ("Ana",), ("Ana", " ")):
        with pytest.raises(Invalid, match="needs 2 values"):
            reply(house, conversation, wish=Wish(template=own, values=values))
    foreign = template(house, channel_of(house, "sandbox"))
    with pytest.raises(Invalid, match="not there any more"):
        reply(house, conversation, wish=Wish(template=foreign, values=("a", "b")))


def test_values_are_not_filled_in_twice() -> None:
    assert answering.filled("{{1}} {{2}} {{3}} {{ 1 }}", ("{{2}}", "b")) == "{{2}} b {{3}} {{2}}"
    assert answering.blanks("{{2}} {{ 1 }} {{x}} {{100}}") == 2


# ---------------------------------------------------------------- files


@pytest.mark.parametrize(
    ("types", "content_type", "taken"),
    [
        ((), "application/x-anything", True),
        (("image/*",), "IMAGE/PNG; x=y", True),
        (("image/png", "image/jpeg"), "image/gif", False),
        (("image/*",), "imagine/png", False),
        (("image/*",), "", False),
    ],
)
def test_only_files_of_known_types_leave(types: tuple[str, ...], content_type: str, *, taken: bool) -> None:
    assert takes(Capabilities(media_types=types), content_type) is taken


def test_more_files_than_a_channel_takes_are_refused(house: House) -> None:
    conversation, _ = house.one(post())
    files = [StoredAttachment(f"{number}.png", "image/png", 1, "0" * 64) for number in range(21)]
    with pytest.raises(Invalid, match="at most 20 files"):
        replies.queue_reply(
            house.session, conversation=conversation, author=house.agents[0], text="", client_key="k", uploads=files
        )


# ---------------------------------------------------------------- what nobody wrote


def automatic(house: House, conversation: Conversation, key: str) -> Message:
    return replies.queue_reply(
        house.session, conversation=conversation, author=None, text="Received.", client_key=key, automatic=True
    )


def test_a_mail_storm_is_broken_off(house: House) -> None:
    conversation, _ = house.one(said("m1", sent_at=now()))
    queued = [automatic(house, conversation, f"k{number}") for number in range(6)]
    assert all(leave(house, conversation, f"out{number}").automatic for number in range(4))
    assert sending.claim_next(house.session, conversation_id=conversation.id) is None
    assert (queued[4].send_state, queued[4].send_error) == (SendState.FAILED, sending.STORM)
    with pytest.raises(Conflict):
        automatic(house, conversation, "one more")
    assert reply(house, conversation, key="by a person").auto == "none"
    with time_machine.travel(now() + timedelta(minutes=61), tick=False):
        automatic(house, conversation, "an hour later")


def test_an_automatic_reply_takes_nobodys_turn(house: House) -> None:
    conversation, _ = house.one(said("m1", sent_at=now()))
    automatic(house, conversation, "k")
    assert conversation.assignee_id is None
    assert conversation.waiting_since is not None


@pytest.mark.parametrize("auto", ["auto_reply", "bounce", "list"])
def test_a_robot_is_not_answered_by_a_robot(house: House, auto: Any) -> None:
    conversation, _ = house.one(said("m1", sent_at=now(), auto=auto))
    with pytest.raises(Conflict):
        automatic(house, conversation, "k")


def test_an_import_is_not_answered(house: House) -> None:
    conversation, message = house.one(said("m1", sent_at=now()))
    delivery = house.session.scalars(select(Delivery)).one()
    assert automatic_mail.may_answer(house.session, message=message)
    delivery.meta = {automatic_mail.IMPORTED: "1"}
    with pytest.raises(Conflict):
        automatic(house, conversation, "k")
