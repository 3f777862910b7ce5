"""Whose timeline a message joins."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import Contact, ContactIdentity
from connectors.base import Identity, InboundMessage
from tests.services.making import House, letter


@pytest.fixture
def house(session: Session, tmp_path: Path) -> House:
    return House(session, tmp_path)


def chat(number: int, *also: Identity) -> InboundMessage:
    return InboundMessage(external_id=f"c{number}", sender=Identity("visitor", "v1"), text="Hi", also=also)


def test_the_same_address_is_the_same_contact(house: House) -> None:
    first, second = house.arrive(letter(), letter())
    assert first.contact_id == second.contact_id


def test_a_vouched_identity_joins_an_existing_contact(house: House) -> None:
    (mail,) = house.arrive(letter("mia@example.com"))
    (said,) = house.arrive(chat(1, Identity("email", "mia@example.com", verified=True)))
    assert said.contact_id == mail.contact_id
    visitor = house.session.scalars(select(ContactIdentity).filter_by(kind="visitor")).one()
    assert visitor.contact_id == mail.contact_id


def test_an_address_that_was_only_typed_does_not(house: House) -> None:
    (mail,) = house.arrive(letter("mia@example.com"))
    (said,) = house.arrive(chat(1, Identity("email", "mia@example.com", verified=False)))
    assert said.contact_id != mail.contact_id
    owner = house.session.scalars(select(ContactIdentity).filter_by(address="mia@example.com")).one()
    assert owner.contact_id == mail.contact_id


def test_a_name_is_learnt_but_never_overwritten(house: House) -> None:
    house.arrive(InboundMessage(external_id="1", sender=Identity("email", "mia@example.com"), text="x"))
    contact = house.session.scalars(select(Contact)).one()
    assert contact.name == ""
    house.arrive(letter("mia@example.com"))
    assert contact.name == "Mia"
    house.arrive(InboundMessage(external_id="3", sender=Identity("email", "mia@example.com", "CEO"), text="x"))
    assert contact.name == "Mia"
