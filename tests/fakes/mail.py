"""A mail server of one's own for the contract suite."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from connectors.base import Address, Credentials, OutboundMessage, WebRequest
from tests.smtp import SmtpServer, running_smtp

SIGNS_THE_BODY = False  # a secret travels in a header
REPLY = OutboundMessage("reply-77", (Address("ana@example.com", "Ana"),), "Good news", recipient="ana", subject="Re: x")


@contextmanager
def running() -> Iterator[Credentials]:
    with running_smtp() as server:
        yield mail_credentials(server)


def signed(credentials: Credentials, body: bytes) -> WebRequest:
    """A mail that a mail server posts."""
    headers = {"authorization": f"Bearer {credentials['webhook_secret']}", "content-type": "message/rfc822"}
    return WebRequest(method="POST", path="/webhooks/mail/t", query={}, headers=headers, body=body)


def mail_credentials(server: SmtpServer) -> Credentials:
    return {
        "address": "support@northwind.example",
        "imap_host": "localhost",
        "imap_password": "x",
        "smtp_host": "localhost",
        "smtp_port": server.port,
        "smtp_security": "none",
        "webhook_secret": "push-s3cret",
    }
