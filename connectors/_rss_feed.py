"""The bytes of a feed to plain entries: RSS 0.9 to 2.0, Atom 1.0 and RDF by feedparser, JSON Feed 1.1 by ourselves.

feedparser is given bytes in a BytesIO only: it would open a string, or bytes that name a file, as a place to read from.
Its sanitiser is off (words are taken out of the HTML here), and what it does in more than linear time is bounded: the
lines before the first element, the number of tags, and the text in which it looks for an author's address.
Pages: feedparser.readthedocs.io (reference), jsonfeed.org/version/1.1, RFC 4287, RFC 4685 (thr:in-reply-to).
"""

from __future__ import annotations

import re
from calendar import timegm
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from io import BytesIO
from typing import Any
from urllib.parse import urljoin

from connectors._payload import NOTHING, at, items, line, mapping, moment, objects, text
from connectors.errors import Malformed
from connectors.sanitize import html_to_text
from connectors.submission import clean_line, clean_text, load_json

MOST_BYTES = 4 * 1024 * 1024
MOST_TAGS = 60_000
MOST_ENTRIES = 500
LONGEST_PROLOG = 4_000
LONGEST_AUTHOR = 300
LONGEST_HTML = 200_000
LONGEST_ID = 400
BYTE_ORDER_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
FIRST_ELEMENT = re.compile(rb"<\0?[A-Za-z]")
PLAIN = "text/plain"
Entry = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Feed:
    """What a feed says: its `about` (url, title, link) and its entries as plain JSON, in its own order."""

    about: Mapping[str, str]
    entries: tuple[Entry, ...] = field(default=())


def read_feed(raw: bytes, *, url: str = "", content_type: str = "") -> Feed:
    """Return a feed's entries. Raises Malformed for what is no feed, or one too large or intricate to read in time."""
    if len(raw) > MOST_BYTES:
        raise Malformed(f"The feed is larger than {MOST_BYTES // 1_048_576} MB.")
    head = raw[:64].lstrip()
    if head.startswith(b"{"):
        return _json_feed(load_json(raw), url)
    is_xml = head.startswith((b"<", b"\0<", *BYTE_ORDER_MARKS))
    first = FIRST_ELEMENT.search(raw, 0, LONGEST_PROLOG) if is_xml else None
    if not first:
        raise Malformed("This is no feed.")
    if raw.count(b"<") > MOST_TAGS:
        raise Malformed(f"The feed has more than {MOST_TAGS:,} tags.")
    return _xml_feed(raw, url, content_type)


def _xml_feed(raw: bytes, url: str, content_type: str) -> Feed:
    headers = {"content-type": content_type} if content_type else {}
    try:
        found = _parser().parse(
            BytesIO(raw), response_headers=headers, resolve_relative_uris=False, sanitize_html=False
        )
    except (ValueError, LookupError, TypeError, AttributeError, AssertionError, RecursionError):
        raise Malformed("The feed cannot be read.") from None  # what odd bytes lead to inside the library
    feed, entries = mapping(found.get("feed")), objects(found.get("entries"))[:MOST_ENTRIES]
    if not found.get("version") and not entries:
        raise Malformed("This is no feed.")
    about = {"url": url, "title": _title(feed), "link": _absolute(feed.get("link"), url)}
    return Feed(about, _speaking(_entry(entry, about) for entry in entries))


@cache
def _parser() -> Any:
    """Return feedparser, with the one search bounded whose time grows with the square of an author's length."""
    import feedparser
    from feedparser import mixin

    whole = mixin._FeedParserMixin._sync_author_detail  # noqa: SLF001 - the only way to that search

    def bounded(self: Any, key: str = "author") -> None:
        context = self._get_context()
        if isinstance(context.get(key), str):
            context[key] = context[key][:LONGEST_AUTHOR]
        whole(self, key)

    mixin._FeedParserMixin._sync_author_detail = bounded  # noqa: SLF001
    return feedparser


def _entry(entry: Mapping[str, Any], about: Mapping[str, str]) -> Entry:
    author = mapping(entry.get("author_detail"))
    plain = dict(entry)  # the library's own kind of dict warns of one key where it has only the other
    bodies = [*objects(entry.get("content")), mapping(entry.get("summary_detail")), {"value": entry.get("summary")}]
    body = next((body for body in bodies if isinstance(body.get("value"), str) and body["value"].strip()), NOTHING)
    kind = "text" if line(body.get("type")) == PLAIN else "html"
    guid, told = line(entry.get("id"), 2000), line(entry.get("link"), 2000)
    # an id stands in for a link that is missing: only some are addresses
    link = "" if told == guid and "://" not in told else _absolute(told, _base(about))
    return _known({
        "id": guid or link,
        "link": link,
        "title": _title(entry),
        kind: str(body.get("value") or "")[:LONGEST_HTML],
        "author": _author(entry.get("author")) or _plain(author.get("name")),
        "author_url": _absolute(author.get("href"), _base(about)),
        "published": _moment(plain.get("published_parsed") or plain.get("updated_parsed")),
        "in_reply_to": line(at(entry, "thr_in-reply-to", "ref"), 2000),
        "rating": line(entry.get("im_rating")),  # Apple's reviews of apps
        "app_version": line(entry.get("im_version")),
        "tags": [line(tag.get("term"), 100) for tag in objects(entry.get("tags"))[:20]],
        "files": [_file(file, "href", "type", "length", about) for file in objects(entry.get("enclosures"))[:10]],
    })  # fmt: skip


