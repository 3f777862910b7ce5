"""Storing is delivering: nothing runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from connectors.base import Address, Credentials, OutboundMessage

REPLY = OutboundMessage("reply-77", (Address("ana@example.com", "Ana"),), "Good news", recipient="ana", subject="Re: x")


@contextmanager
def running() -> Iterator[Credentials]:
    yield {}
