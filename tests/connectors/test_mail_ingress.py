"""Mail that is brought here: posted raw or in a form, with the secret; nothing without it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from connectors.base import RawDelivery, WebRequest
from connectors.errors import BadCredentials, Malformed
from connectors.mail import MailConnector

NOW = datetime(2025, 3, 4, 12, tzinfo=UTC)
MAIL = b"From: ruth@example.org\r\nSubject: Hi\r\n\r\nHello \xff\x00\r\n"
KNOWN = {"webhook_secret": "s3cret"}


def call(
    body: bytes, *, kind: str = "message/rfc822", secret: str = "Bearer s3cret", method: str = "POST"
) -> WebRequest:
    headers = {"content-type": kind, "authorization": secret}
    return WebRequest(method=method, path="/webhooks/mail/t", query={}, headers=headers, body=body)


def taken(request: WebRequest, credentials: dict[str, str] | None = None) -> RawDelivery:
    received = MailConnector().receive(credentials or KNOWN, request, NOW)
    assert received.answer.status == 202
    (delivery,) = received.deliveries
    return delivery


def form(**fields: bytes) -> bytes:
    parts = [
        b'--xx\r\nContent-Disposition: form-data; name="%b"\r\n\r\n%b\r\n' % (name.replace("_", "-").encode(), value)
        for name, value in fields.items()
    ]
    return b"".join([*parts, b"--xx--\r\n"])


def test_a_posted_mail_is_kept_byte_for_byte() -> None:
    delivery = taken(call(MAIL))
    assert delivery.raw == MAIL
    assert delivery.received_at == NOW
    assert MailConnector().parse(delivery)[0].sender.address == "ruth@example.org"


def test_what_our_own_server_found_out_counts_here_too() -> None:
    raw = b"Authentication-Results: mx.acme.example; dmarc=pass header.from=example.org\r\n" + MAIL
    delivery = taken(call(raw), KNOWN | {"authserv_id": "mx.acme.example"})
    assert MailConnector().parse(delivery)[0].sender.verified


def test_a_form_with_the_raw_mail_in_it_is_opened() -> None:
    body = form(recipient=b"support@acme.example", body_mime=MAIL)
    assert taken(call(body, kind="multipart/form-data; boundary=xx")).raw.rstrip() == MAIL.rstrip()
    posted = b"email=From%3A+ruth%40example.org%0D%0A%0D%0AHello&to=x"
    read = taken(call(posted, kind="application/x-www-form-urlencoded"))
    assert read.raw == b"From: ruth@example.org\r\n\r\nHello"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "message/rfc822"),
        (b" \r\n", "text/plain"),
        (form(subject=b"Hi"), "multipart/form-data; boundary=xx"),
        (b"a=b", "application/x-www-form-urlencoded"),
    ],
)
def test_a_call_without_a_mail_is_refused(body: bytes, kind: str) -> None:
    with pytest.raises(Malformed):
        MailConnector().receive(KNOWN, call(body, kind=kind), NOW)


def test_mail_is_posted_and_nothing_else() -> None:
    received = MailConnector().receive(KNOWN, call(b"", method="GET"), NOW)
    assert (received.deliveries, received.answer.status) == ((), 405)


@pytest.mark.parametrize(
    "secret", ["", "Bearer", "Bearer ", "Bearer wrong", "Basic s3cret", "s3cret", "Bearer s3cretx"]
)
def test_without_the_secret_nothing_is_taken(secret: str) -> None:
    with pytest.raises(BadCredentials):
        MailConnector().verify(KNOWN, call(MAIL, secret=secret))


def test_the_right_secret_in_any_spelling_of_bearer() -> None:
    for scheme in ("Bearer", "bearer"):
        MailConnector().verify(KNOWN, call(MAIL, secret=f"{scheme} s3cret"))
    with pytest.raises(BadCredentials, match="no secret"):
        MailConnector().verify({}, call(MAIL, secret="Bearer "))


def test_a_channel_without_a_mailbox_waits_and_fetches_nothing() -> None:
    credentials = {"address": "us@acme.example", "smtp_host": "localhost"}
    assert list(MailConnector().fetch_once(credentials, {})) == []
    batches = MailConnector().fetch(credentials, {})
    assert next(batches).deliveries == ()
    batches.close()
