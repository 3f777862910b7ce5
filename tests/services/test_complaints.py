"""Somebody called our mail spam: the address is marked with when and by whom, shown, and left alone by machines."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.clock import now
from app.models import ContactIdentity, Conversation, Message, SendState
from app.queries import contact_panel
from app.services import automatic_mail, replies, sending
from connectors.base import InboundMessage, Receipt
from tests.services.making import NOON, House, letter

WRITER, SENT, PROVIDER = "mia@example.com", "out-1@acme.example", "feedback@provider.example"


@pytest.fixture
def house(session: Session, tmp_path: Path) -> House:
    return House(session, tmp_path)


def answered(house: House, cc: tuple[str, ...] = ()) -> tuple[Conversation, Message]:
    """A letter from Mia, and our answer, which left."""
    conversation, _ = house.by_mail().one(letter(WRITER))
    reply = replies.queue_reply(
        house.session, conversation=conversation, author=house.agents[0], text="Here you are", client_key="k1", cc=cc
    )
    house.session.flush()
    assert sending.claim_next(house.session, conversation_id=conversation.id)
    sending.record_sent(house.session, message_id=reply.id, receipt=Receipt(SENT))
    return conversation, reply


def complaint(recipient: str = WRITER, kind: str = "abuse", target: str = SENT) -> InboundMessage:
    custom = {"complaint": kind, "original_message_id": target} | (
        {"complaint_recipient": recipient} if recipient else {}
    )
    return letter(PROVIDER, auto="auto_reply", custom=custom, sent_at=NOON)


def identity(house: House, address: str = WRITER) -> ContactIdentity:
    query = select(ContactIdentity).where(ContactIdentity.address == address)
    return house.session.scalars(query.execution_options(populate_existing=True)).one()


def test_who_complained_is_marked_with_when_and_by_whom_and_the_reply_did_arrive(house: House) -> None:
    conversation, reply = answered(house)
    house.arrive(complaint())
    marked = identity(house)
    assert (marked.complained_at, marked.complaint, marked.complaint_by) == (NOON, "abuse", PROVIDER)
    house.session.refresh(reply)
    assert (reply.send_state, reply.delivered_at) == (SendState.SENT, NOON)
    view = contact_panel.view(house.session, contact_id=conversation.contact_id, inbox_ids=[house.inbox.id])
    assert [(one.complained, one.complaint_by) for one in view.identities] == [(NOON, PROVIDER)]


def test_the_mark_stays_when_they_write_until_the_complaint_is_taken_back(house: House) -> None:
    answered(house)
    house.arrive(complaint())
    house.one(letter(WRITER))
    assert identity(house).complained_at == NOON
    house.arrive(complaint(kind="not-spam"))
    assert (identity(house).complained_at, identity(house).complaint_by) == (None, "")


def test_the_same_report_again_changes_nothing(house: House) -> None:
    answered(house)
    told = complaint()
    house.arrive(told)
    house.arrive(complaint(kind="not-spam"))
    house.arrive(told)
    assert identity(house).complained_at is None


@pytest.mark.parametrize("told", ["", "b64HIDDEN@example.com", "redacted"])
def test_a_hidden_recipient_is_the_only_one_to_whom_the_mail_went(house: House, told: str) -> None:
    answered(house)
    house.arrive(complaint(recipient=told))
    assert identity(house).complained_at == NOON


def test_of_several_a_hidden_one_cannot_be_told(house: House) -> None:
    answered(house, cc=("boss@example.com",))
    house.arrive(complaint(recipient=""))
    assert identity(house).complained_at is None


@pytest.mark.parametrize(
    "forged",
    [
        complaint(target="never-sent@acme.example"),
        complaint(recipient="mallory@elsewhere.example"),
        complaint(recipient="boss@example.com"),
    ],
)
def test_a_report_about_what_we_did_not_send_there_marks_nobody(house: House, forged: InboundMessage) -> None:
    answered(house, cc=("ana@example.com",))
    house.one(letter("boss@example.com"))
    house.arrive(forged)
    assert identity(house).complained_at is None
    assert identity(house, "boss@example.com").complained_at is None


def test_nothing_automatic_answers_somebody_who_complained(house: House) -> None:
    answered(house)
    _, message = house.one(letter(WRITER, sent_at=now()))
    assert automatic_mail.may_answer(house.session, message=message)
    house.arrive(complaint())
    assert not automatic_mail.may_answer(house.session, message=message)
