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


def test_a_bounce_names_the_mail_that_failed_unless_that_is_only_late() -> None:
    by_name = {mail.name: parse_mail(mail.raw) for mail in MAILS}
    failed = by_name["delivery report of postfix"]
    assert (failed.target, failed.status) == ("original-1@acme.example", "failed")
    assert failed.status_reason == "550 5.1.1 <ruth@example.org>: user unknown"
    assert by_name["exim, permanent, no header of its own"].target == "out-5@acme.example"
    for late in ("delivery report that only says it is late", "exim, still trying"):
        assert (by_name[late].target, by_name[late].status) == (None, None)
    assert all(one.status is None for one in by_name.values() if one.auto != "bounce")


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


HOSTILE_CALENDARS = {
    "nested without end": b"BEGIN:VEVENT\n" * 4_900,
    "one property thousands of times": b"BEGIN:VEVENT\n" + b"SUMMARY:x\n" * 5_000,
    "a zone that is a path": b"BEGIN:VEVENT\nDTSTART;TZID=../../../etc/passwd:20250101T000000\nEND:VEVENT",
    "a zone of sixty kilobytes": b"BEGIN:VEVENT\nDTSTART;TZID=" + b"x" * 60_000 + b":20250101T000000\nEND:VEVENT",
    "only folds": b"\n " * 30_000,
    "bytes": bytes(range(256)) * 200,
}


@pytest.mark.timeout(20)
@pytest.mark.parametrize("data", HOSTILE_CALENDARS.values(), ids=HOSTILE_CALENDARS.keys())
def test_hostile_calendars_become_short_texts(data: bytes) -> None:
    message = parse_mail(b"From: a@b.example\nContent-Type: text/calendar; method=REQUEST\n\n" + data)
    assert len(message.text) < 2_000
    assert message.attachments[0].data == data


def test_folded_and_escaped_properties_are_read() -> None:
    lines = (
        "BEGIN:VCALENDAR", "METHOD:CANCEL", "BEGIN:VEVENT", "SUMMARY:Lunch\\, long", "  one",
        'ORGANIZER;CN="Jana, Vogt":MAILTO:jana@x.example', "DTSTART;TZID=Europe/Berlin:20250304T121500", "DTEND;VALUE=DATE:20250305",
        "BEGIN:VALARM", "DESCRIPTION:alarm", "END:VALARM", "DESCRIPTION:Bring\\nbread", "END:VEVENT", "END:VCALENDAR",
    )  # fmt: skip
    head = "From: a@b.example\r\nContent-Type: text/calendar; charset=utf-8; method=CANCEL\r\n\r\n"
    assert parse_mail((head + "\r\n".join(lines)).encode()).text == (
        "Cancelled: Lunch, long one\nWhen: 2025-03-04 12:15 Europe/Berlin – 2025-03-05\n"
        "Organiser: Jana, Vogt <jana@x.example>\n\nBring\nbread"
    )
