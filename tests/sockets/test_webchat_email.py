"""An address left in the chat: answers reach it once the visitor is gone, and it opens nothing of anybody."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app.db import reading, transaction
from app.models import Channel, Contact, ContactIdentity
from app.services import delivery_route
from tests.guests import (
    Arrive,
    arrive,
    channel,
    is_here,
    product,
    some_email,
)
from tests.public_channels import only_conversation, open_channel, take_in
from tests.public_web import eventually

__all__ = ["arrive", "channel", "product"]


def held_by(contact_id: int) -> set[tuple[str, str, bool]]:
    with reading() as session:
        rows = session.scalars(select(ContactIdentity).where(ContactIdentity.contact_id == contact_id))
        return {(row.kind, row.address, row.verified) for row in rows}


def contact_with(email: str) -> int:
    """Make somebody who writes mails from an address."""
    with transaction() as session:
        contact = Contact(name="Boss")
        session.add(contact)
        session.flush()
        session.add(ContactIdentity(contact_id=contact.id, kind="email", address=email, verified=True))
        return contact.id


def test_an_address_left_before_the_first_word_is_the_same_contact_afterwards(channel: Channel, arrive: Arrive) -> None:
    guest, email = arrive(), some_email()
    assert guest.socket.ask("identify", {"email": f" {email.upper()} ", "name": "Ada"}) == {"ok": True}
    guest.say("hi")
    (message,) = take_in(channel)
    assert held_by(message.contact_id) == {("visitor", guest.id, False), ("email", email, False)}
    with reading() as session:
        assert session.get_one(Contact, message.contact_id).name == "Ada"


def test_an_address_of_somebody_else_opens_nothing_of_theirs(channel: Channel, arrive: Arrive) -> None:
    email = some_email()
    owner = contact_with(email)
    guest = arrive()
    guest.say("hi")
    (message,) = take_in(channel)
    assert guest.socket.ask("identify", {"email": email}) == {"ok": True}
    assert held_by(message.contact_id) == {("visitor", guest.id, False)}
    assert held_by(owner) == {("email", email, True)}
    with reading() as session:
        assert session.get_one(Contact, message.contact_id).custom == {"chat_email": email}


@pytest.mark.parametrize("is_held", [False, True])
def test_once_the_visitor_is_gone_the_answer_goes_by_mail(channel: Channel, arrive: Arrive, is_held: bool) -> None:
    mailbox, email = open_channel("mail"), some_email()
    with transaction() as session:
        session.get_one(Channel, mailbox.id).inbox_id = channel.inbox_id
    if is_held:
        contact_with(email)
    guest = arrive()
    guest.say("hi")
    take_in(channel)
    guest.socket.ask("identify", {"email": email})
    guest.socket.tell("seen")
    eventually(lambda: is_here(guest.id))
    with reading() as session:
        assert delivery_route.of(session, only_conversation(session, channel)).channel.id == channel.id
    guest.socket.close()
    eventually(lambda: not is_here(guest.id))
    with reading() as session:
        route = delivery_route.of(session, only_conversation(session, channel))
        assert (route.channel.id, route.address) == (mailbox.id, email)


def test_no_address_is_said_so(arrive: Arrive) -> None:
    guest = arrive()
    for email in ("", "ada", "a@b"):
        refused = guest.socket.ask("identify", {"email": email})
        assert (refused["ok"], refused["reason"]) == (False, "This does not look like an e-mail address.")
    with reading() as session:
        assert session.scalars(select(ContactIdentity).where(ContactIdentity.address == guest.id)).all() == []


def test_the_same_address_typed_twice_is_told_once(channel: Channel, arrive: Arrive) -> None:
    guest, email = arrive(), some_email()
    guest.say("hi")
    (message,) = take_in(channel)
    for _ in range(2):
        assert guest.socket.ask("identify", {"email": email})["ok"]
    with reading() as session:
        assert session.get_one(Contact, message.contact_id).version == 2
