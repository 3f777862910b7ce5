"""What Twilio posts of messages, to messages. Pure and total.

Inbound: https://www.twilio.com/docs/messaging/guides/webhook-request (SMS, MMS, WhatsApp and RCS alike). States:
https://www.twilio.com/docs/messaging/guides/outbound-message-status-in-status-callbacks. What the API lists when a call
was missed: https://www.twilio.com/docs/messaging/api/message-resource. Event Streams:
https://www.twilio.com/docs/events/event-types/messaging.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import parse_qsl

from connectors._payload import line, mapping, moment, objects, text, whole
from connectors._place import place
from connectors.base import Identity, InboundMessage, MessageKind, RemoteFile, Status
from connectors.errors import Malformed
from connectors.submission import load_json

Said = Mapping[str, Any]
MOST_FIELDS = 500
MOST_MEDIA = 30
MOST_ANSWERS = 50
STATES: Mapping[str, Status] = {
    "sent": "sent",
    "delivered": "delivered",
    "partially_delivered": "delivered",
    "read": "read",
    "undelivered": "failed",
    "failed": "failed",
    "canceled": "failed",
}
UNDERWAY = frozenset({"accepted", "scheduled", "queued", "sending"})
# https://www.twilio.com/docs/api/errors: those that say what a person may do about it
REASONS = {
    "21610": "the recipient has unsubscribed by STOP",
    "21408": "sending to this country is not switched on",
    "21614": "the number cannot take text messages",
    "30001": "too many messages were waiting",
    "30002": "the account is suspended",
    "30003": "the phone is switched off or out of reach",
    "30004": "the recipient or the carrier blocks these messages",
    "30005": "the number does not exist or is not in use",
    "30006": "it is a landline, or the carrier cannot be reached",
    "30007": "the carrier took it for spam",
    "30008": "the carrier gives no reason",
    "30034": "the sending number is not registered with the US carriers (A2P 10DLC)",
    "63016": "the 24 hours after the customer's last WhatsApp message are over",
}
STOP_WORDS = frozenset({"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"})
START_WORDS = frozenset({"start", "yes", "unstop"})
CARDS = frozenset({"text/vcard", "text/x-vcard", "text/directory"})
MEDIA_KINDS: Mapping[str, MessageKind] = {"image": "image", "audio": "audio", "video": "video"}
KINDS_OF_TYPE: Mapping[str, MessageKind] = {"sticker": "sticker", "contacts": "contact"}
EXTENSIONS = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/gif": "gif",
    "image/webp": "webp",
    "audio/ogg": "ogg",
    "audio/mpeg": "mp3",
    "audio/amr": "amr",
    "audio/mp4": "m4a",
    "video/mp4": "mp4",
    "video/3gpp": "3gp",
    "application/pdf": "pdf",
    "text/vcard": "vcf",
    "text/x-vcard": "vcf",
    "text/plain": "txt",
}
CUSTOM = {
    "ButtonPayload": "button",
    "ListId": "button",
    "ReferralSourceUrl": "advert",
    "FromCity": "city",
    "FromState": "state",
    "FromCountry": "country",
}


def calls_in(raw: bytes) -> list[Said]:
    """Return the fields of a call, whether a form or JSON; several where events came together. Raises Malformed."""
    body = raw.removeprefix(b"\xef\xbb\xbf").strip()
    if body[:1] not in {b"{", b"["}:
        return [_form(body)]
    said = load_json(body)
    if isinstance(said, dict) and isinstance(said.get("messages"), list):
        said = said["messages"]  # a page of the API
    return [mapping(one) for one in (said if isinstance(said, list) else [said])]


def read_call(call: Said) -> list[InboundMessage]:
    """Return the message or state in a call, a message of the API or an event. Raises Malformed."""
    return _read(_plain(call))


def _form(body: bytes) -> dict[str, str]:
    written = body.decode("utf-8", "replace").replace("\r", "").replace("\n", "")  # %0A is one that was said
    try:
        return dict(parse_qsl(written, keep_blank_values=True, errors="replace", max_num_fields=MOST_FIELDS))
    except ValueError:
        raise Malformed("This is no call of Twilio: neither a form nor JSON.") from None


def _plain(call: Said) -> Said:
    """Return the fields under the names that calls give them, whatever form they came in."""
    if isinstance(call.get("data"), dict) and str(call.get("type", "")).startswith("com.twilio.messaging."):
        event = mapping(call["data"])
        fields = {_spelt(key): value for key, value in event.items()}
        return {"MessageStatus": str(call["type"]).rpartition(".")[2], **fields}
    if "sid" in call and "direction" in call:
        fields = {"MessageSid" if key == "sid" else _spelt(key): value for key, value in call.items()}
        fields["Date_created"] = call.get("date_sent") or call.get("date_created")
        is_ours = not str(call["direction"]).startswith("inbound")
        return {**fields, **({"MessageStatus": call.get("status")} if is_ours else {})}
    listed = {key: value[0] if isinstance(value, list) and len(value) == 1 else value for key, value in call.items()}
    return listed if "From" in call or "To" in call else {_spelt(key): value for key, value in listed.items()}


def _spelt(name: str) -> str:
    """Return a field's name as calls have it: "numMedia", "num_media" and "from_" (a word of Python) are the same."""
    return "".join(part[:1].upper() + part[1:] for part in str(name).split("_"))


