"""Pictures and videos of posts and direct messages, as X names them in v2 (`media`) and before (`entities`). Pure."""

from __future__ import annotations

import mimetypes
from collections.abc import Iterable, Mapping
from typing import Any

from connectors._payload import at, line, objects, whole
from connectors.base import MessageKind, RemoteFile
from connectors.web_address import LONGEST

MOST_FILES = 8
KINDS: Mapping[str, MessageKind] = {"photo": "image", "video": "video", "animated_gif": "video", "audio": "audio"}
ENDINGS = {"video/mp4": ".mp4", "image/jpeg": ".jpg", "image/png": ".png", "image/gif": ".gif", "image/webp": ".webp"}


def kind_of(media: Iterable[Mapping[str, Any]]) -> MessageKind:
    """Return what kind of message these files make: that of the first; "text" where there is none."""
    return next((KINDS.get(line(one.get("type")), "file") for one in media), "text")


def files_of(media: Iterable[Mapping[str, Any]]) -> tuple[RemoteFile, ...]:
    """Return where the files are, those that say so."""
    found = [file for one in media if (file := _file(one))]
    return tuple(found[:MOST_FILES])


def _file(media: Mapping[str, Any]) -> RemoteFile | None:
    url, content_type = _best_variant(media) or _picture(media)
    if not url.startswith("https://") or len(url) > LONGEST:
        return None
    name = line(media.get("media_key") or media.get("id_str") or media.get("id"), 60) or "file"
    return RemoteFile(f"{name}{ENDINGS.get(content_type, '')}", content_type, url=url)


def _best_variant(media: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return the finest of a video's versions that is one file (a playlist is not)."""
    variants = objects(media.get("variants")) or objects(at(media, "video_info", "variants"))
    playable = [one for one in variants if line(one.get("content_type")) == "video/mp4" and line(one.get("url"))]
    if not playable:
        return None
    best = max(playable, key=lambda one: whole(one.get("bit_rate")) or whole(one.get("bitrate")) or 0)
    return line(best.get("url"), LONGEST + 1), "video/mp4"


def _picture(media: Mapping[str, Any]) -> tuple[str, str]:
    names = ("media_url_https", "media_url", "preview_image_url")
    # in v1.1 `url` is the short link in the text; only v2 media, known by their key, keep the file there
    shown = media.get("url") if media.get("media_key") else None
    url = line(shown or next((media[name] for name in names if media.get(name)), None), LONGEST + 1)
    return url, mimetypes.guess_type(url.partition("?")[0])[0] or "image/jpeg"
