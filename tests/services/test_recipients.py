"""Copies, addresses to send with, and signatures: what a mail is made of besides its words."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from app.errors import Invalid
from app.models import Channel, Conversation
from app.services import delivery_route, inboxes, recipients, replies, sending
from app.services.recipients import Recipients
from connectors.base import Address, Identity
from tests.services.making import House, letter

SENDERS = "Acme Sales <sales@acme.example>\n help@acme.example "


@pytest.fixture
def house(session: Session, tmp_path: Path) -> House:
    house = House(session, tmp_path).by_mail()
    recipients.set_senders(session, channel=house.channel, text=SENDERS)
    return house


def test_a_reply_leaves_with_the_address_that_the_customer_wrote_to(house: House) -> None:
    conversation, _ = house.one(letter(to=("Help+r-abc@acme.example",), cc=("ben@example.com",)))
    claim = _claimed(house, conversation)
    assert claim.outbound.sender == Address("help@acme.example", house.agents[0].name)
    conversation, _ = house.one(letter(to=("ben@example.com",)))
    assert _claimed(house, conversation).outbound.sender is None  # the channel's own


def test_an_address_can_be_chosen_and_only_one_of_the_channel(house: House) -> None:
    conversation, _ = house.one(letter(to=("help@acme.example",)))
    claim = _claimed(house, conversation, sender="sales@acme.example", bcc=["boss@acme.example"])
    assert claim.outbound.sender == Address("sales@acme.example", "Acme Sales")
    assert claim.outbound.bcc == (Address("boss@acme.example"),)
    assert _claimed(house, conversation, key="own", sender="support@acme.example").outbound.sender is None
    with pytest.raises(Invalid, match=r"may not leave with ceo@acme\.example"):
        _claimed(house, conversation, key="x", sender="ceo@acme.example")
    house.channel.kind = "sandbox"
    with pytest.raises(Invalid, match="may not leave with"):
        _claimed(house, conversation, key="y", sender="sales@acme.example")


def test_reply_all_names_those_who_got_the_last_message_and_none_of_us(house: House) -> None:
    everybody = ("support+r-tok@acme.example", "ann@example.com", "SALES@acme.example", "mia@example.com")
    conversation, _ = house.one(letter("mia@example.com", to=everybody, cc=("ben@example.com", "ann@example.com")))
    route = delivery_route.of(house.session, conversation)
    assert recipients.everybody(route) == ("ann@example.com", "ben@example.com")


def test_nobody_gets_a_mail_twice_and_not_too_many_do(house: House) -> None:
    conversation, _ = house.one(letter("mia@example.com"))
    route = delivery_route.of(house.session, conversation)
    wanted = Recipients(("a@x.example", "mia@example.com", "a@x.example"), ("a@x.example", "b@x.example"))
    assert recipients.check(wanted, route) == Recipients(("a@x.example",), ("b@x.example",))
    many = tuple(f"{number}@x.example" for number in range(21))
    with pytest.raises(Invalid, match="At most 20"):
        recipients.check(Recipients(bcc=many), route)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("sales", "whole address"),
        ("Sales <sales@acme.example> x", "whole address"),
        ("\n".join(f"{number}@acme.example" for number in range(21)), "at most 20"),
        (f"{'n' * 101} <sales@acme.example>", "too long for a name"),
        ("other@acme.example", "feeds another inbox"),
    ],
)
def test_addresses_that_cannot_be_used_are_refused(house: House, text: str, words: str) -> None:
    other = inboxes.create(house.session, name="Other")
    house.session.add(
        Channel(inbox_id=other.id, kind="mail", name="Other", token="t", sealed=b"", address="other@acme.example")
    )
    house.session.flush()
    with pytest.raises(Invalid, match=words):
        recipients.set_senders(house.session, channel=house.channel, text=text)
    assert recipients.in_lines(house.channel) == "Acme Sales <sales@acme.example>\nhelp@acme.example"


def test_a_signature_is_filled_in_when_the_mail_leaves_and_in_mail_only(house: House) -> None:
    _sign(house, "{{agent.first_name}} at {{ inbox.name }}\nFor {{contact.name}}, #{{conversation.number}}")
    house.agents[0].name = "Ana {{inbox.name}} Ko"
    conversation, _ = house.one(letter("mia@example.com"))
    text = _claimed(house, conversation).outbound.text
    assert text == f"Hello\n\n-- \nAna at {house.inbox.name}\nFor Mia, #{conversation.number}"
    house.channel.kind = "sms"
    conversation, _ = house.one(replace(letter(), sender=Identity("phone", "+491511234567", "Mia")))
    assert _claimed(house, conversation).outbound.text == "Hello"
    with pytest.raises(Invalid, match="is no variable of a signature"):
        _sign(house, "{{ agent.salary }}")
    with pytest.raises(Invalid, match="at most 2,000"):
        _sign(house, "x" * 2001)


def _sign(house: House, signature: str) -> None:
    inboxes.edit(
        house.session,
        inbox=house.inbox,
        name=house.inbox.name,
        team=house.team,
        auto_assign=True,
        signature=signature,
    )


def _claimed(house: House, conversation: Conversation, *, key: str = "k", **more: Any) -> Any:
    """Queue a reply and claim it as a sender does."""
    message = replies.queue_reply(
        house.session,
        conversation=conversation,
        author=house.agents[0],
        text="Hello",
        client_key=key,
        **more,
    )
    claim = sending.claim_next(house.session, conversation_id=conversation.id)
    assert claim
    assert claim.message_id == message.id
    sending.record_failed(house.session, message_id=message.id, reason="Not in this test.")
    return claim
