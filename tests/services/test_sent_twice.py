"""A mail whose server took it and whose answer got lost leaves again: it is one mail, to us and to whoever got it twice."""

from __future__ import annotations

from email import message_from_bytes
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from app.clock import now
from app.crypto import seal
from app.models import Message, SendState
from app.services import replies, sending
from connectors._compose import compose
from connectors._mail_settings import read_settings
from connectors._mime import parse_mail
from connectors.base import OutboundMessage, Receipt
from tests.services.making import House, letter

SETTINGS = {
    "address": "support@acme.example",
    "smtp_host": "smtp.acme.example",
    "smtp_port": 25,
    "smtp_security": "none",
}


@pytest.fixture
def house(session: Session, tmp_path: Path) -> House:
    made = House(session, tmp_path).by_mail()
    made.channel.sealed = seal(SETTINGS)
    return made


def tries(house: House) -> tuple[Message, list[OutboundMessage]]:
    """A reply whose first try ends in a time-out after the server took the mail, and its second try."""
    conversation, _ = house.one(letter(sent_at=now()))
    reply = replies.queue_reply(
        house.session, conversation=conversation, author=house.agents[0], text="Here you are", client_key="k"
    )
    house.session.flush()
    first = sending.claim_next(house.session, conversation_id=conversation.id)
    sending.record_transient(house.session, message_id=reply.id, reason="No answer.", retry_after_seconds=None)
    reply.send_after = None
    second = sending.claim_next(house.session, conversation_id=conversation.id)
    assert first
    assert second
    return reply, [first.outbound, second.outbound]


def test_both_tries_are_one_mail_to_whoever_got_both(house: House) -> None:
    reply, outbound = tries(house)
    letters = [compose(read_settings(SETTINGS), one) for one in outbound]
    assert len({one.message_id for one in letters}) == 1
    named = [message_from_bytes(one.raw)["Message-ID"] for one in letters]
    assert named == [f"<{letters[0].message_id}>"] * 2
    sending.record_sent(house.session, message_id=reply.id, receipt=Receipt(letters[1].message_id))
    assert (reply.external_id, reply.send_state) == (letters[0].message_id, SendState.SENT)


def test_a_copy_of_both_tries_that_comes_back_to_us_is_no_news(house: House) -> None:
    reply, outbound = tries(house)
    letters = [compose(read_settings(SETTINGS), one) for one in outbound]
    sending.record_sent(house.session, message_id=reply.id, receipt=Receipt(letters[1].message_id))
    assert house.arrive(*(parse_mail(one.raw) for one in letters)) == []


def test_a_copy_that_comes_back_before_we_know_that_the_mail_left_is_no_news(house: House) -> None:
    reply, outbound = tries(house)
    letters = [compose(read_settings(SETTINGS), one) for one in outbound]
    assert house.arrive(parse_mail(letters[0].raw)) == []
    sending.record_sent(house.session, message_id=reply.id, receipt=Receipt(letters[1].message_id))
    assert reply.external_id == letters[1].message_id
    assert house.arrive(parse_mail(letters[1].raw)) == []


def test_an_answer_to_the_first_try_finds_its_conversation(house: House) -> None:
    reply, outbound = tries(house)
    (first, _) = (compose(read_settings(SETTINGS), one) for one in outbound)
    conversation, _ = house.one(letter(references=(first.message_id,), in_reply_to=first.message_id))
    assert conversation.id == reply.conversation_id
