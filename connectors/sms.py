"""SMS and MMS through a gateway (Twilio or Vonage), and what else it puts into the same form: WhatsApp, RCS.

Twilio calls the channel's address for each message and each state of a reply, signed; it does so once, so every few
minutes its list of messages is read too, for what was missed; Vonage tries again. Files are fetched by the gateway:
up to 10 of 5 MB together by Twilio (https://www.twilio.com/docs/messaging/guides/accepted-mime-types), one of few types
by Vonage (https://developer.vonage.com/en/messages/concepts/mms). STOP and START are answered by Twilio itself
(https://help.twilio.com/articles/223134027); they are shown, with `consent` beside them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import urlencode

from connectors import _sms_conversations as conversations
from connectors import _sms_twilio as twilio
from connectors import _sms_vonage as vonage
from connectors._sms_parse import calls_in, read_call
from connectors._twilio_signing import require_twilio
from connectors.base import (
    Batch,
    Capabilities,
    Credentials,
    Cursor,
    InboundAttachment,
    InboundMessage,
    MayReach,
    OutboundMessage,
    RawDelivery,
    Receipt,
    Received,
    RemoteFile,
    Setting,
    WebAnswer,
    WebRequest,
)
from connectors.defaults import Defaults
from connectors.phrases import phrase

EMPTY_TWIML = WebAnswer(body=b'<?xml version="1.0" encoding="UTF-8"?><Response/>', content_type="text/xml")
FORM = "application/x-www-form-urlencoded"
MEDIA_TYPES = (
    "image/jpeg",
    "image/png",
    "image/gif",
    "image/bmp",
    "image/tiff",
    "audio/*",
    "video/*",
    "text/vcard",
    "text/x-vcard",
    "text/csv",
    "text/calendar",
    "application/pdf",
)


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds between looks at the list of messages. Tests make it short."""

    look_seconds: float = 300


class SmsConnector(Defaults):
    kind: ClassVar[str] = "sms"
    label: ClassVar[str] = "SMS"
    family: ClassVar[str] = "messaging"
    about: ClassVar[str] = phrase("Text messages to your number, by Twilio or Vonage; their WhatsApp messages, too.")
    capabilities: ClassVar[Capabilities] = Capabilities(
        push=True,
        pull=True,
        send=True,
        reaches=("phone", "sms"),
        threads=True,
        attachments=True,
        public_files=True,
        media_types=MEDIA_TYPES,
        max_attachments=10,
        max_attachment_bytes=5_000_000,
        max_text=1600,
        delivery_states=True,
        read_states=True,
    )
    settings: ClassVar[tuple[Setting, ...]] = (
        Setting(
            "provider",
            "Provider",
            kind="choice",
            default="twilio",
            choices=(("twilio", "Twilio"), ("vonage", "Vonage")),
            help="Which of the two carries your messages: the fields below mean different things for each",
        ),
        Setting("account_sid", "Account SID, or API key", required=True, help="Twilio: AC…. Vonage: the API key."),
        Setting(
            "auth_token",
            "Auth token, or API secret",
            kind="secret",
            required=True,
            help="Twilio: the primary auth token, which signs calls, too. Vonage: the API secret.",
        ),
        Setting("signature_secret", "Signature secret", kind="secret", help="Vonage only: it signs calls with it."),
        Setting(
            "number",
            "Number",
            help="As +14155550100, or whatsapp:+14155550100. Answers go out from the number that was written to.",
        ),
        Setting("messaging_service", "Messaging Service SID", help="Twilio only: MG…, which chooses the number."),
        Setting(
            "webhook",
            "Webhook address",
            help="Of this channel; Twilio tells it whether replies arrived. Vonage: enter it there, twice.",
        ),
        Setting(
            "fetches_missed",
            "Look for messages that Twilio could not deliver here",
            kind="boolean",
            default=True,
            group="Advanced",
            help="Every five minutes, by the number or the service above.",
        ),
        Setting("api_url", "Address of the API", group="Advanced", help="Empty: the provider's own."),
    )

    def __init__(self, pace: Pace | None = None) -> None:
        self._pace = pace or Pace()

    def address(self, credentials: Credentials) -> str:
        """Return the channel's number."""
        return str(credentials.get("number") or "").strip()

    def snippets(self, base_url: str, token: str) -> tuple[tuple[str, str], ...]:
        """Return the address that Twilio calls."""
        return (
            (
                "Twilio: a message comes in, webhook, HTTP POST. Vonage: inbound URL and status URL",
                _url(base_url, token),
            ),
        )

    def check(self, credentials: Credentials) -> str:
        """Sign in. Raises BadCredentials, Transient or Rejected."""
        return vonage.check(credentials) if _is_vonage(credentials) else twilio.check(credentials)

    def fetch(self, credentials: Credentials, cursor: Cursor) -> Iterator[Batch]:
        """Yield messages that calls missed. The cursor is {"since"}, the time of the newest."""
        if _is_vonage(credentials):
            return iter(())
        twilio.api_of(credentials)
        is_wanted = str(credentials.get("fetches_missed", True)).lower() not in {"false", "0", "no", "off", ""}
        if not is_wanted or not twilio.lists_its_own(credentials):
            return iter(())
        return twilio.missed(credentials, cursor, self._pace.look_seconds)

    def verify(self, credentials: Credentials, request: WebRequest) -> None:
        """Check the signature of a call. Raises BadCredentials."""
        if _is_vonage(credentials):
            return vonage.verify(credentials, request)
        return require_twilio(credentials.get("auth_token"), request)

    def receive(self, credentials: Credentials, request: WebRequest, received_at: datetime) -> Received:
        """Take one message or state, also by GET; nothing is said in answer."""
        is_read = request.method == "GET"
        raw = urlencode(request.query).encode() if is_read else request.body
        content_type = FORM if is_read else request.headers.get("content-type", FORM)
        answer = WebAnswer() if _is_vonage(credentials) else EMPTY_TWIML
        return Received((RawDelivery(raw, received_at, meta={"content_type": content_type}),), answer)

    def parse(self, delivery: RawDelivery) -> list[InboundMessage]:
        """Return the message or the state of a call. Raises Malformed."""
        calls = calls_in(delivery.raw)
        return [message for call in calls for message in _read(call)]

    def send(self, credentials: Credentials, message: OutboundMessage) -> Receipt:
        """Send a text from the number that was written to. Raises Transient, BadCredentials or Rejected."""
        return vonage.send(credentials, message) if _is_vonage(credentials) else twilio.send(credentials, message)

    def download(self, credentials: Credentials, file: RemoteFile, may_reach: MayReach) -> InboundAttachment:
        """Fetch what came with a message. Raises Transient, BadCredentials or Rejected."""
        fetched = vonage.download if _is_vonage(credentials) else twilio.download
        return fetched(credentials, file, may_reach)


def _read(call: Mapping[str, Any]) -> list[InboundMessage]:
    if vonage.is_its(call):
        return vonage.read_call(call)
    return conversations.read_call(call) if conversations.is_its(call) else read_call(call)


def _is_vonage(credentials: Credentials) -> bool:
    return credentials.get("provider") == "vonage"


def _url(base_url: str, token: str) -> str:
    return f"{base_url}/webhooks/{SmsConnector.kind}/{token}"
