"""Vonage's Messages API (https://developer.vonage.com/en/api/messages) with the second kind of sign-in it has, Basic.

Kept: numbers without "+", errors in the form of RFC 7807 (https://developer.vonage.com/api-errors), calls signed by a
JWT with `payload_hash` (https://developer.vonage.com/en/getting-started/concepts/webhooks), here computed on its own.
"""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from connectors.base import WebRequest
from tests.fakes.provider import Call, Provider, Said

KEY, SECRET, SIGNATURE_SECRET = "abcd1234", "abcdefgh12345678", "Zk3vQ7tY2nB8xW5m"
OWN, CUSTOMER = "+447700900000", "+447700900001"


class Vonage(Provider):
    """`sent` is what was taken."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[dict[str, Any]] = []
        self.on("GET", r"/v2/applications", self._applications)
        self.on("POST", r"/v1/messages", self._send)
        self.on("GET", r"/media/(?P<name>[\w.]+)", self._media)

    @property
    def credentials(self) -> dict[str, Any]:
        return {
            "provider": "vonage",
            "account_sid": KEY,
            "auth_token": SECRET,
            "signature_secret": SIGNATURE_SECRET,
            "number": OWN,
            "api_url": self.url,
        }

    def _applications(self, call: Call) -> Said:
        return _refusal(call) or Said({"page_size": 1, "page": 1, "total_items": 3})

    def _send(self, call: Call) -> Said:
        said = call.json
        wrong = _refusal(call)
        if wrong:
            return wrong
        if not (said["to"].isdigit() and said["from"].isalnum() and _has_content(said)):
            return problem(422, "Invalid params", "The value of one or more parameters is invalid.")
        self.sent.append(said)
        return Said({"message_uuid": f"aaaaaaaa-bbbb-4ccc-8ddd-{len(self.sent):012x}"}, 202)

    def _media(self, call: Call) -> Said:
        return _refusal(call) or Said(b"\xff\xd8", headers={"content-type": "image/jpeg"})


def _has_content(said: dict[str, Any]) -> bool:
    """Check the part that the message's type names; an SMS has words only."""
    kind = said["message_type"]
    if kind == "text":
        return bool(said["text"])
    part = said[kind]
    return said["channel"] != "sms" and part["url"].startswith("https://") and set(part) <= {"url", "caption", "name"}


def _refusal(call: Call) -> Said | None:
    wanted = "Basic " + base64.b64encode(f"{KEY}:{SECRET}".encode()).decode()
    if call.headers.get("authorization") == wanted:
        return None
    return problem(401, "Unauthorised", "You did not provide correct credentials.")


def problem(status: int, title: str, detail: str) -> Said:
    said = {"type": "https://developer.vonage.com/api-errors", "title": title, "detail": detail, "instance": "bf0c"}
    return Said(said, status, {"content-type": "application/problem+json"})


def signed(body: bytes, secret: str = SIGNATURE_SECRET, alg: str = "HS256", **claims: str) -> WebRequest:
    said = {"iat": 1763800000, "jti": "x", "iss": "Vonage", "payload_hash": sha256(body).hexdigest(), **claims}
    head = f"{_part({'alg': alg, 'typ': 'JWT'})}.{_part(said)}"
    made = base64.urlsafe_b64encode(hmac.new(secret.encode(), head.encode(), "sha256").digest()).rstrip(b"=").decode()
    headers = {"content-type": "application/json", "authorization": f"Bearer {head}.{made}"}
    return WebRequest("POST", "/webhooks/sms/t0k3n", {}, headers, body)


def _part(said: Mapping[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(said).encode()).rstrip(b"=").decode()
