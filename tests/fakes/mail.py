"""A mail server of one's own for the contract suite."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from connectors.base import Address, Credentials, OutboundMessage
from tests.smtp import SmtpServer, running_smtp

REPLY = OutboundMessage("reply-77", (Address("ana@example.com", "Ana"),), "Good news", recipient="ana", subject="Re: x")


@contextmanager
def running() -> Iterator[Credentials]:
    with running_smtp() as server:
        yield mail_credentials(server)


def mail_credentials(server: SmtpServer) -> Credentials:
    return {
        "address": "support@northwind.example",
        "imap_host": "localhost",
        "imap_password": "x",
        "smtp_host": "localhost",
        "smtp_port": server.port,
        "smtp_security": "none",
    }
