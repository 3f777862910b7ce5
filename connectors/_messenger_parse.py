"""Direct messages of Messenger and Instagram: both post the same events. Pure and total.

Source: developers.facebook.com/documentation/business-messaging/messenger-platform/webhooks/webhook-events and the
pages below it (messages, message-echoes, message-reactions, message-edits, message-reads, message-deliveries,
messaging_postbacks, messaging_referrals, standby); docs/instagram-messaging/webhooks (messaging_seen tells a message,
message_reads of Messenger only a watermark: everything before that moment was read).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from connectors._graph import made_id
from connectors._messenger_content import came_by, content_of
from connectors._messenger_history import MISSED, as_event
from connectors._payload import at, items, line, mapping, moment, objects, text, whole
from connectors.base import Identity, InboundMessage, Status
from connectors.errors import Malformed
from connectors.submission import load_json

Object = Mapping[str, Any]
EMOJI = {"like": "👍", "dislike": "👎", "love": "❤️", "smile": "😆", "wow": "😮", "sad": "😢", "angry": "😠"}
OTHER_EMOJI = "❔"


@dataclass(frozen=True, slots=True)
class Envelope:
    """An event with what is around it."""

    kind: str  # of the channel, and of its identities
    name: str  # "Instagram"
    event: Object
    sender: Identity

    def message(self, external_id: str, **more: Any) -> InboundMessage:
        sent_at = more.pop("sent_at", None) or moment(self.event.get("timestamp"))
        return InboundMessage(
            external_id=external_id, sender=self.sender, thread_key=self.sender.address, sent_at=sent_at, **more
        )

    def made(self, what: str) -> str:
        return made_id(f"{self.kind}:{what}", self.event)


def is_event(value: Any) -> bool:
    """Say whether an object is an event of a direct conversation, also of a kind that tells us nothing."""
    return isinstance(at(value, "sender"), dict) and (
        isinstance(at(value, "recipient"), dict) or any(isinstance(at(value, name), dict) for name in READERS)
    )


def messages_of(event: Object, kind: str, name: str, own_id: str = "") -> Iterator[InboundMessage | None]:
    """Yield what an event tells; nothing for our own echoes; None where nobody says who wrote. `own_id`: ours."""
    sender_id = line(at(event, "sender", "id"), 200) or line(at(event, "sender", "user_ref"), 200)
    if mapping(event.get("message")).get("is_echo") is True or (own_id and sender_id == own_id):
        return
    if not sender_id:
        yield None
        return
    sender = Identity(kind, sender_id, line(at(event, "sender", "name"), 200), verified=True)
    envelope = Envelope(kind, name, event, sender)
    for key, reader in READERS.items():
        if isinstance(event.get(key), dict):
            yield from reader(envelope, event[key])
            return


def _message(envelope: Envelope, message: Object) -> Iterator[InboundMessage]:
    mid = line(message.get("mid"), 500)
    if message.get("is_deleted") is True:
        if mid:
            yield envelope.message(f"{mid}:deleted", kind="delete", target=mid)
        return
    content = content_of(message, envelope.name)
    yield envelope.message(
        mid or envelope.made("message"),
        text=content.text,
        kind=content.kind,
        remote_files=content.files,
        custom=content.custom,
        in_reply_to=line(at(message, "reply_to", "mid"), 500) or None,
    )


def _postback(envelope: Envelope, postback: Object) -> Iterator[InboundMessage]:
    payload = line(postback.get("payload"), 1000)
    words = text(postback.get("title")) or payload
    custom = came_by(postback.get("referral")) | ({"payload": payload} if payload else {})
    mid = line(postback.get("mid"), 500) or envelope.made("postback")
    if words:
        yield envelope.message(mid, text=words, custom=custom)
    else:
        yield envelope.message(mid, kind="unsupported", text="Pressed a button that has no words.", custom=custom)


def _reaction(envelope: Envelope, reaction: Object) -> Iterator[InboundMessage]:
    mid = line(reaction.get("mid"), 500)
    if not mid:
        return
    emoji = ""
    if reaction.get("action") != "unreact":
        named = EMOJI.get(line(reaction.get("reaction"), 20), OTHER_EMOJI)
        emoji = line(reaction.get("emoji"), 40) or named
    yield envelope.message(envelope.made("reaction"), kind="reaction", target=mid, reaction=emoji)


def _edit(envelope: Envelope, edit: Object) -> Iterator[InboundMessage]:
    mid = line(edit.get("mid"), 500)
    count = line(edit.get("num_edit"), 20) or envelope.made("edit")
    is_first = not whole(edit.get("num_edit")) and not isinstance(edit.get("text"), str)
    if mid and not is_first:  # that one tells only that there is a message
        yield envelope.message(f"{mid}:edit:{count}", kind="edit", target=mid, text=text(edit.get("text")))


def _delivery(envelope: Envelope, delivery: Object) -> Iterator[InboundMessage]:
    mids = [mid for each in items(delivery.get("mids")) if (mid := line(each, 500))]
    yield from _states(envelope, delivery, "delivered", mids)


def _read(envelope: Envelope, read: Object) -> Iterator[InboundMessage]:
    mid = line(read.get("mid"), 500)
    yield from _states(envelope, read, "read", [mid] if mid else [])


def _states(envelope: Envelope, told: Object, state: Status, mids: list[str]) -> Iterator[InboundMessage]:
    """A state of each message that is named; where none is, of all until the watermark."""
    until = moment(told.get("watermark"))
    if mids:
        for mid in mids:
            yield envelope.message(f"{mid}:{state}", kind="status", target=mid, status=state)
    elif until:
        external_id = f"{envelope.sender.address}:{until.timestamp() * 1000:.0f}:{state}"
        yield envelope.message(external_id, kind="status", status=state, until=until, sent_at=until)


def _referral(envelope: Envelope, referral: Object) -> Iterator[InboundMessage]:
    custom = came_by(referral)
    named = custom.get("referral_ref") or custom.get("referral_ad_id") or custom.get("referral_source", "")
    words = f"Came into this conversation by a link{f': {named}' if named else ''}"
    yield envelope.message(envelope.made("referral"), text=words, custom=custom)


def _feedback(envelope: Envelope, feedback: Object) -> Iterator[InboundMessage]:
    """Read what somebody answered to a feedback template: a mark, and perhaps words."""
    screens = objects(feedback.get("feedback_screens"))
    answers = [answer for screen in screens for answer in mapping(screen.get("questions")).values()]
    said = [
        text(part.get("payload")) for answer in answers for part in (mapping(answer), mapping(at(answer, "follow_up")))
    ]
    words = "\n".join(filter(None, said))
    if words:
        yield envelope.message(envelope.made("feedback"), text=words, custom={"said_as": "feedback"})


READERS: Mapping[str, Callable[[Envelope, Object], Iterator[InboundMessage]]] = {
    "message": _message,
    "postback": _postback,
    "reaction": _reaction,
    "message_edit": _edit,
    "delivery": _delivery,
    "read": _read,
    "referral": _referral,
    "messaging_feedback": _feedback,
}


@dataclass(frozen=True, slots=True)
class Told:
    """What an entry holds: an event of a direct conversation (field ""), or a change of a field; and whose it is."""

    field: str
    value: Object
    own_id: str = ""
    at: Any = None  # when it was told


def told_in(data: Any) -> list[Told]:
    """Return the events and changes of a webhook call, or of a part of one, however much is around them."""
    return list(_told(data, Told("", {}), 5))


def owners_of(raw: bytes) -> tuple[str, ...]:
    """Return whose things a webhook call holds, "" for what names nobody; () for what cannot be read. Total."""
    try:
        return tuple(dict.fromkeys(each.own_id for each in told_in(load_json(raw))))
    except Malformed:
        return ()


def _told(data: Any, around: Told, depth: int) -> Iterator[Told]:
    if isinstance(data, list):
        for each in data if depth else ():
            yield from _told(each, around, depth - 1)
    elif not isinstance(data, dict) or not depth:
        return
    elif isinstance(data.get("entry"), (list, dict)):
        yield from _told(data["entry"], around, depth - 1)
    elif isinstance(data.get(MISSED), dict):
        yield Told("", as_event(data[MISSED]))
    elif is_event(data):
        yield Told("", data, around.own_id, around.at)
    elif isinstance(data.get("field"), str) and isinstance(data.get("value"), dict):
        own_id = around.own_id or line(data.get("id"), 60)
        moment_told = around.at if around.at is not None else data.get("time")
        field = "" if is_event(data["value"]) else line(data["field"], 60)
        yield Told(field, data["value"], own_id, moment_told)
    else:
        inner = Told("", {}, line(data.get("id"), 60), data.get("time"))
        for key in ("messaging", "standby", "changes"):
            for each in objects(data.get(key)):
                yield from _told(each, inner, depth - 1)