def _read(said: Said) -> list[InboundMessage]:
    status = line(said.get("MessageStatus") or said.get("SmsStatus"), 40).lower()
    if not line(said.get("From")) and not line(said.get("To")):
        raise Malformed("This is no message of Twilio: it says neither from whom nor to whom.")
    if said.get("CallSid") and not _sid(said) and "Body" not in said:
        return []  # a phone call: the address of voice calls is another one
    is_told = bool(said.get("MessageStatus")) and status != "received"
    if is_told or (status in {*STATES, *UNDERWAY} and "Body" not in said):
        return _state(said, status)
    return [_message(said)]


def _state(said: Said, status: str) -> list[InboundMessage]:
    sid, state = _sid(said), STATES.get(status)
    if state is None or not sid:
        return []  # on its way, or a word of tomorrow
    return [
        InboundMessage(
            external_id=f"{sid}:{status}",
            sender=identity(said.get("To"), "To"),
            kind="status",
            target=sid,
            status=state,
            status_reason=_reason(said) if state == "failed" else "",
        )
    ]


def _reason(said: Said) -> str:
    code = line(said.get("ErrorCode"), 20)
    words = line(said.get("ErrorMessage")) or REASONS.get(code) or line(said.get("ChannelStatusMessage"))
    return f"{words} (error {code})" if words and code else words or (f"error {code}" if code else "")


def _message(said: Said) -> InboundMessage:
    body, files = text(said.get("Body")), _files(said)
    kind, words, custom = _content(said, body, files)
    stop = _consent(said, body)
    sender = identity(said.get("From"), "From", line(said.get("ProfileName"), 200))
    reacted = line(said.get("OriginalRepliedMessageSid"), 100) if line(said.get("MessageType")) == "reaction" else ""
    if reacted:
        kind, words, files = "reaction", "", ()
    more = {name: line(said[key]) for key, name in CUSTOM.items() if line(said.get(key))}
    forwarded = "yes" if line(said.get("Forwarded") or said.get("FrequentlyForwarded")) == "true" else ""
    found = {**custom, **more, "consent": stop, "forwarded": forwarded, "to": with_plus(said.get("To"))}
    return InboundMessage(
        external_id=_sid(said)
        or hashlib.sha256(repr(sorted(said.items(), key=str)).encode("utf-8", "replace")).hexdigest(),
        sender=sender,
        text=words,
        kind=kind,
        remote_files=files,
        thread_key=" ".join(filter(None, (with_plus(said.get("From")), with_plus(said.get("To"))))),
        in_reply_to=None if reacted else line(said.get("OriginalRepliedMessageSid"), 100) or None,
        target=reacted or None,
        reaction=body if reacted else "",
        sent_at=when(said.get("Date_created") or said.get("Timestamp")),
        custom={key: value for key, value in found.items() if value},
    )