def _json_feed(body: Any, url: str) -> Feed:
    if not line(at(body, "version")).startswith("https://jsonfeed.org/version/"):
        raise Malformed("This is no feed.")
    about = {"url": url, "title": line(at(body, "title")), "link": _absolute(at(body, "home_page_url"), url)}
    return Feed(about, _speaking(_json_entry(item, about) for item in objects(at(body, "items"))[:MOST_ENTRIES]))


def _json_entry(item: Mapping[str, Any], about: Mapping[str, str]) -> Entry:
    author = next(iter(objects(item.get("authors"))), mapping(item.get("author")))
    link = _absolute(item.get("url"), _base(about))
    published = moment(item.get("date_published"))
    files = objects(item.get("attachments"))[:10]
    return _known({
        "id": line(item.get("id"), 2000) or link,
        "link": link,
        "title": line(item.get("title")),
        "html": text(item.get("content_html"))[:LONGEST_HTML],
        "text": text(item.get("content_text")) or text(item.get("summary")),
        "author": line(author.get("name")),
        "author_url": _absolute(author.get("url"), _base(about)),
        "published": published.isoformat() if published else "",
        "tags": [line(tag, 100) for tag in items(item.get("tags"))[:20]],
        "files": [_file(file, "url", "mime_type", "size_in_bytes", about) for file in files],
    })  # fmt: skip


def _file(file: Mapping[str, Any], url: str, kind: str, size: str, about: Mapping[str, str]) -> Entry:
    """Return a file's address, type and size, which each format calls otherwise."""
    told = {"url": _absolute(file.get(url), _base(about)), "type": line(file.get(kind), 100), "size": file.get(size)}
    return {**told, "size": line(told["size"])}


def entry_id(about: Mapping[str, Any], entry: Mapping[str, Any]) -> str:
    """Return what names an entry among those of all feeds: an address, or an id with its feed's."""
    known = line(entry.get("id"), LONGEST_ID + 1) or line(entry.get("link"), LONGEST_ID + 1)
    place = line(about.get("url"), 2000) or line(about.get("link"), 2000)
    if ":" in known and len(known) <= LONGEST_ID:
        return known
    told = "\n".join(str(entry.get(key, "")) for key in ("id", "link", "title", "published", "html", "text"))
    if known and len(known) <= LONGEST_ID and len(place) + len(known) < LONGEST_ID:
        return f"{place}#{known}"
    return sha256(f"{place}\n{told}".encode("utf-8", "replace")).hexdigest()


def words_of(entry: Mapping[str, Any]) -> str:
    """Return the text of an entry without its title."""
    html = entry.get("html")
    laid_out = clean_text(html_to_text(html[:LONGEST_HTML])) if isinstance(html, str) else ""
    return laid_out or text(entry.get("text"))


def _author(given: Any) -> str:
    """Return the name in "Kim", "kim@forum.example (Kim)" or "Kim <kim@forum.example>"."""
    return " ".join(word for word in _plain(given).split() if "@" not in word).strip('()<>" ')


def _title(told: Mapping[str, Any]) -> str:
    is_plain = line(at(told, "title_detail", "type")) == PLAIN
    return line(told.get("title")) if is_plain else _plain(told.get("title"))


def _plain(value: Any) -> str:
    """Return one line of a title or a name, which may be HTML."""
    return clean_line(html_to_text(value[:5000])) if isinstance(value, str) else ""


def _base(about: Mapping[str, str]) -> str:
    return about["url"] or about["link"]


def _absolute(given: Any, base: str) -> str:
    """Return a web address, "" for anything else."""
    found = line(given, 2000).replace(" ", "%20")
    with suppress(ValueError):
        whole = urljoin(base, found) if found else ""
        return whole if whole.startswith(("https://", "http://")) else ""
    return ""


def _moment(parsed: Any) -> str:
    """Return the ISO time of a struct_time in UTC, "" where there is none."""
    with suppress(TypeError, ValueError, OverflowError, OSError):
        return datetime.fromtimestamp(timegm(parsed), UTC).isoformat() if parsed else ""
    return ""


def _speaking(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    return tuple(entry for entry in entries if {"title", "link", "html", "text"} & entry.keys())


def _known(entry: Entry) -> Entry:
    return {key: value for key, value in entry.items() if value}
