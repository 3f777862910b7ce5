"""What Viber calls with, to messages. Pure and total. https://developers.viber.com/docs/api/rest-bot-api/#callbacks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from connectors._payload import at, line, mapping, moment, objects, text, whole
from connectors._place import person, place
from connectors.base import Identity, InboundMessage, MessageKind, Profile, RemoteFile, Status
from connectors.errors import Malformed
from connectors.submission import load_json

Said = Mapping[str, Any]
KIND = "viber"
STATES: Mapping[str, Status] = {"delivered": "delivered", "seen": "read", "failed": "failed"}
UNKNOWN = "[A kind of message that cannot be shown here: look at it in Viber]"
TYPES = {
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "gif": "image/gif",
    "mp4": "video/mp4",
    "mov": "video/quicktime",
    "m4a": "audio/mp4",
    "mp3": "audio/mpeg",
    "pdf": "application/pdf",
    "txt": "text/plain",
    "zip": "application/zip",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@dataclass(frozen=True, slots=True)
class Content:
    kind: MessageKind
    text: str
    files: tuple[RemoteFile, ...] = ()
    custom: Mapping[str, str] = field(default_factory=dict)


def read_callbacks(raw: bytes) -> list[InboundMessage]:
    """Return the message or state of a callback, or those of a list of them. Raises Malformed."""
    said = load_json(raw)
    calls = [said] if isinstance(said, dict) else objects(said)
    if not calls:
        raise Malformed("This is no callback of Viber.")
    return [message for call in calls for message in _read(call)]


def _read(call: Said) -> list[InboundMessage]:
    event, token = line(call.get("event"), 40), line(call.get("message_token"), 40)
    if not event:
        raise Malformed("The callback does not say what happened.")
    if event == "message":
        return [_message(call, token)]
    state = STATES.get(event)
    return [_state(call, event, token, state)] if state else []  # came, went, opened the chat: nothing was said


def _message(call: Said, token: str) -> InboundMessage:
    sender, said = someone(call.get("sender")), mapping(call.get("message"))
    if sender is None or not token:
        raise Malformed("The message does not say from whom it is, or has no id.")
    read = CONTENTS.get(line(said.get("type"), 40))
    content = read(said) if read else Content("unsupported", text(said.get("text")) or UNKNOWN)
    more = {
        "country": line(at(call, "sender", "country"), 40),
        "language": line(at(call, "sender", "language"), 40),
        "tracking": line(said.get("tracking_data")),
    }
    return InboundMessage(
        external_id=token,
        sender=sender,
        text=content.text,
        kind=content.kind,
        remote_files=content.files,
        thread_key=sender.address,
        sent_at=moment(call.get("timestamp")),
        custom={**content.custom, **{key: value for key, value in more.items() if value}},
    )


def _state(call: Said, event: str, token: str, state: Status) -> InboundMessage:
    address = line(call.get("user_id"), 200)
    if not address or not token:
        raise Malformed("The callback does not say which message it is about, or whose.")
    return InboundMessage(
        external_id=f"{token}:{event}",
        sender=Identity(KIND, address, verified=True),
        thread_key=address,
        sent_at=moment(call.get("timestamp")),
        kind="status",
        target=token,
        status=state,
        status_reason=line(call.get("desc")) if state == "failed" else "",
    )


def someone(said: Any) -> Identity | None:
    """Return a user of Viber as an identity."""
    address = line(at(said, "id"), 200)
    if not address:
        return None
    avatar = line(at(said, "avatar"), 2000)
    profile = Profile(avatar_url=avatar) if avatar else None
    return Identity(KIND, address, line(at(said, "name"), 200), verified=True, profile=profile)


def _text(said: Said) -> Content:
    return Content("text", text(said.get("text")))


def _media(kind: MessageKind, filename: str) -> Callable[[Said], Content]:
    def read(said: Said) -> Content:
        url, words = line(said.get("media"), 2000), text(said.get("text"))
        if not url:
            return Content("unsupported", words or UNKNOWN)
        name = line(said.get("file_name"), 180).replace("\\", "/").rpartition("/")[2].strip(". ") or filename
        content_type = TYPES.get(name.rpartition(".")[2].lower(), "application/octet-stream")
        size = whole(said.get("file_size")) or whole(said.get("size"))
        return Content(kind, words, (RemoteFile(name, content_type, url=url, size=size),))

    return read


def _url(said: Said) -> Content:
    words = (text(said.get("text")), line(said.get("media"), 2000))
    return Content("text", "\n".join(dict.fromkeys(filter(None, words))))


def _sticker(said: Said) -> Content:
    """Return a sticker by its number; where Viber gives its picture, that comes too."""
    number, url = line(said.get("sticker_id"), 40), line(said.get("media"), 2000)
    files = (RemoteFile("sticker.png", "image/png", url=url),) if url else ()
    return Content("sticker", "", files, {"sticker": number} if number else {})


def _location(said: Said) -> Content:
    where = mapping(said.get("location"))
    words, parts = place(where.get("lat"), where.get("lon"), said.get("text"), where.get("address"))
    return Content("location", words, custom=parts)


def _contact(said: Said) -> Content:
    who = mapping(said.get("contact"))
    words, parts = person(who.get("name"), who.get("phone_number"))
    return Content("contact", words, custom=parts)


def _rich_media(said: Said) -> Content:
    buttons = [text(button.get("Text")) for button in objects(at(said, "rich_media", "Buttons"))]
    return Content("text", "\n".join(filter(None, (text(said.get("text")), *buttons))))


CONTENTS: Mapping[str, Callable[[Said], Content]] = {
    "text": _text,
    "picture": _media("image", "picture.jpg"),
    "video": _media("video", "video.mp4"),
    "file": _media("file", "file"),
    "url": _url,
    "sticker": _sticker,
    "location": _location,
    "contact": _contact,
    "rich_media": _rich_media,
}