def _content(said: Said, body: str, files: tuple[RemoteFile, ...]) -> tuple[MessageKind, str, dict[str, str]]:
    if files:
        named = KINDS_OF_TYPE.get(line(said.get("MessageType")))
        return named or _kind_of(files[0].content_type), body, {}
    if line(said.get("Latitude")) and line(said.get("Longitude")):
        where, parts = place(said["Latitude"], said["Longitude"], said.get("Label"), said.get("Address"))
        return "location", "\n".join(filter(None, (body, where))), parts
    words = body or text(said.get("ButtonText")) or text(said.get("ListTitle"))
    words = words or _filled_in(said.get("InteractiveData") or said.get("FlowData"))
    if not words and line(said.get("MessageType")) not in {"", "text", "button", "interactive"}:
        return "unsupported", "[A kind of message that Twilio does not pass on]", {}
    return "text", words, {}


def _filled_in(data: Any) -> str:
    """Return what was filled into a form of WhatsApp, a line for each answer."""
    try:
        answers = mapping(json.loads(data) if isinstance(data, str) else data)
    except (ValueError, RecursionError):
        return ""
    said = ((line(key, 100), line(value, 500)) for key, value in list(answers.items())[:MOST_ANSWERS])
    return "\n".join(f"{key}: {value}" for key, value in said if value)


def _kind_of(content_type: str) -> MessageKind:
    if content_type in CARDS:
        return "contact"
    return MEDIA_KINDS.get(content_type.partition("/")[0], "file")


def _files(said: Said) -> tuple[RemoteFile, ...]:
    """Return MediaUrl0, MediaUrl1 … of a call, or the media that were listed with a message of the API."""
    told = whole(said.get("NumMedia")) if "NumMedia" in said else MOST_MEDIA
    count = min(told or 0, MOST_MEDIA)
    found = [(line(said.get(f"MediaUrl{n}"), 2000), line(said.get(f"MediaContentType{n}"))) for n in range(count)]
    found += [(line(one.get("url"), 2000), line(one.get("content_type"))) for one in objects(said.get("Media"))]
    there = [(url, kind or "application/octet-stream") for url, kind in found if url]
    return tuple(
        RemoteFile(f"media-{number}.{EXTENSIONS.get(kind, 'bin')}", kind, url=url)
        for number, (url, kind) in enumerate(there, 1)
    )


def _consent(said: Said, body: str) -> str:
    """Say whether these words take permission to write away or give it: Twilio then blocks or allows the number."""
    told = {"stop": "withdrawn", "start": "given"}.get(line(said.get("OptOutType")).lower(), "")
    return told if told or line(said.get("From")).startswith("whatsapp:") else consent_in(body)


def consent_in(words: str) -> str:
    """Say what a text message does that is one of the carriers' words and nothing else: "withdrawn", "given" or ""."""
    word = words.strip(" .!").lower()
    return "withdrawn" if word in STOP_WORDS else "given" if word in START_WORDS else ""


def identity(address: Any, field: str, name: str = "") -> Identity:
    """Return whose address it is: "+1…" and "whatsapp:+1…" are the same person's phone. Raises Malformed."""
    said = with_plus(address)
    if not said:
        raise Malformed(f"The message has no {field!r}.")
    number = said.rpartition(":")[2]
    if number.startswith("+") and number[1:].isascii() and number[1:].isdigit():
        return Identity("phone", number, name, verified=True)
    return Identity("sms", said, name, verified=True)


def with_plus(address: Any) -> str:
    """Return an address; a phone number has its "+" again where a form was not encoded as it should be."""
    said = line(address, 200)
    prefix, colon, number = said.rpartition(":")
    number = number.strip()
    is_whole = number.isascii() and number.isdigit() and 8 <= len(number) <= 15  # short codes are shorter
    return f"{prefix}{colon}+{number}" if is_whole else said


def _sid(said: Said) -> str:
    return next(filter(None, (line(said.get(key), 100) for key in ("MessageSid", "SmsMessageSid", "SmsSid"))), "")


def when(value: Any) -> datetime | None:
    """Return the time of a call (ISO 8601) or of the API (RFC 2822)."""
    found = moment(value)
    if found is not None or not isinstance(value, str):
        return found
    try:
        return moment(parsedate_to_datetime(value).isoformat())
    except (TypeError, ValueError, OverflowError):
        return None
