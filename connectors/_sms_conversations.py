"""What Twilio Conversations posts (SMS, WhatsApp and chat in one thread), to messages. Pure and total.

Webhooks: https://www.twilio.com/docs/conversations/conversations-webhooks. Event Streams:
https://www.twilio.com/docs/events/event-types/conversations/message. Its media are known by id only.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from connectors._payload import line, mapping, moment, objects, text, whole
from connectors._sms_parse import STATES, identity, with_plus
from connectors.base import Identity, InboundMessage, MessageKind, RemoteFile
from connectors.errors import Malformed

Said = Mapping[str, Any]
EVENT = "com.twilio.conversations."
NAMES = {
    "message.added": "onMessageAdded",
    "message.updated": "onMessageUpdated",
    "message.removed": "onMessageRemoved",
    "delivery.updated": "onDeliveryUpdated",
}
ADDED, UPDATED, REMOVED = {"onMessageAdded", "onMessageAdd"}, {"onMessageUpdated"}, {"onMessageRemoved"}
MEDIA_KINDS: Mapping[str, MessageKind] = {"image": "image", "audio": "audio", "video": "video"}
MOST_MEDIA = 30


def is_its(call: Said) -> bool:
    """Say whether a call is of Twilio Conversations."""
    is_webhook = line(call.get("EventType")).startswith("on") and bool(call.get("ConversationSid"))
    return is_webhook or line(call.get("type")).startswith(EVENT)


def read_call(call: Said) -> list[InboundMessage]:
    """Return what a call tells of a message; nothing for our own, and for people who come and go. Raises Malformed."""
    event = line(call.get("EventType")) or NAMES.get(line(call.get("type")).removeprefix(EVENT), "")
    said = mapping(call.get("data")) if line(call.get("type")).startswith(EVENT) else call
    sid = line(said.get("MessageSid"), 100)
    if event == "onDeliveryUpdated":
        return _state(said)
    if event not in {*ADDED, *UPDATED, *REMOVED} or line(said.get("Source")).upper() == "API":
        return []
    if not sid:
        raise Malformed("The message of a conversation has no id.")
    return [_message(said, sid, event)]


def _message(said: Said, sid: str, event: str) -> InboundMessage:
    sender, changed = identity(said.get("Author"), "Author"), line(said.get("DateUpdated"), 40)
    common: dict[str, Any] = {
        "sender": sender,
        "thread_key": with_plus(said.get("Author")),
        "sent_at": moment(said.get("DateUpdated") or said.get("DateCreated")),
    }
    words = text(said.get("Body")) or text(said.get("MessageBody"))
    if event in REMOVED:
        return InboundMessage(f"{sid}:removed", kind="delete", target=sid, **common)
    if event in UPDATED:
        return InboundMessage(f"{sid}:edit:{changed or words[:40]}", kind="edit", target=sid, text=words, **common)
    files = _files(said.get("Media"))
    kind = MEDIA_KINDS.get(files[0].content_type.partition("/")[0], "file") if files else "text"
    return InboundMessage(sid, kind=kind, text=words, remote_files=files, **common)


def _files(media: Any) -> tuple[RemoteFile, ...]:
    """Return the files of a message; webhooks give them as JSON in a string."""
    try:
        listed = objects(json.loads(media) if isinstance(media, str) else media)
    except (ValueError, RecursionError):
        return ()
    return tuple(
        RemoteFile(
            line(one.get("Filename"), 200) or "file",
            line(one.get("ContentType"), 100) or "application/octet-stream",
            media_id=line(one.get("Sid") or one.get("MediaSid"), 100),
            size=whole(one.get("Size")),
        )
        for one in listed[:MOST_MEDIA]
    )


def _state(said: Said) -> list[InboundMessage]:
    word = line(said.get("Status"), 40).lower()
    sid, state = line(said.get("ChannelMessageSid") or said.get("MessageSid"), 100), STATES.get(word)
    if not sid or state is None:
        return []
    sender = Identity("sms", line(said.get("ParticipantSid"), 100) or line(said.get("ConversationSid"), 100) or sid)
    code = line(said.get("ErrorCode"), 20)
    failed = f"error {code}" if state == "failed" and code not in {"", "0"} else ""
    return [InboundMessage(f"{sid}:{word}", sender, kind="status", target=sid, status=state, status_reason=failed)]
