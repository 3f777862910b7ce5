"""A folder for the contract suite."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory

from connectors.base import Address, Credentials, OutboundMessage

REPLY = OutboundMessage("reply-77", (Address("ana@example.com", "Ana"),), "Good news", recipient="ana", subject="Re: x")


@contextmanager
def running() -> Iterator[Credentials]:
    with TemporaryDirectory(prefix="sandbox-") as folder:
        yield {"folder": folder}
