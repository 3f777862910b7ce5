"""What one Telegram message says: its words, its files, a place, a person. Pure and total.

The fields are those of https://core.telegram.org/bots/api#message (Bot API 9). A caption is the text of a file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from connectors._payload import at, items, line, mapping, objects, text, whole
from connectors._place import person, place
from connectors.base import MessageKind, RemoteFile

SERVICE = frozenset({  # what happened in a chat; nobody said it
    "new_chat_members", "new_chat_member", "new_chat_participant", "left_chat_member", "left_chat_participant",
    "new_chat_title", "new_chat_photo", "delete_chat_photo", "group_chat_created", "supergroup_chat_created",
    "channel_chat_created", "message_auto_delete_timer_changed", "migrate_to_chat_id", "migrate_from_chat_id",
    "pinned_message", "connected_website", "write_access_allowed", "proximity_alert_triggered", "boost_added",
    "chat_background_set", "forum_topic_created", "forum_topic_edited", "forum_topic_closed", "forum_topic_reopened",
    "general_forum_topic_hidden", "general_forum_topic_unhidden", "giveaway_created", "giveaway_completed",
    "video_chat_scheduled", "video_chat_started", "video_chat_ended", "video_chat_participants_invited",
    "voice_chat_scheduled", "voice_chat_started", "voice_chat_ended", "voice_chat_participants_invited",
    "checklist_tasks_done", "checklist_tasks_added", "direct_message_price_changed", "paid_message_price_changed",
    "chat_owner_left", "chat_owner_changed", "suggested_post_approved", "suggested_post_approval_failed",
    "suggested_post_declined", "suggested_post_paid", "suggested_post_refunded",
})  # fmt: skip
NO_WORDS = {
    "story": "[A story, which Telegram does not show to bots]",
    "passport_data": "[Identity papers by Telegram Passport, which are not read here]",
    "giveaway": "[A giveaway]",
    "giveaway_winners": "[The winners of a giveaway]",
    "gift": "[A gift]",
    "unique_gift": "[A gift]",
    "refunded_payment": "[A payment was given back]",
}
EXTENSIONS = {
    "image/jpeg": ".jpg",
    "image/webp": ".webp",
    "video/mp4": ".mp4",
    "video/webm": ".webm",
    "audio/ogg": ".ogg",
    "audio/mpeg": ".mp3",
    "application/x-tgsticker": ".tgs",
}
UNKNOWN = "[A kind of message that cannot be shown here: look at it in Telegram]"


@dataclass(frozen=True, slots=True)
class Content:
    kind: MessageKind
    text: str
    files: tuple[RemoteFile, ...] = ()
    custom: Mapping[str, str] = field(default_factory=dict)


def content_of(message: Mapping[str, Any]) -> Content | None:
    """Return what a message says, None where it only tells what happened in the chat."""
    if isinstance(message.get("text"), str):
        return Content("text", text(message["text"]))
    for key, read in READERS.items():
        if message.get(key):
            return read(message, message[key])
    if SERVICE & message.keys():
        return None
    known = next((words for key, words in NO_WORDS.items() if key in message), UNKNOWN)
    return Content("unsupported", known)


Read = Callable[[Mapping[str, Any], Any], Content]


def _media(kind: MessageKind, content_type: str, stem: str) -> Read:
    def read(message: Mapping[str, Any], part: Any) -> Content:
        return _with_file(kind, text(message.get("caption")), part, line(at(part, "mime_type")) or content_type, stem)

    return read


def _with_file(kind: MessageKind, said: str, part: Any, content_type: str, stem: str) -> Content:
    media_id = line(at(part, "file_id"))
    if not media_id:
        return Content("unsupported", said or UNKNOWN)
    name = _file_name(at(part, "file_name")) or f"{stem}{EXTENSIONS.get(content_type, '')}"
    return Content(kind, said, (RemoteFile(name, content_type, media_id=media_id, size=whole(at(part, "file_size"))),))


def _file_name(given: Any) -> str:
    """Return the last step of a path that a stranger wrote."""
    return line(given, 180).replace("\\", "/").rpartition("/")[2].strip(". ")


def _photo(message: Mapping[str, Any], sizes: Any) -> Content:
    def area(size: Mapping[str, Any]) -> int:
        return (whole(size.get("width")) or 0) * (whole(size.get("height")) or 0)

    largest = max(objects(sizes), key=area, default={})
    return _with_file("image", text(message.get("caption")), largest, "image/jpeg", "photo")


def _audio(message: Mapping[str, Any], part: Any) -> Content:
    played = " - ".join(filter(None, (line(at(part, "performer")), line(at(part, "title")))))
    return _media("audio", "audio/mpeg", _file_name(played) or "audio")(message, part)


def _sticker(_message: Mapping[str, Any], part: Any) -> Content:
    animated = "application/x-tgsticker" if at(part, "is_animated") is True else "image/webp"
    content_type = "video/webm" if at(part, "is_video") is True else animated
    found = _with_file("sticker", line(at(part, "emoji"), 40), part, content_type, "sticker")
    set_name = line(at(part, "set_name"))
    return Content(found.kind, found.text, found.files, {"sticker_set": set_name} if set_name else {})


def _location(_message: Mapping[str, Any], part: Any) -> Content:
    said, parts = place(at(part, "latitude"), at(part, "longitude"))
    live = whole(at(part, "live_period"))
    return Content("location", said, custom={**parts, **({"live_seconds": str(live)} if live else {})})


def _venue(_message: Mapping[str, Any], part: Any) -> Content:
    where = mapping(at(part, "location"))
    said, parts = place(where.get("latitude"), where.get("longitude"), at(part, "title"), at(part, "address"))
    return Content("location", said, custom=parts)


def _contact(_message: Mapping[str, Any], part: Any) -> Content:
    name = " ".join(filter(None, (line(at(part, "first_name")), line(at(part, "last_name")))))
    said, parts = person(name, at(part, "phone_number"), user_id=at(part, "user_id"))
    return Content("contact", said, custom=parts)


def _poll(_message: Mapping[str, Any], part: Any) -> Content:
    options = [f"- {line(option.get('text'))}" for option in objects(at(part, "options"))]
    return Content("text", "\n".join([line(at(part, "question")), *options]).strip(), custom={"said_as": "poll"})


def _dice(_message: Mapping[str, Any], part: Any) -> Content:
    said = f"{line(at(part, 'emoji'), 20)} {line(at(part, 'value'), 20)}".strip()
    return Content("text", said, custom={"said_as": "dice"})


def _checklist(_message: Mapping[str, Any], part: Any) -> Content:
    tasks = [f"- {line(task.get('text'))}" for task in objects(at(part, "tasks"))]
    return Content("text", "\n".join([line(at(part, "title")), *tasks]).strip(), custom={"said_as": "checklist"})


def _titled(_message: Mapping[str, Any], part: Any) -> Content:
    said = "\n".join(filter(None, (line(at(part, "title")), text(at(part, "description")))))
    return Content("text", said)


def _paid(_message: Mapping[str, Any], part: Any) -> Content:
    amount, currency = line(at(part, "total_amount"), 30), line(at(part, "currency"), 10)
    return Content(
        "text", f"[Paid: {amount} {currency}, in the currency's smallest unit]", custom={"said_as": "payment"}
    )


def _web_app(_message: Mapping[str, Any], part: Any) -> Content:
    button = line(at(part, "button_text"))
    return Content("text", text(at(part, "data")), custom={"button": button} if button else {})


def _paid_media(message: Mapping[str, Any], part: Any) -> Content:
    """Return the words of photos and videos that cost something; their files are shown to who pays only."""
    count = len(items(at(part, "paid_media")))
    return Content("unsupported", text(message.get("caption")) or f"[Photos or videos to be paid for: {count}]")


def _shared(_message: Mapping[str, Any], part: Any) -> Content:
    people = [*objects(at(part, "users")), mapping(part)]
    names = [" ".join(filter(None, (line(one.get("first_name")), line(one.get("last_name"))))) for one in people]
    ids = [line(one.get("user_id")) or line(one.get("chat_id")) for one in people]
    said = ", ".join(filter(None, (name or id_ for name, id_ in zip(names, ids, strict=True))))
    return Content("contact", said, custom={"name": said} if said else {})


READERS: Mapping[str, Read] = {  # an animation is also a document, a venue also a location: the first found tells
    "animation": _media("video", "video/mp4", "animation"),
    "photo": _photo,
    "video": _media("video", "video/mp4", "video"),
    "video_note": _media("video", "video/mp4", "video-note"),
    "voice": _media("audio", "audio/ogg", "voice"),
    "audio": _audio,
    "document": _media("file", "application/octet-stream", "document"),
    "sticker": _sticker,
    "venue": _venue,
    "location": _location,
    "contact": _contact,
    "poll": _poll,
    "dice": _dice,
    "checklist": _checklist,
    "game": _titled,
    "invoice": _titled,
    "successful_payment": _paid,
    "web_app_data": _web_app,
    "paid_media": _paid_media,
    "users_shared": _shared,
    "user_shared": _shared,
    "chat_shared": _shared,
}
