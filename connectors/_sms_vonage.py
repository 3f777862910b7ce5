"""Vonage's Messages API: calls that it signs, their messages and states, and sending.

Calls: https://developer.vonage.com/en/api/messages (inbound message, message status) and
https://developer.vonage.com/en/messages/concepts/messages-status-callbacks; they are signed by a JWT (HS256) that
carries the body's SHA-256 as `payload_hash` (https://developer.vonage.com/en/getting-started/concepts/webhooks).
Numbers come and go without their "+". Calls that fail are tried again for 24 hours.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from hashlib import sha256
from hmac import digest
from typing import Any

from connectors import _http
from connectors._fetched import fetched
from connectors._json_api import FORBIDDEN, JsonApi, Reply, words_of
from connectors._payload import at, line, mapping, moment, text, whole
from connectors._place import place
from connectors._public_file import address_of, bare_type
from connectors._signing import require_same, require_secret
from connectors._sms_parse import consent_in, identity
from connectors.base import (
    Credentials,
    InboundAttachment,
    InboundMessage,
    MayReach,
    MessageKind,
    OutboundMessage,
    Receipt,
    RemoteFile,
    Status,
    WebRequest,
)
from connectors.errors import BadCredentials, ConnectorError, Malformed, Rejected
from connectors.phrases import phrase
from connectors.submission import load_json
from connectors.web_address import split

Said = Mapping[str, Any]
API_URL = "https://api.nexmo.com"
STATES: Mapping[str, Status] = {
    "submitted": "sent",
    "delivered": "delivered",
    "read": "read",
    "rejected": "failed",
    "undeliverable": "failed",
}
MEDIA: Mapping[str, tuple[MessageKind, str, str]] = {
    "image": ("image", "image.jpg", "image/jpeg"),
    "audio": ("audio", "audio.mp3", "audio/mpeg"),
    "video": ("video", "video.mp4", "video/mp4"),
    "file": ("file", "file", "application/octet-stream"),
    "vcard": ("contact", "contact.vcf", "text/vcard"),
    "sticker": ("sticker", "sticker.webp", "image/webp"),
}
PLAIN_CHANNELS = frozenset({"sms", "mms"})  # those whose people are found by their number alone
# https://developer.vonage.com/en/messages/concepts/mms
MMS_TYPES = {
    "image/jpeg": "image",
    "image/png": "image",
    "image/gif": "image",
    "audio/mpeg": "audio",
    "video/mp4": "video",
    "text/vcard": "vcard",
    "text/x-vcard": "vcard",
}
WITHOUT_CAPTION = {False: {"vcard"}, True: {"audio"}}  # by whether it goes to WhatsApp
UNKNOWN = "[A kind of message that cannot be shown here]"


def is_its(call: Said) -> bool:
    """Say whether a call has the form of Vonage's."""
    return "message_uuid" in call


def read_call(call: Said) -> list[InboundMessage]:
    """Return the message or state in a call. Raises Malformed."""
    uuid, channel = line(call.get("message_uuid"), 100), line(call.get("channel"), 40) or "sms"
    if not uuid:
        raise Malformed("The call does not say which message it is about.")
    if "status" in call:
        return _state(call, uuid, channel)
    if line(call.get("message_type")) == "reaction":
        return _reaction(call, uuid, channel)
    return [_message(call, uuid, channel)]


def _state(call: Said, uuid: str, channel: str) -> list[InboundMessage]:
    status = line(call.get("status"), 40)
    state = STATES.get(status)
    if state is None:
        return []
    error = mapping(call.get("error"))
    detail = line(error.get("detail")) or ("" if error else "the network could not be reached")
    words = [detail, f"error {line(error.get('title'), 40)}" if line(error.get("title")) else ""]
    return [
        InboundMessage(
            external_id=f"{uuid}:{status}",
            sender=identity(address(call.get("to"), channel), "to"),
            sent_at=moment(call.get("timestamp")),
            kind="status",
            target=uuid,
            status=state,
            status_reason=", ".join(filter(None, words)) if state == "failed" else "",
        )
    ]


