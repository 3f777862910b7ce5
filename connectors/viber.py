"""Viber: a bot by the REST Bot API (https://developers.viber.com/docs/api/rest-bot-api/).

Calls carry X-Viber-Content-Signature, HMAC-SHA256 of the body with the bot's token, in hex (#callbacks). Every answer
of the API is a 200; whether it worked stands in its `status` (#error-codes). Texts are up to 7,000 characters
(#text-message), the sender's name up to 28 (#general-send-message-parameters). Pictures and files are fetched from the
addresses that come with them; those of replies Viber fetches from us, one in a message: pictures of 1 MB with up to 512
characters (#picture-message), MP4 of 26 MB (#video-message), files of 50 MB (#file-message).
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, ClassVar

from connectors import _http
from connectors._fetched import fetched
from connectors._json_api import JsonApi
from connectors._payload import at, line, mapping, whole
from connectors._public_file import address_of, bare_type
from connectors._signing import hmac_hex, require_same, require_secret
from connectors._viber_parse import KIND, read_callbacks
from connectors.base import (
    Capabilities,
    Credentials,
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
from connectors.errors import BadCredentials, ConnectorError, Rejected, Transient
from connectors.phrases import phrase
from connectors.submission import load_json

API_URL = "https://chatapi.viber.com"
SIGNATURE = "x-viber-content-signature"
EVENTS = ("delivered", "seen", "failed", "subscribed", "unsubscribed", "conversation_started")
LONGEST_NAME, LONGEST_CAPTION = 28, 512
PICTURES = frozenset({"image/jpeg", "image/png", "image/gif"})
LARGEST_PICTURE, LARGEST_VIDEO = 1_000_000, 26_000_000  # bytes
TOO_MANY_REQUESTS = 12
NO_WEBHOOK = 10
ACCOUNT_CLOSED = frozenset({2, 7, 8, 9, 15})  # token invalid; account blocked, not one, suspended, not authorised
REASONS = {
    5: "the recipient does not use Viber any more",
    6: "the recipient has not subscribed to the bot, or has left it",
    11: "the recipient's device or version of Viber cannot talk with bots",
    13: "the recipient's version of Viber is too old for this message",
    21: "the recipient's country is not supported",
    22: "messages to this recipient cannot be charged",
    23: "the free messages of this month are used up",
    24: "the account has no credit left",
}
FINAL = frozenset({1, 3, 4, 14, 16, 17, 18, 19, 20, *REASONS})


class ViberConnector(Defaults):
    kind: ClassVar[str] = KIND
    label: ClassVar[str] = "Viber"
    family: ClassVar[str] = "messaging"
    about: ClassVar[str] = phrase("A bot that customers write to in Viber; your answers come from the bot.")
    capabilities: ClassVar[Capabilities] = Capabilities(
        push=True,
        send=True,
        reaches=(KIND,),
        threads=True,
        max_text=7000,
        attachments=True,
        public_files=True,
        max_attachments=1,
        max_attachment_bytes=50_000_000,
        delivery_states=True,
        read_states=True,
    )
    settings: ClassVar[tuple[Setting, ...]] = (
        Setting(
            "token",
            "Authentication token",
            kind="secret",
            required=True,
            help="In Viber: More, Settings, Bots, Edit Info, Your app key. It signs Viber's calls, too.",
        ),
        Setting("sender_name", "Name that answers carry", required=True, help=f"Up to {LONGEST_NAME} characters."),
        Setting("sender_avatar", "Address of the picture beside them", help="https://…, at most 100 KB; may be empty."),
        Setting("webhook", "Webhook address", help="Of this channel; testing the channel tells Viber."),
        Setting(
            "welcome",
            "Welcome to those who open the chat",
            kind="lines",
            help="Sent once to who opens the chat for the first time; empty: nothing is sent",
        ),
        Setting(
            "api_url",
            "Address of the API",
            default=API_URL,
            group="Advanced",
            help="Only for tests and proxies; change it only if the provider tells you to",
        ),
    )

    def check(self, credentials: Credentials) -> str:
        """Sign in; tell Viber whom to call, where an address is set. Raises BadCredentials, Transient or Rejected."""
        me = _call(credentials, "get_account_info", {})
        url = str(credentials.get("webhook") or "").strip()
        if url:
            asked = {"url": url, "event_types": EVENTS, "send_name": True, "send_photo": True}
            _call(credentials, "set_webhook", asked)
        count = whole(me.get("subscribers_count"))
        followed = f", {count:,} subscribers" if count is not None else ""
        told = " Viber calls the webhook address." if url else " Enter the webhook address, so that Viber can call."
        return f"Signed in as {line(me.get('name'))}{followed}.{told}"

    def snippets(self, base_url: str, token: str) -> tuple[tuple[str, str], ...]:
        """Return the address that Viber calls, for the setting of that name."""
        return (("Webhook address (it needs a trusted certificate)", f"{base_url}/webhooks/{self.kind}/{token}"),)

    def verify(self, credentials: Credentials, request: WebRequest) -> None:
        """Check the signature on the raw body. Raises BadCredentials."""
        token = require_secret(credentials.get("token"))
        require_same(request.headers.get(SIGNATURE, "").lower(), hmac_hex(token, request.body))

    def receive(self, credentials: Credentials, request: WebRequest, received_at: datetime) -> Received:
        """Take one callback; who opens the chat is welcomed in the answer. Raises Malformed."""
        event = line(at(load_json(request.body), "event"))
        if event == "webhook":  # Viber asks whether anybody is there
            return Received()
        meta = {"content_type": "application/json"}
        answer = _welcome(credentials) if event == "conversation_started" else WebAnswer()
        return Received((RawDelivery(request.body, received_at, meta=meta),), answer)

    def parse(self, delivery: RawDelivery) -> list[InboundMessage]:
        """Return the message or state of a callback. Raises Malformed."""
        return read_callbacks(delivery.raw)

    def send(self, credentials: Credentials, message: OutboundMessage) -> Receipt:
        """Send a text, a picture with words, or a file. Raises Transient, BadCredentials or Rejected."""
        to = message.thread_key or message.recipient
        if not to:
            raise Rejected("The reply does not say to whom it goes.")
        said = {"receiver": to, "min_api_version": 1, **_text_from(credentials, message.text), **_file(message)}
        token = line(_call(credentials, "send_message", said).get("message_token"), 40)
        if not token:
            raise Rejected("Viber took the message but gave it no id.")
        return Receipt(token)

    def download(self, credentials: Credentials, file: RemoteFile, may_reach: MayReach) -> InboundAttachment:
        """Fetch what came with a message from the address in it. Raises Transient or Rejected."""
        answer = _http.download(file.url, headers={}, may_reach=may_reach)
        return fetched(_api(credentials), file, answer, is_own=False)  # the address alone opens it, for an hour


def _api(credentials: Credentials) -> JsonApi:
    token = str(credentials.get("token") or "").strip()
    if not token or not token.isascii() or not token.isprintable():
        raise BadCredentials("Enter the bot's authentication token: Viber shows it among the bot's settings.")
    url = f"{str(credentials.get('api_url') or API_URL).strip().rstrip('/')}/pa"
    return JsonApi("Viber", url, headers={"x-viber-auth-token": token})


def _call(credentials: Credentials, method: str, said: dict[str, Any]) -> dict[str, Any]:
    """Call and return the answer if its `status` is good. Raises Transient, BadCredentials or Rejected."""
    answer = mapping(_api(credentials).post(method, said))
    status = whole(answer.get("status"))
    if status != 0:
        raise _refusal(status, line(answer.get("status_message"), 300).rstrip("."))
    return dict(answer)


def _refusal(status: int | None, said: str) -> ConnectorError:
    words = REASONS.get(status or 0) or said or "no reason given"
    if status in ACCOUNT_CLOSED:
        return BadCredentials(phrase("Viber does not accept the bot's token: {words}.", words=words))
    if status == NO_WEBHOOK:
        return BadCredentials(
            "Viber sends nothing for a bot without a webhook: enter the address and test the channel."
        )
    if status == TOO_MANY_REQUESTS:
        return Transient(phrase("Viber cannot take this now: {words}.", words=words))
    return (
        Rejected(phrase("{name} refused this: {said}.", name="Viber", said=words))
        if status in FINAL
        else Transient(phrase("Viber failed: {words}.", words=words))
    )


def _text_from(credentials: Credentials, words: str) -> dict[str, Any]:
    """Return a text with who says it."""
    name = str(credentials.get("sender_name") or "").strip()[:LONGEST_NAME]
    if not name:
        raise BadCredentials("Enter the name that answers carry: Viber shows none without.")
    avatar = str(credentials.get("sender_avatar") or "").strip()
    return {"sender": {"name": name, **({"avatar": avatar} if avatar else {})}, "type": "text", "text": words}


def _file(message: OutboundMessage) -> dict[str, Any]:
    """Return what makes a text a picture, a video or a file. Raises Rejected."""
    if not message.attachments:
        return {}
    file, kind = message.attachments[0], bare_type(message.attachments[0])
    url, size = address_of(file, "Viber"), len(file.data)
    if kind in PICTURES and size <= LARGEST_PICTURE and len(message.text) <= LONGEST_CAPTION:
        return {"type": "picture", "media": url}
    if message.text:
        raise Rejected(
            phrase(
                "Viber takes words only with a picture of up to 1 MB, at most {most} letters: send the text on"
                " its own.",
                most=LONGEST_CAPTION,
            )
        )
    if kind == "video/mp4" and size <= LARGEST_VIDEO:
        return {"type": "video", "media": url, "size": size}
    return {"type": "file", "media": url, "size": size, "file_name": file.filename[-256:]}


def _welcome(credentials: Credentials) -> WebAnswer:
    words = str(credentials.get("welcome") or "").strip()
    if not words or not str(credentials.get("sender_name") or "").strip():
        return WebAnswer()
    return WebAnswer(body=json.dumps(_text_from(credentials, words)).encode(), content_type="application/json")
