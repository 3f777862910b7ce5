"""A folder for the contract suite."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory

from connectors._signing import hmac_hex
from connectors.base import Address, Credentials, OutboundMessage, WebRequest

REPLY = OutboundMessage("reply-77", (Address("ana@example.com", "Ana"),), "Good news", recipient="ana", subject="Re: x")
SECRET = "sandbox-secret"


@contextmanager
def running() -> Iterator[Credentials]:
    with TemporaryDirectory(prefix="sandbox-") as folder:
        yield {"folder": folder, "webhook_secret": SECRET}


def signed(credentials: Credentials, body: bytes) -> WebRequest:
    headers = {"x-sandbox-signature": f"sha256={hmac_hex(str(credentials['webhook_secret']), body)}"}
    return WebRequest("POST", "/webhooks/sandbox/token", {}, headers, body)
