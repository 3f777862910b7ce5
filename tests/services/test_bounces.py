"""Mail that did not arrive: the reply fails with its reason, the address is marked, and a sign of life unmarks it."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import ContactIdentity, Conversation, Message, SendState
from app.queries import contact_panel
from app.services import replies, sending
from connectors.base import InboundMessage, Receipt
from tests.services.making import House, letter

WRITER = "mia@example.com"
REASON = "550 5.1.1 user unknown"


@pytest.fixture
def house(session: Session, tmp_path: Path) -> House:
    return House(session, tmp_path)


def answered(house: House) -> tuple[Conversation, Message]:
    """A letter from Mia, and our answer, which left."""
    conversation, _ = house.one(letter(WRITER))
    reply = replies.queue_reply(
        house.session, conversation=conversation, author=house.agents[0], text="Here you are", client_key="k1"
    )
    house.session.flush()
    assert sending.claim_next(house.session, conversation_id=conversation.id)
    sending.record_sent(house.session, message_id=reply.id, receipt=Receipt("out-1@acme.example"))
    return conversation, reply


def bounce(target: str = "out-1@acme.example", recipient: str = WRITER) -> InboundMessage:
    return letter(
        "mailer-daemon@example.com",
        auto="bounce",
        references=(target,),
        custom={"bounce_recipient": recipient, "original_message_id": target},
        target=target,
        status="failed",
        status_reason=REASON,
    )


def identity(house: House, address: str = WRITER) -> ContactIdentity:
    query = select(ContactIdentity).where(ContactIdentity.address == address)
    return house.session.scalars(query.execution_options(populate_existing=True)).one()


def test_a_bounce_is_shown_and_its_reply_fails_with_the_reason(house: House) -> None:
    _, reply = answered(house)
    (shown,) = house.arrive(bounce())
    assert (shown.auto, shown.text[:5]) == ("bounce", "Hello")
    house.session.refresh(reply)
    assert (reply.send_state, reply.send_error) == (SendState.FAILED, REASON)


def test_the_address_is_marked_until_somebody_writes_from_it(house: House) -> None:
    answered(house)
    house.arrive(bounce())
    marked = identity(house)
    assert marked.bounced_at is not None
    assert marked.bounce_reason == REASON
    house.one(letter(WRITER, auto="auto_reply"))
    assert identity(house).bounced_at is not None, "a machine's answer is no sign of life"
    house.one(letter(WRITER))
    assert identity(house).bounced_at is None


def test_the_same_bounce_again_changes_nothing(house: House) -> None:
    _, reply = answered(house)
    notice = bounce()
    house.arrive(notice)
    house.one(letter(WRITER))
    house.arrive(notice)
    assert identity(house).bounced_at is None
    house.session.refresh(reply)
    assert reply.send_state is SendState.FAILED


@pytest.mark.parametrize("notice", [bounce(target="never-sent@acme.example"), bounce(recipient="boss@example.com")])
def test_a_notice_about_what_we_did_not_send_there_marks_nobody(house: House, notice: InboundMessage) -> None:
    answered(house)
    house.one(letter("boss@example.com"))
    house.arrive(notice)
    assert identity(house).bounced_at is None
    assert identity(house, "boss@example.com").bounced_at is None


def test_the_contact_is_shown_with_the_address_that_mail_does_not_reach(house: House) -> None:
    conversation, _ = answered(house)
    before = contact_panel.view(house.session, contact_id=conversation.contact_id, inbox_ids=[house.inbox.id])
    assert [one.bounce_reason for one in before.identities] == [None]
    house.arrive(bounce())
    after = contact_panel.view(house.session, contact_id=conversation.contact_id, inbox_ids=[house.inbox.id])
    assert [one.bounce_reason for one in after.identities] == [REASON]
