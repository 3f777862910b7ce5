"""What Mastodon says, as messages: notifications, statuses, conversations and events of the streaming API.

docs.joinmastodon.org: /entities/Notification (types), /entities/Status, /entities/MediaAttachment,
/methods/streaming#events.
"""

from __future__ import annotations

import mimetypes
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from connectors._payload import at, items, line, mapping, moment, objects, text, whole
from connectors.base import Identity, InboundMessage, MessageKind, Profile, RemoteFile
from connectors.errors import Malformed
from connectors.sanitize import html_to_text
from connectors.submission import clean_text, load_json

SAID = frozenset(("mention", "quote"))  # notifications that bring something said to us
EDITED = frozenset(("update", "quoted_update"))
PUBLIC = frozenset(("public", "unlisted"))
MEDIA: Mapping[str, tuple[MessageKind, str]] = {
    "image": ("image", "image/jpeg"),
    "gifv": ("video", "video/mp4"),
    "video": ("video", "video/mp4"),
    "audio": ("audio", "audio/mpeg"),
}
UNKNOWN_MEDIA: tuple[MessageKind, str] = ("file", "application/octet-stream")
NOBODY = "unknown"  # the author of a deleted status, where the server does not say who it was
MAX_HTML = 200_000


def messages(body: Any, meta: Mapping[str, str]) -> list[InboundMessage]:
    """Return the messages in one object or a list. Raises Malformed where there is none and something is odd."""
    heard: list[InboundMessage] = []
    odd: Malformed | None = None
    for entry in items(body) if isinstance(body, list) else [body]:
        try:
            heard += _entry(entry, meta)
        except Malformed as error:
            odd = error
    if odd and not heard:
        raise odd
    return heard


def _entry(entry: Any, meta: Mapping[str, str]) -> list[InboundMessage]:
    body = mapping(entry)
    if "event" in body and "payload" in body:
        return _event(line(body["event"]), body["payload"], body, meta)
    if "type" in body and ("status" in body or "account" in body or "created_at" in body):
        return _notification(body, meta)
    if isinstance(body.get("last_status"), dict):
        return [_status(body["last_status"], meta)]
    if "content" in body and "account" in body:
        return [_status(body, meta)]
    raise Malformed("This is no notification, status or event of Mastodon.")


def _event(name: str, payload: Any, body: Mapping[str, Any], meta: Mapping[str, str]) -> list[InboundMessage]:
    """Read an event of the streaming API; its payload is JSON in a string, or the id of a deleted status."""
    if name == "delete":
        return [_deleted(line(payload), body)]
    inner = load_json(payload.encode("utf-8", "replace")) if isinstance(payload, str) else payload
    match name:
        case "notification":
            return _notification(mapping(inner), meta)
        case "status.update":
            return [_edited(mapping(inner), meta)]
        case "update":
            return [_status(mapping(inner), meta)]
        case "conversation":
            return [_status(mapping(at(inner, "last_status")), meta)]
    return []


def _notification(body: Mapping[str, Any], meta: Mapping[str, str]) -> list[InboundMessage]:
    """Favourites, boosts, follows and the rest of the types are no messages."""
    kind, status = line(body.get("type")), mapping(body.get("status"))
    if kind in SAID:
        return [_status(status, meta)]
    return [_edited(status, meta)] if kind in EDITED else []


def _deleted(status_id: str, body: Mapping[str, Any]) -> InboundMessage:
    if not status_id:
        raise Malformed("It is not said which status was deleted.")
    author = line(at(body, "account", "id"))
    sender = Identity("mastodon", author, verified=True) if author else Identity("provider", NOBODY)
    return InboundMessage(f"delete:{status_id}", sender, kind="delete", target=status_id, deleted_by="unknown")


def _edited(status: Mapping[str, Any], meta: Mapping[str, str]) -> InboundMessage:
    said = _status(status, meta)
    at_moment = line(status.get("edited_at")) or "again"
    return InboundMessage(
        external_id=f"edit:{said.external_id}:{at_moment}",
        sender=said.sender,
        text=said.text,
        sent_at=moment(status.get("edited_at")) or said.sent_at,
        kind="edit",
        target=said.external_id,
        thread_key=said.thread_key,
        is_public=said.is_public,
        url=said.url,
    )


def _status(status: Mapping[str, Any], meta: Mapping[str, str]) -> InboundMessage:
    status_id, account = line(status.get("id")), mapping(status.get("account"))
    if not status_id or not line(account.get("id")):
        raise Malformed("A status of Mastodon has an id and an account.")
    answered = line(status.get("in_reply_to_id")) or None
    files = [(_media(file)) for file in objects(status.get("media_attachments"))]
    return InboundMessage(
        external_id=status_id,
        sender=_sender(account),
        text=_words(status),
        quoted=_plain(at(status, "quote", "quoted_status", "content")),
        in_reply_to=answered,
        thread_key=line(meta.get("root")) or answered or status_id,
        sent_at=moment(status.get("created_at")),
        custom=_custom(status),
        kind=files[0][0] if files else "text",
        remote_files=tuple(file for _, file in files if file.url),
        is_public=line(status.get("visibility")) in PUBLIC,
        url=line(status.get("url"), 2000) or line(status.get("uri"), 2000),
    )


def _sender(account: Mapping[str, Any]) -> Identity:
    name = line(account.get("display_name"), 200) or line(account.get("username"), 200)
    profile = Profile(
        handle=handle_of(account),
        url=line(account.get("url"), 2000),
        avatar_url=line(account.get("avatar"), 2000),
        followers=whole(account.get("followers_count")),
    )
    return Identity("mastodon", line(account.get("id")), name, verified=True, profile=profile)


def handle_of(account: Mapping[str, Any]) -> str:
    """Return "@ana@mastodon.social"; accounts of one's own server come without the server's name."""
    acct = line(account.get("acct"), 300)
    try:
        host = urlsplit(line(account.get("url"), 2000)).hostname or ""
    except ValueError:
        host = ""
    return "" if not acct else f"@{acct}" if "@" in acct or not host else f"@{acct}@{host}"


def _words(status: Mapping[str, Any]) -> str:
    """Return warning, text and the choices of a poll, as a reader sees them."""
    choices = [line(option.get("title")) for option in objects(at(status, "poll", "options"))]
    asked = "\n".join(f"○ {choice}" for choice in choices if choice)
    said = _plain(status.get("content")) or text(status.get("text"))
    return clean_text("\n\n".join(part for part in (text(status.get("spoiler_text")), said, asked) if part))


def _plain(content: Any) -> str:
    return clean_text(html_to_text(content[:MAX_HTML])) if isinstance(content, str) else ""


def _custom(status: Mapping[str, Any]) -> dict[str, str]:
    described = "\n".join(
        filter(None, (line(file.get("description"), 1500) for file in objects(status.get("media_attachments"))))
    )
    told = {
        "visibility": line(status.get("visibility")),
        "content_warning": line(status.get("spoiler_text")),
        "language": line(status.get("language")),
        "media_description": described,
        "quotes": line(at(status, "quote", "quoted_status", "url"), 2000),
    }
    return {key: value for key, value in told.items() if value}


def _media(file: Mapping[str, Any]) -> tuple[MessageKind, RemoteFile]:
    kind, usual_type = MEDIA.get(line(file.get("type")), UNKNOWN_MEDIA)
    url = line(file.get("url"), 2000) or line(file.get("remote_url"), 2000)
    name = url.partition("?")[0].rpartition("/")[2][:200]
    return kind, RemoteFile(name or "file", mimetypes.guess_type(name)[0] or usual_type, url=url)
