"""A customer's own system: takes replies that are signed (docs/api-channel.md) and remembers their keys."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from connectors._standard_webhooks import signature, signed_headers
from connectors.base import Address, Credentials, OutboundAttachment, OutboundMessage, WebRequest
from tests.fakes.provider import Call, Provider, Said, serving

SECRET, REPLY_SECRET = "correct-horse-battery-staple", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
REPLY = OutboundMessage(
    "reply-77",
    (Address("ana@example.com", "Ana"),),
    "Good news",
    recipient="customer-42",
    thread_key="order-10442",
    answers="shop-10442-1",
    attachments=(OutboundAttachment("a.txt", "text/plain", b"Hi"),),
)


class Shop(Provider):
    """Refuses what is not signed with its secret; the same key twice is one reply."""

    def __init__(self) -> None:
        super().__init__()
        self.replies: dict[str, Any] = {}
        self.on("POST", "/replies", self.take)

    def take(self, call: Call) -> Said:
        id_, stamp = call.headers.get("webhook-id", ""), call.headers.get("webhook-timestamp", "")
        wanted = signature(REPLY_SECRET, id_=id_, timestamp=stamp, body=call.body)
        if call.headers.get("webhook-signature") != wanted or abs(time.time() - int(stamp)) > 300:
            return Said({"error": "wrong signature"}, 401)
        if call.json["type"] == "ping":
            return Said({})
        key = call.headers["idempotency-key"]
        self.replies.setdefault(key, call.json)
        return Said({"id": f"shop-{list(self.replies).index(key)}"}, 201)


@contextmanager
def shop() -> Iterator[Shop]:
    with serving(Shop()) as provider:
        assert isinstance(provider, Shop)
        yield provider


def credentials_for(provider: Provider, **more: object) -> Credentials:
    return {"secret": SECRET, "reply_url": f"{provider.url}/replies", "reply_secret": REPLY_SECRET, **more}


@contextmanager
def running() -> Iterator[Credentials]:
    with shop() as provider:
        yield credentials_for(provider)


def signed(credentials: Credentials, body: bytes) -> WebRequest:
    headers = signed_headers(credentials["secret"], id_="call-1", timestamp=int(time.time()), body=body)
    return WebRequest("POST", "/webhooks/api/token", {}, headers, body)
