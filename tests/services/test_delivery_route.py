"""What an agent is told when there is no way to the customer."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import delete
from sqlalchemy.orm import Session

from app.errors import Invalid
from app.models import ChannelState, ContactIdentity, Conversation
from app.services import delivery_route
from tests.services.making import House, letter


@pytest.fixture
def cut_off(session: Session, tmp_path: Path) -> Conversation:
    """Return a conversation whose channel is gone, in an inbox without mail."""
    house = House(session, tmp_path)
    conversation, _ = house.one(letter("mia@example.com"))
    house.channel.state = ChannelState.REMOVED
    session.flush()
    return conversation


def test_a_known_address_without_a_mail_channel(session: Session, cut_off: Conversation) -> None:
    with pytest.raises(Invalid) as refused:
        delivery_route.of(session, cut_off)
    assert "To answer mia@example.com, this inbox needs a mail channel" in refused.value.reason


def test_a_paused_channel_says_that_replies_wait(session: Session, tmp_path: Path) -> None:
    house = House(session, tmp_path)
    conversation, _ = house.one(letter())
    assert delivery_route.of(session, conversation).explanation == ""
    house.channel.state = ChannelState.PAUSED
    assert "is paused: replies wait" in delivery_route.of(session, conversation).explanation


def test_no_address_at_all(session: Session, cut_off: Conversation) -> None:
    session.execute(delete(ContactIdentity).where(ContactIdentity.contact_id == cut_off.contact_id))
    with pytest.raises(Invalid) as refused:
        delivery_route.of(session, cut_off)
    assert "add an e-mail address to the contact" in refused.value.reason
