"""SMS and MMS through a gateway (now Twilio), and whatever else the gateway puts into the same form: WhatsApp, RCS.

Twilio calls the channel's address for each message and each state of a reply, signed; it does so once, so every few
minutes its list of messages is read too, for what was missed. Files cannot be sent: Twilio fetches them from public
addresses only (https://www.twilio.com/docs/messaging/api/message-resource, MediaUrl). STOP and START are answered by
Twilio itself (https://help.twilio.com/articles/223134027); they are shown, with `consent` beside them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from urllib.parse import urlencode

from connectors import _sms_twilio as twilio
from connectors._sms_parse import read_calls
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

EMPTY_TWIML = WebAnswer(body=b'<?xml version="1.0" encoding="UTF-8"?><Response/>', content_type="text/xml")
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds between looks at the list of messages. Tests make it short."""

    look_seconds: float = 300


class SmsConnector(Defaults):
    kind: ClassVar[str] = "sms"
    label: ClassVar[str] = "SMS"
    family: ClassVar[str] = "messaging"
    about: ClassVar[str] = "Text messages to your number, by Twilio; WhatsApp messages that it takes for you, too."
    capabilities: ClassVar[Capabilities] = Capabilities(
        push=True,
        pull=True,
        send=True,
        reaches=("phone", "sms"),
        threads=True,
        max_text=1600,
        delivery_states=True,
        read_states=True,
    )
    settings: ClassVar[tuple[Setting, ...]] = (
        Setting("provider", "Provider", kind="choice", default="twilio", choices=(("twilio", "Twilio"),)),
        Setting("account_sid", "Account SID", required=True, help="AC…, on the first page of Twilio's console."),
        Setting("auth_token", "Auth token", kind="secret", required=True, help="Signs calls, too: the primary one."),
        Setting(
            "number",
            "Number",
            help="As +14155550100, or whatsapp:+14155550100. Answers go out from the number that was written to.",
        ),
        Setting("messaging_service", "Messaging Service SID", help="MG…: then the service chooses the number."),
        Setting(
            "webhook",
            "Webhook address",
            help="Of this channel; Twilio tells it whether replies arrived. Empty: nobody knows.",
        ),
        Setting(
            "fetches_missed",
            "Look for messages that Twilio could not deliver here",
            kind="boolean",
            default=True,
            group="Advanced",
        ),
        Setting("api_url", "Address of Twilio's API", default=twilio.API_URL, group="Advanced"),
    )

    def __init__(self, pace: Pace | None = None) -> None:
        self._pace = pace or Pace()

    def address(self, credentials: Credentials) -> str:
        """Return the channel's number."""
        return str(credentials.get("number") or "").strip()

    def snippets(self, base_url: str, token: str) -> tuple[tuple[str, str], ...]:
        """Return the address that Twilio calls."""
        return (
            ("A message comes in: webhook, HTTP POST (of the number or the Messaging Service)", _url(base_url, token)),
        )

    def check(self, credentials: Credentials) -> str:
        """Sign in. Raises BadCredentials, Transient or Rejected."""
        return twilio.check(credentials)

    def fetch(self, credentials: Credentials, cursor: Cursor) -> Iterator[Batch]:
        """Yield messages that calls missed. The cursor is {"since"}, the time of the newest."""
        twilio.api_of(credentials)
        if str(credentials.get("fetches_missed", True)).lower() in {"false", "0", "no", "off", ""}:
            return iter(())
        return twilio.missed(credentials, cursor, self._pace.look_seconds)

    def verify(self, credentials: Credentials, request: WebRequest) -> None:
        """Check the signature over address and fields. Raises BadCredentials."""
        require_twilio(credentials.get("auth_token"), request)

    def receive(self, credentials: Credentials, request: WebRequest, received_at: datetime) -> Received:  # noqa: ARG002
        """Take one message or state, also by GET; nothing is said in answer."""
        is_read = request.method == "GET"
        raw = urlencode(request.query).encode() if is_read else request.body
        content_type = FORM if is_read else request.headers.get("content-type", FORM)
        return Received((RawDelivery(raw, received_at, meta={"content_type": content_type}),), EMPTY_TWIML)

    def parse(self, delivery: RawDelivery) -> list[InboundMessage]:
        """Return the message or the state of a call. Raises Malformed."""
        return read_calls(delivery.raw)

    def send(self, credentials: Credentials, message: OutboundMessage) -> Receipt:
        """Send a text from the number that was written to. Raises Transient, BadCredentials or Rejected."""
        return twilio.send(credentials, message)

    def download(self, credentials: Credentials, file: RemoteFile, may_reach: MayReach) -> InboundAttachment:
        """Fetch what came with a message. Raises Transient, BadCredentials or Rejected."""
        return twilio.download(credentials, file, may_reach)


def _url(base_url: str, token: str) -> str:
    return f"{base_url}/webhooks/{SmsConnector.kind}/{token}"