def _reaction(call: Said, uuid: str, channel: str) -> list[InboundMessage]:
    target = line(at(call, "context", "message_uuid"), 100)
    if not target:
        raise Malformed("The reaction does not say to what.")
    said = mapping(call.get("reaction"))
    return [
        InboundMessage(
            external_id=uuid,
            sender=identity(address(call.get("from"), channel), "from", line(at(call, "profile", "name"), 200)),
            sent_at=moment(call.get("timestamp")),
            kind="reaction",
            target=target,
            reaction="" if line(said.get("action")) == "unreact" else line(said.get("emoji"), 20) or "(reaction)",
        )
    ]


def _message(call: Said, uuid: str, channel: str) -> InboundMessage:
    customer, own = address(call.get("from"), channel), address(call.get("to"), channel)
    kind, words, files, custom = _content(call)
    consent = consent_in(words) if channel in PLAIN_CHANNELS else ""
    return InboundMessage(
        external_id=uuid,
        sender=identity(customer, "from", line(at(call, "profile", "name"), 200)),
        text=words,
        kind=kind,
        remote_files=files,
        thread_key=f"{customer} {own}".strip(),
        in_reply_to=line(at(call, "context", "message_uuid"), 100) or None,
        sent_at=moment(call.get("timestamp")),
        custom={**custom, **({"consent": consent} if consent else {}), **({"to": own} if own else {})},
    )


def _content(call: Said) -> tuple[MessageKind, str, tuple[RemoteFile, ...], dict[str, str]]:
    kind = line(call.get("message_type"), 40)
    said = mapping(call.get(kind))
    if kind in MEDIA and line(said.get("url"), 2000):
        shown_as, filename, content_type = MEDIA[kind]
        name = line(said.get("name"), 180).replace("\\", "/").rpartition("/")[2].strip(". ") or filename
        return shown_as, text(said.get("caption")), (RemoteFile(name, content_type, url=line(said["url"], 2000)),), {}
    if kind == "location":
        words, parts = place(said.get("lat"), said.get("long"), said.get("name"), said.get("address"))
        return "location", words, (), parts
    if kind in {"reply", "button"}:
        button = line(said.get("id")) or line(said.get("payload"))
        words = text(said.get("title")) or text(said.get("text"))
        return "text", words, (), {"button": button} if button else {}
    words = text(call.get("text"))
    return ("text" if kind == "text" or words else "unsupported"), words if words or kind == "text" else UNKNOWN, (), {}


def address(number: Any, channel: str) -> str:
    """Return "+4477…" for a phone number, and "whatsapp:+4477…" for one on another channel; other ids as they are."""
    said = line(number, 100) or line(at(number, "number"), 100)
    if said.isascii() and said.isdigit() and 7 <= len(said) <= 15:
        said = f"+{said}"
    return said if channel in PLAIN_CHANNELS or not said else f"{channel}:{said}"


def verify(credentials: Credentials, request: WebRequest) -> None:
    """Check the JWT of a call and the hash of the body in it. Raises BadCredentials."""
    secret = require_secret(credentials.get("signature_secret"))
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    signed, _, given = token.strip().rpartition(".")
    header, _, payload = signed.partition(".")
    wanted = base64.urlsafe_b64encode(digest(secret.encode(), signed.encode("utf-8", "replace"), "sha256")).rstrip(b"=")
    require_same(given if scheme.lower() == "bearer" else "", wanted.decode())
    if line(_claims(header).get("alg")) != "HS256":
        raise BadCredentials("The signature of this call is made in a way that is not accepted.")
    require_same(
        line(_claims(payload).get("payload_hash")).lower(), sha256(request.body).hexdigest(), "hash of the body"
    )


def _claims(part: str) -> Said:
    try:
        return mapping(load_json(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))))
    except (binascii.Error, ValueError, Malformed):
        return {}


