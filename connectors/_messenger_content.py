"""What a Messenger or Instagram direct message says: its attachments and where it came from. Total.

Sources (developers.facebook.com/documentation): business-messaging/messenger-platform/webhooks/webhook-events/messages
(types of attachments; from August 2026 a sticker is its own type), .../messaging_postbacks, .../messaging_referrals;
instagram-platform/webhooks/examples (story mentions and replies, shares, unsupported messages).
What a story shows may not be kept (docs/messenger-platform/instagram/features/story-mention): only its address is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from connectors._payload import at, line, mapping, objects, text
from connectors._place import place
from connectors.base import MessageKind, RemoteFile

Object = Mapping[str, Any]
UNKNOWN = "application/octet-stream"
FILES: Mapping[str, tuple[MessageKind, str, str]] = {
    "image": ("image", "image.jpg", "image/jpeg"),
    "animated_image": ("image", "image.gif", "image/gif"),
    "video": ("video", "video.mp4", "video/mp4"),
    "audio": ("audio", "audio.mp4", "audio/mp4"),
    "file": ("file", "", UNKNOWN),
    "sticker": ("sticker", "sticker.png", "image/png"),
}
SHARES = {"share": "a post", "post": "a post", "ig_post": "a post", "reel": "a reel", "ig_reel": "a reel"}
TYPES = {
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "gif": "image/gif",
    "webp": "image/webp",
    "pdf": "application/pdf",
    "mp3": "audio/mpeg",
    "wav": "audio/wav",
}
OWN_HOSTS = (".fbsbx.com", ".cdninstagram.com", ".fbcdn.net")  # where Meta keeps pictures, for a while
MOST_FILES = 30


@dataclass(frozen=True, slots=True)
class Part:
    """What one attachment is: words, a file, the parts of a place, where a story stands."""

    kind: MessageKind = "text"
    words: str = ""
    link: str = ""  # in the words
    file: RemoteFile | None = None
    custom: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Content:
    kind: MessageKind
    text: str
    files: tuple[RemoteFile, ...] = ()
    custom: Mapping[str, str] = field(default_factory=dict)


def content_of(message: Object, name: str) -> Content:
    """Return what a message says; one that says nothing we understand is unsupported. `name`: "Instagram"."""
    attachments = objects(message.get("attachments"))[:MOST_FILES]
    parts = _once([part for each in attachments if (part := _part(each))])
    files = tuple(part.file for part in parts if part.file)
    said = text(message.get("text"))
    more = (part.words for part in parts if not part.link or part.link not in said)
    words = "\n".join(dict.fromkeys(filter(None, (said, *more))))
    custom = {key: value for part in parts for key, value in part.custom.items()}
    custom |= _around(message)
    kind: MessageKind = next((part.kind for part in parts if part.kind != "text"), "text")
    if not words and not files:
        kind = "unsupported" if kind == "text" else kind
        return Content(kind, f"A message that {name} does not pass on.", custom=custom)
    return Content(kind, words, files, custom)


def came_by(referral: Any) -> dict[str, str]:
    """Return the link, advertisement or product through which somebody came into the conversation."""
    told = mapping(referral)
    parts = {key: line(told.get(key), 1000) for key in ("ref", "source", "type", "ad_id", "referer_uri")}
    parts["headline"] = line(at(told, "ads_context_data", "ad_title"), 500)
    parts["product"] = line(at(told, "product", "id"), 100)
    return {f"referral_{key}": value for key, value in parts.items() if value}


def _around(message: Object) -> dict[str, str]:
    """Return what stands around the words: the button that said them, the story they answer, the referral."""
    story = mapping(at(message, "reply_to", "story"))
    parts = {
        "payload": line(at(message, "quick_reply", "payload")),
        "story_url": line(story.get("url"), 2000),
        "story_id": line(story.get("id")),
    }
    return {key: value for key, value in parts.items() if value} | came_by(message.get("referral"))


def _part(attachment: Object) -> Part | None:
    kind, payload = line(attachment.get("type"), 40), mapping(attachment.get("payload"))
    if kind == "image" and payload.get("sticker_id"):
        kind = "sticker"
    reader = next((reader for kinds, reader in READERS if kind in kinds), _fallback)
    return reader(attachment, payload, kind)


def _file(attachment: Object, payload: Object, kind: str) -> Part | None:
    url = _web(payload.get("url")) or _web(attachment.get("url"))
    said_kind, filename, content_type = FILES[kind]
    if not url:
        return Part(said_kind, custom=_sticker(payload))
    named = line(unquote(url.partition("?")[0].rpartition("/")[2]), 200)
    content_type = TYPES.get(named.rpartition(".")[2].lower(), content_type)
    return Part(
        said_kind, file=RemoteFile(filename or named or "file", content_type, url=url), custom=_sticker(payload)
    )


def _sticker(payload: Object) -> dict[str, str]:
    sticker = line(payload.get("sticker_id"), 60)
    return {"sticker": sticker} if sticker else {}


def _location(attachment: Object, payload: Object, _kind: str) -> Part | None:
    spot = mapping(payload.get("coordinates"))
    words, custom = place(spot.get("lat"), spot.get("long"), name=line(attachment.get("title"), 500))
    return Part("location", words, custom=custom) if words else None


def _story_mention(_attachment: Object, payload: Object, _kind: str) -> Part:
    url = _web(payload.get("url")) or _web(at(payload, "story_mention", "url"))
    return Part(words="Mentioned you in their story.", custom={"story_url": url} if url else {})


def _share(attachment: Object, payload: Object, kind: str) -> Part:
    """A post or reel: its picture where Meta lends it, else its address."""
    url, title = _web(payload.get("url")), line(payload.get("title") or attachment.get("title"), 1000)
    is_lent = url.partition("://")[2].partition("/")[0].endswith(OWN_HOSTS)
    words = f"Shared {SHARES[kind]}" + ("." if is_lent and not title else ": ") + title
    if is_lent:
        return Part(words=words, file=RemoteFile("shared", UNKNOWN, url=url))
    return Part(words=" ".join(filter(None, (words.strip(), url))), link=url)


def _fallback(attachment: Object, payload: Object, _kind: str) -> Part | None:
    """A link, or a template that was forwarded: its title and address."""
    element = next(iter(objects(payload.get("elements")) or objects(at(payload, "product", "elements"))), {})
    title = line(attachment.get("title") or payload.get("title") or element.get("title"), 1000)
    url = _web(payload.get("url")) or _web(attachment.get("url")) or _web(attachment.get("URL"))
    title = title or text(payload.get("text"))  # of a template with buttons
    words = " ".join(filter(None, (title, url)))
    return Part(words=words, link=url) if words else None


def _once(parts: list[Part]) -> list[Part]:
    """Keep a sticker once: for a while every one was told twice, as a picture too."""
    known: set[str] = set()
    kept = []
    for part in parts:
        sticker = part.custom.get("sticker", "")
        if not sticker or sticker not in known:
            kept.append(part)
        known.add(sticker)
    return kept


def _web(value: Any) -> str:
    url = line(value, 4000)
    return url if url.startswith(("https://", "http://")) else ""


Reader = Callable[[Object, Object, str], Part | None]
READERS: tuple[tuple[frozenset[str], Reader], ...] = (
    (frozenset(FILES), _file),
    (frozenset({"location"}), _location),
    (frozenset({"story_mention"}), _story_mention),
    (frozenset(SHARES), _share),
)
