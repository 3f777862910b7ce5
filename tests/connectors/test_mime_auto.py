"""What wrote a mail: bounces with their reasons, absence notes, lists, invitations, and people who only speak of them."""

from __future__ import annotations

import pytest

from connectors._mime import parse_mail
from tests.connectors.mail_corpus.cases import Automatic, automatic

MAILS = automatic()


@pytest.mark.parametrize("mail", MAILS, ids=lambda mail: mail.name)
def test_the_kind_of_writer_is_recognised(mail: Automatic) -> None:
    assert parse_mail(mail.raw).auto == mail.auto


@pytest.mark.parametrize("mail", [mail for mail in MAILS if mail.auto == "bounce"], ids=lambda mail: mail.name)
def test_a_bounce_says_whom_it_did_not_reach_and_why(mail: Automatic) -> None:
    custom = parse_mail(mail.raw).custom
    assert mail.details
    assert {name: custom.get(name) for name in mail.details} == mail.details


@pytest.mark.parametrize("mail", [mail for mail in MAILS if mail.auto != "bounce"], ids=lambda mail: mail.name)
def test_other_mails_carry_no_bounce_details(mail: Automatic) -> None:
    assert not parse_mail(mail.raw).custom


def test_an_invitation_without_words_is_described() -> None:
    raw = next(mail.raw for mail in MAILS if mail.name == "invitation")
    message = parse_mail(raw)
    assert message.text == (
        "Invitation: Call about the order\nWhen: 2025-03-04 14:14 UTC – 2025-03-04 15:00 UTC\n"
        "Where: Room 5\nOrganiser: jana@example.org"
    )
    assert [(one.filename, one.content_type) for one in message.attachments] == [("invite.ics", "text/calendar")]


def test_a_broken_calendar_is_kept_as_a_file() -> None:
    head = b"From: a@b.example\nContent-Type: text/calendar; method=REQUEST\n\n"
    message = parse_mail(head + b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:never\n")
    assert message.auto == "calendar"
    assert message.attachments[0].data.startswith(b"BEGIN:VCALENDAR")
