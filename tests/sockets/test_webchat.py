"""Web chat over its own namespace: who may connect, what they hear, that nothing is lost or doubled."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
import simple_websocket  # type: ignore[import-untyped]  # publishes no types
from sqlalchemy import select

from app.db import reading, transaction
from app.events import POKE, Event, ReplySent
from app.models import Channel, ChannelState, OutboxEvent
from app.services import visitors
from app.sockets.webchat import room_of
from tests.guests import (
    SHOP,
    Arrive,
    arrive,
    channel,
    is_here,
    is_let_in,
    product,
    some_email,
    somebody,
)
from tests.product import Product
from tests.public_channels import answer, deliveries, only_conversation, open_channel, take_in
from tests.public_web import eventually, sign_in
from tests.rooms import add_user
from tests.socket_client import Refused, SocketClient
from workers import realtime
from workers.subscriptions import Poke

__all__ = ["arrive", "channel", "product"]


def test_what_a_visitor_says_is_committed_before_it_is_acknowledged(channel: Channel, arrive: Arrive) -> None:
    guest = arrive()
    assert guest.say("Do you ship to Norway?") == {"ok": True}
    (message,) = take_in(channel)
    assert (message.text, message.sender) == ("Do you ship to Norway?", guest.id)
    assert message.custom == {"page": "https://shop.example/boots"}


def test_the_same_message_sent_again_is_stored_once(channel: Channel, arrive: Arrive) -> None:
    guest, client_id = arrive(), uuid4().hex
    for _ in range(3):
        assert guest.say("hello?", client_id) == {"ok": True}
    assert len(deliveries(channel)) == 1
    assert len(take_in(channel)) == 1


def test_two_visitors_may_use_the_same_client_id(channel: Channel, arrive: Arrive) -> None:
    client_id = uuid4().hex
    for text in ("one", "two"):
        assert arrive().say(text, client_id) == {"ok": True}
    assert [message.text for message in take_in(channel)] == ["one", "two"]


def test_everything_a_visitor_says_stays_in_one_conversation(channel: Channel, arrive: Arrive) -> None:
    guest = arrive()
    guest.say("one")
    take_in(channel)
    arrive(token=guest.token).say("two")
    assert len({message.conversation_id for message in take_in(channel)}) == 1


def test_only_our_frame_and_allowed_websites_connect(product: Product, channel: Channel) -> None:
    for origin in (product.url, SHOP):
        assert is_let_in(product, somebody(channel), origin)
    for stranger in ("https://evil.example", f"{SHOP}.evil.example", "http://shop.example", "null", "", None):
        assert not is_let_in(product, somebody(channel), stranger)


def test_nobody_connects_without_a_token_of_ours_for_this_channel(product: Product, channel: Channel) -> None:
    elsewhere = visitors.welcome(channel_token=open_channel("webchat").token)
    tokens: list[Any] = ["", "a.b.c", elsewhere, elsewhere.replace("a.", "k.", 1), "x" * 10_000, None, {}, ["a"]]
    for token in tokens:
        assert not is_let_in(product, {"channel": channel.token, "visitor": token})
    proofs: list[Any] = [None, {}, [], "x", {"channel": None, "visitor": {}}, {"channel": channel.token}]
    for auth in proofs:
        assert not is_let_in(product, auth)


def test_a_form_or_a_paused_chat_lets_nobody_in(product: Product, channel: Channel, arrive: Arrive) -> None:
    assert not is_let_in(product, somebody(open_channel("webform")))
    open_before = arrive()
    with transaction() as session:
        session.get_one(Channel, channel.id).state = ChannelState.PAUSED
    assert not is_let_in(product, somebody(channel))
    assert open_before.say("still there?")["ok"] is False
    assert deliveries(channel) == []


def test_a_visitor_hears_their_own_room_and_no_other(channel: Channel, arrive: Arrive) -> None:
    guest, other = arrive(), arrive()
    guest.poked("for the guest")
    other.poked("for the other")
    guest.poked("the last")
    other.poked("the last")
    assert [guest.socket.hear() for _ in range(2)] == [(POKE, {"name": "for the guest"}), (POKE, {"name": "the last"})]
    assert [other.socket.hear() for _ in range(2)] == [(POKE, {"name": "for the other"}), (POKE, {"name": "the last"})]


def test_the_visitors_other_windows_are_told_what_one_of_them_said(channel: Channel, arrive: Arrive) -> None:
    first = arrive()
    second = arrive(token=first.token)
    first.say("hi")
    assert second.socket.hear() == (POKE, {})
    first.poked("the last")
    assert first.socket.hear() == (POKE, {"name": "the last"})


def test_a_visitor_cannot_join_a_room_or_reach_the_agents_namespace(
    product: Product, channel: Channel, arrive: Arrive
) -> None:
    guest, other = arrive(), arrive()
    for event in ("join", "join_room", "watch", "here", "viewing", "subscribe"):
        guest.socket.tell(event, {"room": room_of(other.id), "conversation": room_of(other.id)})
    assert guest.say("still here")["ok"]  # what was told before has been handled by now
    other.poked("secret")
    realtime.emit([Poke("/", room_of(guest.id), (("name", "secret"),))])
    guest.poked("the last")
    assert guest.socket.hear() == (POKE, {"name": "the last"})
    with pytest.raises(Refused):
        SocketClient(product.url, "/", origin=product.url, auth=somebody(channel))


def test_writing_on_one_side_is_seen_on_the_other(product: Product, channel: Channel, arrive: Arrive) -> None:
    guest, bystander = arrive(), arrive()
    guest.say("hi")
    take_in(channel)
    with reading() as session:
        conversation = str(only_conversation(session, channel).public_id)
    email = some_email()
    add_user(email, name="Ana")
    with sign_in(product, email) as agent:
        agent.tell("watch", {"conversation": conversation})
        agent.tell("typing", {"conversation": conversation})
        assert guest.socket.hear() == ("typing", {"who": "agent", "name": "Ana"})
        bystander.socket.tell("typing")
        guest.socket.tell("typing", {"text": "what I have not sent yet"})
        assert agent.hear() == ("typing", {"conversation": conversation, "who": "customer"})
    bystander.poked("the last")
    assert bystander.socket.hear() == (POKE, {"name": "the last"})


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"text": "x"},
        {"text": "x", "client_id": "short"},
        {"text": "x", "client_id": "ü" * 32},
        {"text": "x", "client_id": "a:b" * 10},
        {"text": " ", "client_id": "0" * 32},
        {"text": "x" * 5_001, "client_id": "0" * 32},
    ],
)
def test_what_cannot_be_used_is_refused_with_a_reason_and_not_tried_again(
    channel: Channel, arrive: Arrive, data: dict[str, object]
) -> None:
    refused = arrive().socket.ask("message", data)
    assert refused["reason"]
    assert (refused["ok"], refused["again"]) == (False, False)
    assert deliveries(channel) == []


def test_any_payload_is_answered(arrive: Arrive) -> None:
    guest = arrive()
    payloads: list[Any] = [None, [], "x", 5, {"text": {"a": 1}, "client_id": []}, {"text": None}]
    for data in payloads:
        assert guest.socket.ask("message", data)["ok"] is False
        guest.socket.tell("typing", data)
        guest.socket.tell("seen", data)
    assert guest.socket.ask("identify", [])["ok"] is False
    assert guest.say("fine")["ok"] is True


def test_text_no_database_can_hold_is_stored_and_shown_without_it(channel: Channel, arrive: Arrive) -> None:
    assert arrive().say("a\0b\ud800c")["ok"] is True
    assert [message.text for message in take_in(channel)] == ["ab?c"]


def test_a_frame_of_ten_megabytes_ends_the_connection_and_nothing_else(channel: Channel, arrive: Arrive) -> None:
    guest, other = arrive(), arrive()
    with pytest.raises((simple_websocket.ConnectionClosed, BrokenPipeError, ConnectionResetError)):
        guest.say("x" * 10_000_000)
    assert other.say("fine")["ok"] is True
    assert len(deliveries(channel)) == 1


def test_a_flood_is_slowed_down_and_the_others_are_not(arrive: Arrive) -> None:
    flood, calm = arrive(), arrive()
    answers = [flood.say(f"number {number}") for number in range(50)]
    refused = [one for one in answers if not one["ok"]]
    assert refused
    assert all(one["again"] for one in refused)
    assert calm.say("hello")["ok"] is True


def test_we_know_that_a_visitor_is_there_until_the_last_window_closes(channel: Channel, arrive: Arrive) -> None:
    guest = arrive()
    guest.say("hi")
    take_in(channel)
    assert not is_here(guest.id)
    guest.socket.tell("seen")
    eventually(lambda: is_here(guest.id))
    second = arrive(token=guest.token)
    guest.socket.close()
    assert second.say("still here")["ok"]
    assert is_here(guest.id)
    second.socket.close()
    eventually(lambda: not is_here(guest.id))


def test_a_reply_names_the_visitor_who_is_to_be_told(channel: Channel, arrive: Arrive) -> None:
    guest = arrive()
    guest.say("hi")
    take_in(channel)
    guest.socket.tell("seen")
    eventually(lambda: is_here(guest.id))
    answer(add_user(some_email()), "Hello!", channel=channel)
    with reading() as session:
        rows = session.scalars(select(OutboxEvent).where(OutboxEvent.name == ReplySent.wire_name()))
        sent = [Event.from_payload(row.name, row.payload) for row in rows]
    assert guest.id in {event.visitor for event in sent if isinstance(event, ReplySent)}