def _api(credentials: Credentials) -> JsonApi:
    key, secret = (str(credentials.get(name) or "").strip() for name in ("account_sid", "auth_token"))
    if not key or not secret:
        raise BadCredentials("Enter the API key and the API secret: Vonage's dashboard shows both.")
    sign_in = base64.b64encode(f"{key}:{secret}".encode()).decode()
    url = str(credentials.get("api_url") or API_URL).strip()
    return JsonApi("Vonage", url, headers={"authorization": f"Basic {sign_in}"}, explain=_explain)


def _explain(reply: Reply) -> ConnectorError | None:
    """Return our error for a 403: it is about this message, or about credit, not about signing in."""
    said = words_of(reply.data) or f"status {reply.status}"
    return (
        Rejected(phrase("{name} refused this: {said}.", name="Vonage", said=said))
        if reply.status == FORBIDDEN
        else None
    )


def check(credentials: Credentials) -> str:
    """Sign in. Raises BadCredentials, Transient or Rejected."""
    count = whole(at(_api(credentials).get("v2/applications", page_size=1), "total_items"))
    return f"Signed in to Vonage ({count if count is not None else 'no'} applications)."


def send(credentials: Credentials, message: OutboundMessage) -> Receipt:
    """Send a text, with a file that Vonage fetches from us. Raises Transient, BadCredentials or Rejected."""
    customer, _, own = (message.thread_key or "").partition(" ")
    channel, _, to = (customer or message.recipient).rpartition(":")
    sender = (own or str(credentials.get("number") or "").strip()).rpartition(":")[2]
    if not to:
        raise Rejected("The reply does not say to which number it goes.")
    if not sender:
        raise BadCredentials("Enter the number that replies are sent from.")
    said = _with_file(channel, message) if message.attachments else {"message_type": "text", "text": message.text}
    said = {"channel": channel or "sms", **said}
    answer = _api(credentials).post(
        "v1/messages", {**said, "to": to.removeprefix("+"), "from": sender.removeprefix("+")}
    )
    uuid = line(at(answer, "message_uuid"), 100)
    if not uuid:
        raise Rejected("Vonage took the message but gave it no id.")
    return Receipt(uuid)


def _with_file(channel: str, message: OutboundMessage) -> dict[str, Any]:
    """Say a message with its file: an MMS to a phone (US and Canada), or a file of WhatsApp. Raises Rejected."""
    file = message.attachments[0]
    if len(message.attachments) > 1:
        raise Rejected("Vonage takes one file in a message: send the others on their own.")
    if channel not in {"", "mms", "whatsapp"}:
        raise Rejected(phrase("Files cannot be sent to {channel} from here.", channel=channel))
    kind = _kind_of_file(bare_type(file), is_phone=channel != "whatsapp")
    part = {"url": address_of(file, "Vonage")}
    if message.text and kind in WITHOUT_CAPTION[channel == "whatsapp"]:
        raise Rejected("This kind of file goes without words: send the text on its own.")
    words = {"caption": message.text} if message.text else {}
    named = {"name": file.filename} if kind == "file" else {}
    return {**({} if channel else {"channel": "mms"}), "message_type": kind, kind: {**part, **words, **named}}


def _kind_of_file(content_type: str, *, is_phone: bool) -> str:
    """Return what Vonage calls a file's type. Raises Rejected for one that no MMS takes."""
    kind = MMS_TYPES.get(content_type, "") if is_phone else content_type.partition("/")[0]
    if is_phone and not kind:
        raise Rejected("An MMS by Vonage takes JPEG, PNG and GIF pictures, MP3, MP4 and contact cards.")
    return kind if kind in {"image", "audio", "video", "vcard"} else "file"


def download(credentials: Credentials, file: RemoteFile, may_reach: MayReach) -> InboundAttachment:
    """Fetch a file; who we are is told to Vonage's own host only. Raises Transient, BadCredentials or Rejected."""
    api = _api(credentials)
    is_own = split(file.url)[:2] == split(api.base_url)[:2]
    answer = _http.download(file.url, headers=api.headers if is_own else {}, may_reach=may_reach)
    return fetched(api, file, answer, is_own=is_own)
