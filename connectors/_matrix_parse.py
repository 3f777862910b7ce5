"""Matrix events to messages: spec.matrix.org/latest/client-server-api. Pure and total.

Sections "Instant Messaging" (m.room.message and its types), "Rich replies" (the fallback that old clients write into
the body), "Threading", "Event replacements", "Event annotations and reactions", "Redactions", "Receipts", "Stickers".

A delivery is one event with its room: {"room_id", "event", "own_user", "member"}; `member` is the content of the
sender's m.room.member. Bare events, lists, a page of /messages and a whole answer of /sync are read too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from connectors._payload import at, line, mapping, moment, objects, text, whole
from connectors.base import Identity, InboundMessage, MessageKind, Profile, RemoteFile
from connectors.errors import Malformed

Event = Mapping[str, Any]
MEDIA: Mapping[str, MessageKind] = {"m.image": "image", "m.audio": "audio", "m.video": "video", "m.file": "file"}
SILENT = frozenset({"m.key.verification.request"})  # between two devices, nothing for people
CONTENT = "mxc://"
ENCRYPTED = (
    "Sent an encrypted message, which cannot be read here: the room has end-to-end encryption switched on. "
    "Write to each other in a room without it."
)
UNKNOWN = "Sent something that cannot be shown here"
LONGEST_ID = 500


@dataclass(frozen=True, slots=True)
class Place:
    """Where an event stands, and for whom it is read."""

    kind: str
    room: str = ""
    own_user: str = ""
    member: Event | None = None


def messages_of(body: Any, kind: str) -> list[InboundMessage]:
    """Return what a delivery tells. Raises Malformed for what holds no event."""
    found = [message for place, event in _events(body, Place(kind)) for message in _messages(event, place)]
    unique = {message.external_id: message for message in reversed(found)}
    return list(reversed(unique.values()))


def _events(body: Any, place: Place) -> list[tuple[Place, Event]]:
    """Return the events of a delivery, a list, a page of /messages or an answer of /sync. Raises Malformed."""
    if isinstance(body, list):
        return [_event(one, place) for one in objects(body)]
    whole_body = mapping(body)
    if "chunk" in whole_body:
        return [_event(one, place) for one in objects(whole_body["chunk"])]
    rooms = mapping(at(whole_body, "rooms", "join"))
    if rooms:
        return [
            (Place(place.kind, line(room, LONGEST_ID)), event)
            for room, joined in rooms.items()
            for event in objects(at(joined, "timeline", "events"))
        ]
    return [_event(whole_body, place)]


def _event(body: Event, place: Place) -> tuple[Place, Event]:
    """Return one event, bare or as it was stored with its room. Raises Malformed."""
    if "event" in body:
        own, member = line(body.get("own_user"), LONGEST_ID), mapping(body.get("member"))
        return Place(place.kind, line(body.get("room_id"), LONGEST_ID), own, member), mapping(body.get("event"))
    if not line(body.get("type")):
        raise Malformed("This is no Matrix event: it has no type.")
    return place, body


def _messages(event: Event, place: Place) -> list[InboundMessage]:
    type_ = line(event.get("type"))
    if type_ == "m.receipt":
        return _receipts(event, place)
    if not line(event.get("sender"), LONGEST_ID) or not line(event.get("event_id"), LONGEST_ID):
        if type_.startswith("m.room.me"):
            raise Malformed("The event does not say who sent it, or has no id.")
        return []
    is_ours = bool(place.own_user) and event["sender"] == place.own_user
    if is_ours or at(event, "unsigned", "redacted_because"):
        return []
    reader = READERS.get(type_)
    return reader(event, place) if reader else []


def _sticker(event: Event, place: Place) -> list[InboundMessage]:
    return [_message(event, place, kind="sticker", text=_body(event), remote_files=_file(event, "m.image"))]


def _encrypted(event: Event, place: Place) -> list[InboundMessage]:
    return [_message(event, place, kind="unsupported", text=ENCRYPTED)]


def _said(event: Event, place: Place) -> list[InboundMessage]:
    content = mapping(event.get("content"))
    if at(content, "m.relates_to", "rel_type") == "m.replace":
        return _edit(event, place)
    msgtype = line(content.get("msgtype"))
    if msgtype in SILENT or not content:
        return []
    words, quoted = _without_fallback(_body(event), is_reply=bool(_answered(content)))
    common: dict[str, Any] = {"quoted": quoted, "auto": "auto_reply" if msgtype == "m.notice" else "none"}
    if msgtype in MEDIA:
        files = _file(event, msgtype)
        caption = words if content.get("filename") and words != line(content.get("filename"), 200) else ""
        if files:
            return [_message(event, place, kind=MEDIA[msgtype], text=caption, remote_files=files, **common)]
        return [_message(event, place, kind="unsupported", text=f"{UNKNOWN}: {words or msgtype}", **common)]
    if msgtype == "m.location":
        return [_location(event, place, words)]
    if msgtype == "m.emote":
        words = f"* {words}"
    kind: MessageKind = "text" if words else "unsupported"
    return [_message(event, place, kind=kind, text=words or f"{UNKNOWN} ({msgtype or 'empty'}).", **common)]


def _edit(event: Event, place: Place) -> list[InboundMessage]:
    content = mapping(event.get("content"))
    target = line(at(content, "m.relates_to", "event_id"), LONGEST_ID)
    words = text(at(content, "m.new_content", "body")) or _body(event).removeprefix("* ")
    if not target:
        return []
    words, _ = _without_fallback(words, is_reply=bool(_answered(content)))
    return [_message(event, place, kind="edit", text=words, target=target)]


def _reaction(event: Event, place: Place) -> list[InboundMessage]:
    related = mapping(at(event, "content", "m.relates_to"))
    target, sign = line(related.get("event_id"), LONGEST_ID), line(related.get("key"), 50)
    if related.get("rel_type") != "m.annotation" or not target or not sign:
        return []
    return [_message(event, place, kind="reaction", target=target, reaction=sign)]


def _redaction(event: Event, place: Place) -> list[InboundMessage]:
    """Return a deletion; since room version 11 the target stands in the content."""
    target = line(event.get("redacts"), LONGEST_ID) or line(at(event, "content", "redacts"), LONGEST_ID)
    return [_message(event, place, kind="delete", target=target, deleted_by="moderator")] if target else []


def _receipts(event: Event, place: Place) -> list[InboundMessage]:
    found: list[InboundMessage] = []
    for target, kinds in mapping(event.get("content")).items():
        for user, told in mapping(at(kinds, "m.read")).items():
            who, id_ = line(user, LONGEST_ID), line(target, LONGEST_ID)
            if who and id_ and who != place.own_user:
                found.append(
                    InboundMessage(
                        external_id=f"{id_}:read:{who}",
                        sender=Identity(place.kind, who, verified=True),
                        thread_key=place.room or None,
                        sent_at=moment(at(told, "ts")),
                        kind="status",
                        target=id_,
                        status="read",
                    )
                )
    return found


def _location(event: Event, place: Place, words: str) -> InboundMessage:
    """Return a place: geo_uri is "geo:52.52,13.40;u=10" (RFC 5870)."""
    where = line(at(event, "content", "geo_uri"), 200).removeprefix("geo:").partition(";")[0]
    latitude, _, rest = where.partition(",")
    longitude = rest.partition(",")[0]
    told = {"latitude": latitude.strip(), "longitude": longitude.strip()}
    custom = told if all(_is_number(value) for value in told.values()) else {}
    said = words or "Location"
    if custom and custom["latitude"] not in said:
        said = f"{said} ({custom['latitude']}, {custom['longitude']})"
    return _message(event, place, kind="location", text=said, custom=custom)


# ---------------------------------------------------------------- parts


def _message(event: Event, place: Place, **more: Any) -> InboundMessage:
    room = line(event.get("room_id"), LONGEST_ID) or place.room
    related = mapping(at(event, "content", "m.relates_to"))
    root = line(related.get("event_id"), LONGEST_ID) if related.get("rel_type") == "m.thread" else ""
    is_change = more["kind"] in {"edit", "delete", "reaction"}
    return InboundMessage(
        external_id=line(event["event_id"], LONGEST_ID),
        sender=_sender(event, place),
        sent_at=moment(event.get("origin_server_ts")),
        thread_key=thread_key(room, root) or None,
        in_reply_to=None if is_change else _answered(mapping(event.get("content"))) or root or None,
        **more,
    )


def thread_key(room: str, root: str) -> str:
    """Return what makes one conversation: a room, or a thread in it."""
    return f"{room}|{root}" if root else room


def room_and_root(key: str) -> tuple[str, str]:
    """Return the room and the first message of its thread, "" where it is none. Ids of events begin with a dollar."""
    room, separator, root = key.rpartition("|$")
    return (room, f"${root}") if separator else (key, "")


def _sender(event: Event, place: Place) -> Identity:
    user = line(event["sender"], LONGEST_ID)
    name = line(at(place.member, "displayname"), 200)
    profile = Profile(user, f"https://matrix.to/#/{user}") if user.isascii() and " " not in user else None
    return Identity(place.kind, user, name, verified=True, profile=profile)


def _body(event: Event) -> str:
    return text(at(event, "content", "body"))


def _answered(content: Event) -> str:
    """Return which message is answered; in a thread, only where that is not said for old clients only."""
    related = mapping(content.get("m.relates_to"))
    if related.get("is_falling_back") is True:
        return ""
    return line(at(related, "m.in_reply_to", "event_id"), LONGEST_ID)


def _without_fallback(body: str, *, is_reply: bool) -> tuple[str, str]:
    """Return the new words, and the quoted ones that clients put before them until 2024 ("> <@ana:a.example> …")."""
    lines = body.split("\n")
    count = next((number for number, one in enumerate(lines) if not one.startswith(">")), len(lines))
    if not is_reply or not count:
        return body, ""
    return "\n".join(lines[count:]).strip(), "\n".join(one.removeprefix(">").removeprefix(" ") for one in lines[:count])


def _file(event: Event, msgtype: str) -> tuple[RemoteFile, ...]:
    """Return the file of an event. Of an encrypted one we have no key; it comes in encrypted events only."""
    content = mapping(event.get("content"))
    address = line(content.get("url"), LONGEST_ID)
    if not address.startswith(CONTENT):
        return ()
    name = line(content.get("filename"), 200) or line(content.get("body"), 200) or "file"
    default = {"m.image": "image/png", "m.audio": "audio/ogg", "m.video": "video/mp4"}
    content_type = line(at(content, "info", "mimetype"), 100).lower() or default.get(
        msgtype, "application/octet-stream"
    )
    return (RemoteFile(name, content_type, media_id=address, size=whole(at(content, "info", "size"))),)


def _is_number(said: str) -> bool:
    digits = said.removeprefix("-").replace(".", "", 1)
    return digits.isascii() and digits.isdigit() and len(said) < 30


def members_of(events: Any) -> dict[str, Event]:
    """Return the content of m.room.member by user, as far as these events tell it."""
    told = [event for event in objects(events) if event.get("type") == "m.room.member"]
    return {line(event.get("state_key"), LONGEST_ID): mapping(event.get("content")) for event in told}


READERS: Mapping[str, Callable[[Event, Place], list[InboundMessage]]] = {
    "m.room.message": _said,
    "m.sticker": _sticker,
    "m.room.encrypted": _encrypted,
    "m.reaction": _reaction,
    "m.room.redaction": _redaction,
}
