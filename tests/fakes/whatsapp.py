"""A WhatsApp Cloud API: a number, its messages, its media, its account's templates.

Rules, by page below developers.facebook.com/documentation/business-messaging/whatsapp: messages/send-messages (the
fields of a message; 131047 outside the window), messages/text-messages (4,096 characters, else 100),
business-phone-numbers/media (upload, address, bytes only with the token), templates/template-management,
messages/template-messages (132000, 132001), support/error-codes.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from connectors.base import Credentials, OutboundMessage
from tests.fakes.graph import TOKEN, GraphApi, counter, credentials_of, page, parts_of, refusal, signed
from tests.fakes.provider import Call, Said, serving

__all__ = ["REPLY", "running", "signed"]

NUMBER, ACCOUNT = "106540352242922", "102290129340398"
IN_WINDOW, OUTSIDE, NOT_THERE = "16505551234", "16505550000", "16505559999"
REPLY = OutboundMessage("reply-77", (), "Good news", recipient=f"+{IN_WINDOW}", thread_key=f"+{IN_WINDOW}")
TEMPLATES: list[dict[str, Any]] = [
    {
        "name": "order_shipped",
        "status": "APPROVED",
        "language": "en_US",
        "category": "UTILITY",
        "parameter_format": "POSITIONAL",
        "components": [
            {"type": "HEADER", "format": "TEXT", "text": "Order {{1}}"},
            {"type": "BODY", "text": "Hello {{2}}, your order {{1}} has left."},
            {"type": "FOOTER", "text": "Lucky Shrub"},
            {
                "type": "BUTTONS",
                "buttons": [
                    {"type": "QUICK_REPLY", "text": "Thanks"},
                    {"type": "URL", "text": "Track", "url": "https://shop.example/track/{{1}}"},
                ],
            },
        ],
        "id": "900000000000001",
    },
    {
        "name": "reservation_confirmation",
        "status": "APPROVED",
        "language": "de",
        "category": "UTILITY",
        "parameter_format": "NAMED",
        "components": [
            {"type": "BODY", "text": "Tisch für {{number_of_guests}} Personen am {{day}}. Bis {{day}}!"},
        ],
        "id": "900000000000002",
    },
    {
        "name": "picture_offer",
        "status": "APPROVED",
        "language": "en_US",
        "category": "MARKETING",
        "parameter_format": "POSITIONAL",
        "components": [{"type": "HEADER", "format": "IMAGE"}, {"type": "BODY", "text": "New plants"}],
        "id": "900000000000003",
    },
    {
        "name": "one_time_code",
        "status": "APPROVED",
        "language": "en_US",
        "category": "AUTHENTICATION",
        "components": [{"type": "BODY", "text": "*{{1}}* is your code."}],
        "id": "900000000000004",
    },
    {
        "name": "hello_world",
        "status": "APPROVED",
        "language": "en_US",
        "category": "UTILITY",
        "components": [{"type": "BODY", "text": "Welcome."}],
        "id": "900000000000005",
    },
]


class WhatsappApi(GraphApi):
    def __init__(self) -> None:
        super().__init__()
        self.media: dict[str, tuple[str, bytes]] = {}
        self._message_id, self._media_id = counter("wamid.HBgLMTY1MDU1NTEyMzQVAgARGBI"), counter("148087430456")
        self.node("GET", NUMBER, lambda _: Said({"verified_name": "Lucky Shrub", "display_phone_number": "+1 555-078-3881", "quality_rating": "GREEN", "id": NUMBER}))  # fmt: skip
        self.read: list[str] = []
        self.typing: list[str] = []
        self.node("POST", f"{NUMBER}/messages", self._message)
        self.node("POST", f"{NUMBER}/media", self._upload)
        self.node("GET", f"{ACCOUNT}/message_templates", self._templates)
        self.node("GET", r"(?P<media>[0-9a-z]+)", self._media)
        self.on("GET", r"/whatsapp_business/attachments/(?P<media>\w+)", self._bytes)

    def _message(self, call: Call) -> Said:
        body = call.json
        if body.get("messaging_product") != "whatsapp":
            return refusal(100, "(#100) The parameter messaging_product is required.")
        if body.get("status") == "read":  # messages/mark-message-as-read
            self.read.append(body["message_id"])
            if body.get("typing_indicator") == {"type": "text"}:  # whatsapp/typing-indicators
                self.typing.append(body["message_id"])
            return Said({"success": True})
        to = body.get("to") or body.get("recipient") or ""
        if body["recipient_type"] == "individual" and not re.fullmatch(r"\d{7,15}|[A-Z]{2}\.[A-Za-z0-9]{1,128}", to):
            return refusal(131009, "(#131009) Parameter value is not valid")
        if to == NOT_THERE:
            return refusal(131026, "(#131026) Message undeliverable", error_data={"details": "Message Undeliverable."})
        if to == OUTSIDE and body["type"] != "template":
            details = "Message failed to send because more than 24 hours have passed since the customer last replied to this number."
            return refusal(
                131047,
                "(#131047) Re-engagement message",
                error_data={"messaging_product": "whatsapp", "details": details},
            )
        wrong = self._wrong(body)
        return wrong or Said({"messaging_product": "whatsapp", "contacts": [{"input": to, "wa_id": to}], "messages": [{"id": self._message_id()}]})  # fmt: skip

    def _wrong(self, body: dict[str, Any]) -> Said | None:
        kind = body["type"]
        content = body.get(kind)
        if not isinstance(content, dict):
            return refusal(100, f"(#100) The parameter {kind} is required.")
        if kind == "text" and not 0 < len(content["body"]) <= 4096:
            return refusal(100, "(#100) Param text['body'] must be at most 4096 characters long.")
        if kind == "template":
            return self._wrong_template(content)
        if kind != "text" and content.get("id") not in self.media:
            return refusal(131053, "(#131053) Media upload error")
        if len(content.get("caption", "")) > 1024 or (kind in {"audio", "sticker"} and "caption" in content):
            return refusal(100, "(#100) Invalid parameter")
        return None

    def _wrong_template(self, content: dict[str, Any]) -> Said | None:
        for known in TEMPLATES:
            if (known["name"], known["language"]) == (content["name"], content["language"]["code"]):
                break
        else:
            return refusal(132001, "(#132001) Template does not exist in the translation", status=404)
        told = {part["type"]: part["parameters"] for part in content.get("components", [])}
        for component in known["components"]:
            if component["type"] in {"HEADER", "BODY"} and "text" in component:
                wanted = set(re.findall(r"\{\{(\w+)\}\}", component["text"]))
                given = told.get(component["type"].lower(), [])
                if len(given) != len(wanted):
                    return refusal(
                        132000, "(#132000) Number of parameters does not match the expected number of params"
                    )
                if (
                    known.get("parameter_format") == "NAMED"
                    and {each.get("parameter_name") for each in given} != wanted
                ):
                    return refusal(132000, "(#132000) Parameter name is missing or empty")
                if any("\n" in each["text"] for each in given):
                    return refusal(132018, "(#132018) Parameters cannot have new-line/tab characters")
        return None

    def _upload(self, call: Call) -> Said:
        parts = parts_of(call)
        _, content_type, data = parts["file"]
        if parts["messaging_product"][2] != b"whatsapp" or parts["type"][2].decode() != content_type:
            return refusal(100, "(#100) Invalid parameter")
        media_id = self._media_id()
        self.media[media_id] = (content_type, data)
        return Said({"id": media_id})

    def _media(self, call: Call) -> Said:
        if call.parts["media"] not in self.media or call.query.get("phone_number_id") != NUMBER:
            return refusal(
                100, f"Unsupported get request. Object with ID '{call.parts['media']}' does not exist", subcode=33
            )
        content_type, data = self.media[call.parts["media"]]
        url = f"{self.url}/whatsapp_business/attachments/{call.parts['media']}"
        answer = {
            "url": url,
            "mime_type": content_type,
            "sha256": hashlib.sha256(data).hexdigest(),
            "file_size": len(data),
        }
        return Said({"messaging_product": "whatsapp", "id": call.parts["media"], **answer})

    def _bytes(self, call: Call) -> Said:
        if call.bearer != TOKEN:
            return Said(b"", 401)
        content_type, data = self.media[call.parts["media"]]
        return Said(data, headers={"content-type": content_type})

    def _templates(self, call: Call) -> Said:
        named = call.query.get("name")
        rows = [each for each in TEMPLATES if named is None or named in str(each["name"])]
        return page(call, rows, most=2)


@contextmanager
def serving_whatsapp() -> Iterator[tuple[WhatsappApi, Credentials]]:
    api = WhatsappApi()
    with serving(api):
        yield api, credentials_of(api, phone_number_id=NUMBER, account_id=ACCOUNT, number="+1 555-078-3881")


@contextmanager
def running() -> Iterator[Credentials]:
    with serving_whatsapp() as (_, credentials):
        yield credentials
