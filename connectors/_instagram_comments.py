"""What people write in public to an Instagram account: comments, comments on live video, mentions. Pure and total.

Sources (developers.facebook.com): docs/graph-api/webhooks/reference/instagram (comments, live_comments, mentions);
documentation/instagram-platform/webhooks/examples; .../instagram-graph-api/reference/ig-user/mentions. A comment is
"comment:ID", a mention "mention:MEDIA" or "mention:MEDIA:COMMENT", so that an answer knows which it answers. A mention
tells neither who wrote it nor what: both have to be looked up at Instagram.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from connectors._messenger_parse import Told
from connectors._payload import at, line, mapping, moment, text
from connectors.base import Identity, InboundMessage, Profile

KIND = "instagram"
COMMENT, MENTION = "comment:", "mention:"
COMMENT_FIELDS = frozenset({"comments", "live_comments"})
SITE = "https://www.instagram.com"
Object = Mapping[str, Any]


def messages_of(told: Told) -> Iterator[InboundMessage]:
    """Yield what a change tells; nothing for the account's own comments and for fields that nobody writes."""
    if told.field in COMMENT_FIELDS:
        yield from _comment(told)
    elif told.field in {"mentions", "mention"}:
        yield from _mention(told)


def _comment(told: Told) -> Iterator[InboundMessage]:
    value = told.value
    comment = line(value.get("id"), 100) or line(value.get("comment_id"), 100)
    sender = _author(value, f"{COMMENT}{comment}")
    if not comment or sender.address == told.own_id:
        return
    parent = line(value.get("parent_id"), 100)
    words = text(value.get("text"))
    custom = _media(mapping(value.get("media"))) | ({"live": "yes"} if told.field == "live_comments" else {})
    yield InboundMessage(
        external_id=f"{COMMENT}{comment}",
        sender=sender,
        text=words or "A comment without words, which Instagram does not pass on.",
        kind="text" if words else "unsupported",
        custom=custom,
        thread_key=f"{custom.get('media', 'media')}/{parent or comment}",
        in_reply_to=f"{COMMENT}{parent}" if parent else None,
        sent_at=moment(value.get("timestamp")) or moment(told.at),
        is_public=True,
    )


def _mention(told: Told) -> Iterator[InboundMessage]:
    value = told.value
    media, comment = line(value.get("media_id"), 100), line(value.get("comment_id"), 100)
    if not media and not comment:
        return
    target = MENTION + ":".join(filter(None, (media, comment)))
    where = "a comment" if comment else "the words of a post"
    yield InboundMessage(
        external_id=target,
        sender=_author(value, target),
        text=f"Mentioned this account in {where}. Instagram does not tell the words here.",
        kind="unsupported",
        custom={"media": media} if media else {},
        thread_key=f"{media or 'media'}/{comment or media}",
        sent_at=moment(told.at),
        is_public=True,
    )


def _author(value: Object, target: str) -> Identity:
    """Return who wrote it; somebody whom Instagram does not name is known by the comment alone."""
    address = line(at(value, "from", "id"), 100)
    username = (line(at(value, "from", "username"), 100) or line(value.get("username"), 100)).removeprefix("@")
    shown = Profile(handle=f"@{username}", url=f"{SITE}/{username}/") if username else None
    if address:
        return Identity(KIND, address, username, verified=True, profile=shown)
    return Identity(KIND, target, username or "Somebody on Instagram", profile=shown)


def _media(media: Object) -> dict[str, str]:
    """Return on what it was written, and by which advertisement that was shown."""
    parts = {
        "media": line(media.get("id"), 100),
        "media_type": line(media.get("media_product_type"), 40).lower(),
        "ad": line(media.get("ad_id"), 100),
        "ad_title": line(media.get("ad_title"), 300),
    }
    return {key: value for key, value in parts.items() if value}
