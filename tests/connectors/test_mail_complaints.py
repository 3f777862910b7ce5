"""Complaints (RFC 5965) as providers send them: whole, with the recipient hidden, with nothing but headers given back."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from connectors._mime import parse_mail

REPORT = """From: {who}
To: abuse@acme.example
Subject: complaint about a message from 192.0.2.1
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary=x

--x
Content-Type: text/plain; charset=us-ascii

This is a mail abuse report for a message received from 192.0.2.1.

--x
Content-Type: message/feedback-report

{fields}

--x
Content-Type: {original}

From: Acme <support@acme.example>
To: mia@example.com
Message-ID: <out-1@acme.example>
Subject: Your order

--x--
"""
YAHOO = "Feedback-Type: abuse\nUser-Agent: Yahoo!-Mail-Feedback/2.0\nVersion: 0.1\nOriginal-Rcpt-To: mia@example.com"
MICROSOFT = "Feedback-Type: abuse\nUser-Agent: HMail-Feedback/1\nVersion: 1\nOriginal-Rcpt-To: rfc822;<Mia@Example.com>"
HIDDEN = "Feedback-Type: Abuse \nUser-Agent: Loop/1\nVersion: 1\nOriginal-Mail-From: <support@acme.example>"
TAKEN_BACK = "Version: 1\nUser-Agent: Loop/1\nFeedback-Type: not-spam\nRemoval-Recipient: mia@example.com"


def report(fields: str, original: str = "message/rfc822") -> Mapping[str, str]:
    raw = REPORT.format(who="feedback@provider.example", fields=fields, original=original)
    message = parse_mail(raw.encode())
    assert message.auto == "auto_reply"
    return message.custom


@pytest.mark.parametrize("original", ["message/rfc822", "text/rfc822-headers"])
@pytest.mark.parametrize("fields", [YAHOO, MICROSOFT])
def test_kind_recipient_and_the_mail_complained_about_are_read(fields: str, original: str) -> None:
    assert report(fields, original) == {
        "complaint": "abuse",
        "complaint_recipient": "mia@example.com",
        "original_message_id": "out-1@acme.example",
    }


def test_a_hidden_recipient_is_left_out() -> None:
    assert report(HIDDEN) == {"complaint": "abuse", "original_message_id": "out-1@acme.example"}


def test_a_complaint_taken_back_says_so() -> None:
    assert report(TAKEN_BACK)["complaint"] == "not-spam"


def test_a_mail_that_speaks_of_complaints_is_none() -> None:
    mail = "From: mia@example.com\nSubject: complaint\n\nFeedback-Type: abuse\nOriginal-Rcpt-To: mia@example.com\n"
    assert "complaint" not in parse_mail(mail.encode()).custom
