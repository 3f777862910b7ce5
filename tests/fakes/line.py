"""LINE's Messaging API (https://developers.line.biz/en/reference/messaging-api/), for one Official Account.

Kept: the bearer token, retry keys that are UUIDs and accepted once (409 with the ids of the first time), texts of up to
5,000 UTF-16 units, files from a host of their own, the form of errors, the limits of calls and of messages a month.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from connectors.base import Credentials, OutboundMessage, WebRequest
from tests.fakes.provider import Call, Provider, Said, serving

TOKEN = "W1TeHCgfH2Liwa+long/lived=="
SECRET = "8c570fa6dd201bb328f1c1eac23a96d8"
CUSTOMER = "U4af4980629abcdef0123456789abcdef"
REPLY = OutboundMessage("reply-77", (), "Good news", recipient=CUSTOMER, thread_key=CUSTOMER)


class Line(Provider):
    """`sent` is what reached people; `files` are what they sent, by message id."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[dict[str, Any]] = []
        self.files: dict[str, tuple[int, str, bytes]] = {}
        self.profiles: dict[str, dict[str, str]] = {}  # by their place below /v2/bot
        self.endpoint = ""
        self.read: list[str] = []  # tokens of messages that were marked as read
        self.typing: list[str] = []  # chats that show the loading animation
        self._accepted: dict[str, list[dict[str, str]]] = {}
        self.on("GET", r"/v2/bot/info", self._info)
        self.on("PUT", r"/v2/bot/channel/webhook/endpoint", self._set_endpoint)
        self.on(
            "GET", r"/v2/bot/(?P<place>profile/\w+|group/\w+/(member/\w+|summary)|room/\w+/member/\w+)", self._profile
        )
        self.on("POST", r"/v2/bot/message/push", self._push)
        self.on("POST", r"/v2/bot/chat/markAsRead", self._mark_as_read)
        self.on("POST", r"/v2/bot/chat/loading/start", self._show_loading)
        self.on("GET", r"/data/v2/bot/message/(?P<id>[^/]+)/content", self._content)
        self.on("GET", r"/elsewhere", lambda call: Said(repr(sorted(call.headers)).encode()))

    @property
    def credentials(self) -> dict[str, Any]:
        return {
            "access_token": TOKEN,
            "channel_secret": SECRET,
            "api_url": self.url,
            "data_url": f"{self.url}/data",
        }

    def _info(self, call: Call) -> Said:
        info = {"userId": "U0123", "basicId": "@216ruabc", "displayName": "Acme", "chatMode": "bot"}
        return _refusal(call) or Said(info)

    def _set_endpoint(self, call: Call) -> Said:
        if not call.json["endpoint"].startswith("https://"):
            return Said({"message": "Invalid webhook endpoint URL"}, 400)
        self.endpoint = call.json["endpoint"]
        return _refusal(call) or Said({})

    def _push(self, call: Call) -> Said:
        key = call.headers.get("x-line-retry-key", "")
        wrong = _refusal(call) or _faults(call.json)
        if wrong:
            return wrong
        assert str(UUID(key)) == key
        if key in self._accepted:
            return Said({"message": "The retry key is already accepted", "sentMessages": self._accepted[key]}, 409)
        self.sent.append(call.json)
        self._accepted[key] = [{"id": str(461230966842064896 + len(self.sent)), "quoteToken": "IStG5h1Tz7b"}]
        return Said({"sentMessages": self._accepted[key]})

    def _mark_as_read(self, call: Call) -> Said:
        wrong = _refusal(call)
        if wrong or not call.json.get("markAsReadToken"):
            return wrong or Said({"message": "The request body has 1 error(s)"}, 400)
        self.read.append(call.json["markAsReadToken"])
        return Said({})

    def _show_loading(self, call: Call) -> Said:
        wrong, seconds = _refusal(call), call.json.get("loadingSeconds", 20)
        if wrong or not call.json.get("chatId", "").startswith("U") or seconds % 5 or not 5 <= seconds <= 60:
            return wrong or Said({"message": "The request body has 1 error(s)"}, 400)
        self.typing.append(call.json["chatId"])
        return Said({}, 202)

    def _profile(self, call: Call) -> Said:
        known = self.profiles.get(call.parts["place"])
        return _refusal(call) or (Said(known) if known else Said({"message": "Not found"}, 404))

    def _content(self, call: Call) -> Said:
        wrong = _refusal(call)
        if wrong or call.parts["id"] not in self.files:
            return wrong or Said({"message": "Not found"}, 404)
        status, kind, data = self.files[call.parts["id"]]
        return Said(data, status, {"content-type": kind})


def _refusal(call: Call) -> Said | None:
    said = "Authentication failed due to the following reason: invalid token. Confirm that the access token is valid."
    return None if call.bearer == TOKEN else Said({"message": said}, 401)


def _faults(body: dict[str, Any]) -> Said | None:
    if len(body["messages"]) not in range(1, 6):
        return Said({"message": "Size must be between 1 and 5"}, 400)
    for picture in (one for one in body["messages"] if one["type"] == "image"):
        if not all(picture[key].startswith("https://") for key in ("originalContentUrl", "previewImageUrl")):
            return Said({"message": "Must be a valid HTTPS URL"}, 400)
    text = next((one["text"] for one in body["messages"] if one["type"] == "text"), "-")
    said = "" if text else "May not be empty"
    said = "Length must be between 0 and 5000" if len(text.encode("utf-16-le")) // 2 > 5000 else said
    if said:
        details = [{"message": said, "property": "messages[0].text"}]
        return Said({"message": "The request body has 1 error(s)", "details": details}, 400)
    if not body["to"].startswith(("U", "C", "R")):
        return Said({"message": "The property, 'to', in the request body is invalid (line: -, column: -)"}, 400)
    return None


@contextmanager
def running() -> Iterator[Credentials]:
    line = Line()
    with serving(line):
        yield line.credentials


def signed(credentials: Credentials, body: bytes) -> WebRequest:
    made = base64.b64encode(hmac.new(credentials["channel_secret"].encode(), body, "sha256").digest()).decode()
    headers = {"content-type": "application/json; charset=utf-8", "x-line-signature": made}
    return WebRequest("POST", "/webhooks/line/t0k3n", {}, headers, body)
