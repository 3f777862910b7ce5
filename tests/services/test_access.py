"""The one door: what is not yours looks like what is not there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from app.errors import NotFound
from app.models import Attachment, Contact, Inbox, InboxAccess, Role, User
from app.services import access, cases
from tests.services.making import House, letter


@pytest.fixture
def house(session: Session, tmp_path: Path) -> House:
    return House(session, tmp_path)


@pytest.fixture
def stranger(house: House) -> User:
    """An agent of another inbox."""
    user = User(email="sam@acme.example", name="Sam", role=Role.AGENT)
    inbox = Inbox(name="Sales")
    house.session.add_all([user, inbox])
    house.session.flush()
    house.session.add(InboxAccess(inbox_id=inbox.id, user_id=user.id))
    return user


def test_a_team_member_an_admin_and_nobody_else_gets_in(house: House, stranger: User) -> None:
    conversation, message = house.one(letter())
    for user in (*house.agents, house.admin):
        assert access.conversation_for(house.session, user, conversation.public_id).id == conversation.id
        assert access.message_for(house.session, user, message.public_id).id == message.id
    with pytest.raises(NotFound):
        access.conversation_for(house.session, stranger, conversation.public_id)


def test_everything_of_a_conversation_is_behind_the_same_door(house: House, stranger: User) -> None:
    conversation, message = house.one(letter())
    case = cases.open_case(house.session, conversation=conversation, actor=house.agents[0], title="Broken")
    file = Attachment(message_id=message.id, filename="a", content_type="text/plain", size=1, blob_sha256="0" * 64)
    house.session.add(file)
    house.session.flush()
    contact = access.contact_for(house.session, house.agents[0], house_contact(house, message.contact_id))
    doors: dict[Any, Any] = {
        access.message_for: message,
        access.attachment_for: file,
        access.case_for: case,
        access.contact_for: contact,
        access.inbox_for: house.inbox,
    }
    for door, row in doors.items():
        assert door(house.session, house.agents[0], row.public_id) is row
        with pytest.raises(NotFound):
            door(house.session, stranger, row.public_id)


def house_contact(house: House, id_: int) -> str:
    return str(house.session.get_one(Contact, id_).public_id)


@pytest.mark.parametrize("public_id", ["", "1", "../../etc", "' OR 1=1 --", "33a6a762-205f-42dc-9f9b-fd33699ae97d"])
def test_a_malformed_or_unknown_id_is_simply_not_there(house: House, public_id: str) -> None:
    with pytest.raises(NotFound):
        access.conversation_for(house.session, house.admin, public_id)


def test_colleagues_are_those_who_may_see_the_inbox(house: House, stranger: User) -> None:
    names = {user.name for user in access.colleagues(house.session, house.inbox.id)}
    assert names == {"Ana", "Ben", "Admin"}
