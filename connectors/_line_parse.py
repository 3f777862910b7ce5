"""LINE's webhook events to messages. Pure and total.

https://developers.line.biz/en/reference/messaging-api/#webhook-event-objects. Events name people by id only: their
names are to be asked for one by one (#get-profile), which `parse` cannot.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from connectors._payload import at, items, line, mapping, moment, objects, text, whole
from connectors._place import place
from connectors._read_marks import QUOTE_TOKEN, READ_TOKEN
from connectors.base import Identity, InboundMessage, MessageKind, RemoteFile
from connectors.errors import Malformed
from connectors.submission import load_json

Meta = Mapping[str, str]
Said = Mapping[str, Any]
KIND = "line"
UNKNOWN = "[A kind of message that cannot be shown here: look at it in LINE]"
DOCUMENTS = {".pdf": "application/pdf", ".zip": "application/zip", ".txt": "text/plain", ".csv": "text/csv"}
OFFICE = "application/vnd.openxmlformats-officedocument."
DOCUMENTS |= {
    ".docx": f"{OFFICE}wordprocessingml.document",
    ".xlsx": f"{OFFICE}spreadsheetml.sheet",
    ".pptx": f"{OFFICE}presentationml.presentation",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".png": "image/png",
    ".mp3": "audio/mpeg",
    ".mp4": "video/mp4",
}


@dataclass(frozen=True, slots=True)
class Content:
    kind: MessageKind
    text: str
    files: tuple[RemoteFile, ...] = ()
    custom: Mapping[str, str] = field(default_factory=dict)


def read_events(raw: bytes, meta: Meta) -> list[InboundMessage]:
    """Return the messages of a webhook call, of a list of events or of one event. Raises Malformed."""
    events = _events(load_json(raw))
    messages: list[InboundMessage] = []
    wrong: Malformed | None = None
    for event in events:
        try:
            messages += _read(event, meta)
        except Malformed as error:
            wrong = error
    if wrong and not messages:
        raise wrong  # with others beside it they are not lost for its sake
    return messages


def _events(said: Any) -> list[Said]:
    listed = said.get("events") if isinstance(said, dict) and "events" in said else said
    if isinstance(listed, dict):
        listed = [listed]
    if not isinstance(listed, list) or (listed and not objects(listed)):
        raise Malformed("This is no call of LINE: it has no events.")
    return objects(listed)


def _read(event: Said, meta: Meta) -> list[InboundMessage]:
    kind = line(event.get("type"))
    if not kind:
        raise Malformed("The event does not say what it is.")
    read = EVENTS.get(kind)
    return read(event, meta) if read else []  # friends who come and go, beacons, linked accounts: nothing was said


def _message(event: Said, meta: Meta) -> list[InboundMessage]:
    said = mapping(event.get("message"))
    id_ = line(said.get("id"), 100)
    if not id_:
        raise Malformed("The message has no id.")
    if not _is_wanted(event, said, meta):
        return []
    read = CONTENTS.get(line(said.get("type")))
    content = read(said) if read else Content("unsupported", UNKNOWN)
    return [
        InboundMessage(
            external_id=id_,
            sender=_sender(event),
            text=content.text,
            kind=content.kind,
            remote_files=content.files,
            thread_key=_thread(event),
            in_reply_to=line(said.get("quotedMessageId"), 100) or None,
            sent_at=moment(event.get("timestamp")),
            custom={**content.custom, **_surroundings(event, said)},
        )
    ]


def _is_wanted(event: Said, said: Said, meta: Meta) -> bool:
    if line(at(event, "source", "type")) not in {"group", "room"}:
        return True
    named = objects(at(said, "mention", "mentionees"))
    wanted = meta.get("groups", "all")
    return wanted == "all" or (wanted == "addressed" and any(one.get("isSelf") is True for one in named))


def _surroundings(event: Said, said: Said) -> dict[str, str]:
    found = {
        "album": line(at(said, "imageSet", "id")),
        READ_TOKEN: line(said.get("markAsReadToken"), 1_000),
        QUOTE_TOKEN: line(said.get("quoteToken"), 1_000),
        "redelivered": "yes" if at(event, "deliveryContext", "isRedelivery") is True else "",
        "group": _room(event),
    }
    return {key: value for key, value in found.items() if value}


def _room(event: Said) -> str:
    return line(at(event, "source", "groupId"), 100) or line(at(event, "source", "roomId"), 100)


def _thread(event: Said) -> str:
    return _room(event) or line(at(event, "source", "userId"), 100)


def _sender(event: Said) -> Identity:
    """Return the person, or the group where LINE does not say who it was. Raises Malformed."""
    address = line(at(event, "source", "userId"), 100) or _room(event)
    if not address:
        raise Malformed("The event does not say from whom it is.")
    return Identity(KIND, address, verified=True)


def _text(said: Said) -> Content:
    return Content("text", text(said.get("text")))


def _media(kind: MessageKind, filename: str, content_type: str) -> Callable[[Said], Content]:
    def read(said: Said) -> Content:
        url = ""
        if line(at(said, "contentProvider", "type")) == "external":
            url = line(at(said, "contentProvider", "originalContentUrl"), 2000)
        media_id = "" if url else line(said.get("id"), 100)
        return Content(kind, "", (RemoteFile(filename, content_type, url=url, media_id=media_id),))

    return read


def _file(said: Said) -> Content:
    name = line(said.get("fileName"), 180).replace("\\", "/").rpartition("/")[2].strip(". ") or "file"
    stem, dot, ending = name.rpartition(".")
    content_type = DOCUMENTS.get(f".{ending.lower()}", "") if stem and dot else ""
    found = RemoteFile(
        name,
        content_type or "application/octet-stream",
        media_id=line(said.get("id"), 100),
        size=whole(said.get("fileSize")),
    )
    return Content("file", "", (found,))


def _location(said: Said) -> Content:
    words, parts = place(said.get("latitude"), said.get("longitude"), said.get("title"), said.get("address"))
    return Content("location", words, custom=parts)


def _sticker(said: Said) -> Content:
    """Return a sticker by its words: what stands on it, or the words LINE finds fitting."""
    words = [line(word, 40) for word in items(said.get("keywords"))[:3]]
    parts = {"package": line(said.get("packageId")), "sticker": line(said.get("stickerId"))}
    return Content(
        "sticker",
        text(said.get("text")) or ", ".join(filter(None, words)),
        custom={key: value for key, value in parts.items() if value},
    )


def _unsend(event: Said, meta: Meta) -> list[InboundMessage]:  # noqa: ARG001 - as all readers
    target = line(at(event, "unsend", "messageId"), 100)
    if not target:
        raise Malformed("It is not said which message was taken back.")
    return [
        InboundMessage(
            external_id=f"{target}:unsend",
            sender=_sender(event),
            thread_key=_thread(event),
            sent_at=moment(event.get("timestamp")),
            kind="delete",
            target=target,
        )
    ]


def _postback(event: Said, meta: Meta) -> list[InboundMessage]:  # noqa: ARG001 - as all readers
    """Read a button that was pressed, or a time that was chosen."""
    said = mapping(event.get("postback"))
    data, chosen = text(said.get("data")), mapping(said.get("params"))
    if "newRichMenuAliasId" in chosen:
        return []  # another page of the menu
    when = next((line(chosen.get(key)) for key in ("datetime", "date", "time") if chosen.get(key)), "")
    event_id = line(event.get("webhookEventId"), 100) or f"{line(event.get('timestamp'))}:{_thread(event)}"
    return [
        InboundMessage(
            external_id=f"event:{event_id}",
            sender=_sender(event),
            text=" ".join(filter(None, (data, when))),
            thread_key=_thread(event),
            sent_at=moment(event.get("timestamp")),
            custom={key: value for key, value in {"button": data, "chosen": when}.items() if value},
        )
    ]


EVENTS: Mapping[str, Callable[[Said, Meta], list[InboundMessage]]] = {
    "message": _message,
    "unsend": _unsend,
    "postback": _postback,
}
CONTENTS: Mapping[str, Callable[[Said], Content]] = {
    "text": _text,
    "image": _media("image", "image.jpg", "image/jpeg"),
    "video": _media("video", "video.mp4", "video/mp4"),
    "audio": _media("audio", "audio.m4a", "audio/mp4"),
    "file": _file,
    "location": _location,
    "sticker": _sticker,
}
