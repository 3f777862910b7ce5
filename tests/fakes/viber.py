"""Viber's REST Bot API (https://developers.viber.com/docs/api/rest-bot-api/), for one bot.

Kept: the token in X-Viber-Auth-Token, `status` in answers that are all 200 (#error-codes), a sender's name of up to 28
characters, a webhook before anything is sent, that it is called and must answer 200 while it is set (#webhooks).
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from connectors.base import Credentials, OutboundMessage, WebRequest
from tests.fakes.provider import Call, Provider, Said, serving

TOKEN = "445da6az1s345z78-dazcczb2542zv51a-e0vc5fva17480im9"
CUSTOMER, GONE = "01234567890A=", "GONE="
REPLY = OutboundMessage("reply-77", (), "Good news", recipient=CUSTOMER, thread_key=CUSTOMER)


class Viber(Provider):
    """`sent` is what reached people."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[dict[str, Any]] = []
        self.webhook: dict[str, Any] = {"url": "https://desk.acme.example/webhooks/viber/t0k3n"}
        self.on("POST", r"/pa/(?P<name>\w+)", self._method)
        self.on("GET", r"/media/(?P<name>[\w.]+)", self._media)

    @property
    def credentials(self) -> dict[str, Any]:
        return {"token": TOKEN, "sender_name": "Acme", "api_url": self.url}

    def _method(self, call: Call) -> Said:
        if call.headers.get("x-viber-auth-token") != TOKEN:
            return said(2, "invalidAuthToken")
        answer: Said = getattr(self, f"_{call.parts['name']}")(call.json)
        return answer

    def _get_account_info(self, _asked: Any) -> Said:
        return said(0, "ok", id="pa:75346594275468546724", name="Acme", uri="acme", subscribers_count=1204)

    def _set_webhook(self, asked: dict[str, Any]) -> Said:
        if not asked["url"].startswith("https://"):
            return said(1, "invalidUrl")
        self.webhook = asked
        return said(0, "ok", event_types=asked["event_types"])

    def _send_message(self, asked: dict[str, Any]) -> Said:
        faults = [
            (not self.webhook, 10, "webhookNotSet"),
            (asked["type"] == "text" and not asked.get("text"), 4, "missingData"),
            (asked["type"] != "text" and not asked.get("media", "").startswith("https://"), 4, "missingData"),
            (asked["type"] == "file" and not (asked.get("size") and asked.get("file_name")), 4, "missingData"),
            (asked["type"] == "video" and not asked.get("size"), 4, "missingData"),
            (len(asked["text"]) > (512 if asked["type"] == "picture" else 7000), 3, "badData"),
            (not 1 <= len(asked["sender"]["name"]) <= 28, 3, "badData"),
            (asked["receiver"] == GONE, 6, "receiverNotSubscribed"),
        ]
        wrong = next(((code, words) for is_wrong, code, words in faults if is_wrong), None)
        if wrong:
            return said(*wrong)
        self.sent.append(asked)
        return said(0, "ok", message_token=5741311803571721087 + len(self.sent), billing_status=1)

    def _media(self, call: Call) -> Said:
        assert "x-viber-auth-token" not in call.headers
        known = {"a.jpg": Said(b"\xff\xd8", headers={"content-type": "image/jpeg"}), "old.jpg": Said(b"", 403)}
        return known.get(call.parts["name"], Said(b"", 404))


def said(status: int, words: str, **more: Any) -> Said:
    return Said({"status": status, "status_message": words, "chat_hostname": "SN-CHAT-05_", **more})


@contextmanager
def running() -> Iterator[Credentials]:
    viber = Viber()
    with serving(viber):
        yield viber.credentials


def signed(credentials: Credentials, body: bytes) -> WebRequest:
    made = hmac.new(credentials["token"].encode(), body, "sha256").hexdigest()
    headers = {"content-type": "application/json", "x-viber-content-signature": made}
    return WebRequest("POST", "/webhooks/viber/t0k3n", {}, headers, body)
