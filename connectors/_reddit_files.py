"""Pictures and videos of posts on Reddit: a picture, a gallery, a video of its own. Pure."""

from __future__ import annotations

import mimetypes
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from connectors._payload import at, items, line, mapping
from connectors.base import MessageKind, RemoteFile
from connectors.web_address import LONGEST

MOST_FILES = 20
HOSTS = ("i.redd.it", "preview.redd.it", "v.redd.it", "i.imgur.com")


def files_of(post: Mapping[str, Any]) -> tuple[RemoteFile, ...]:
    """Return where a post's files are."""
    video = line(
        at(post, "media", "reddit_video", "fallback_url") or at(post, "secure_media", "reddit_video", "fallback_url"),
        LONGEST + 1,
    )
    if video:
        return tuple(_file(video, "video/mp4"))
    gallery = mapping(post.get("media_metadata"))
    order = [line(one.get("media_id"), 60) for one in items(at(post, "gallery_data", "items")) if isinstance(one, dict)]
    found = [file for name in order or list(gallery) for file in _in_gallery(mapping(gallery.get(name)))]
    if not found:
        found = _file(line(post.get("url_overridden_by_dest") or post.get("url"), LONGEST + 1), "")
    return tuple(found[:MOST_FILES])


def kind_of(files: Sequence[RemoteFile]) -> MessageKind:
    """Return what kind of message these files make."""
    if not files:
        return "text"
    return "video" if files[0].content_type.startswith("video/") else "image"


def _in_gallery(media: Mapping[str, Any]) -> list[RemoteFile]:
    source = mapping(media.get("s"))
    # without raw_json Reddit escapes addresses
    url = line(source.get("u") or source.get("mp4") or source.get("gif"), LONGEST + 1).replace("&amp;", "&")
    return _file(url, line(media.get("m"), 60)) if media.get("status", "valid") == "valid" else []


def _file(url: str, content_type: str) -> list[RemoteFile]:
    """Return a file that Reddit (or the host it used before) keeps; any other address is only a link."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return []
    kind = content_type or mimetypes.guess_type(parts.path)[0] or ""
    if parts.scheme != "https" or parts.hostname not in HOSTS or len(url) > LONGEST or "/" not in kind:
        return []
    return [RemoteFile(line(parts.path.strip("/").replace("/", "-"), 120) or "file", kind, url=url)]
