"""Blogs and forums that mention us, read from their feeds: every entry with one of the words is a public message.

A feed is asked again with its ETag and Last-Modified (RFC 9110, section 13) and at the pace of the settings; what it
holds when the channel is made, or when the feed is added, is not brought. Read-only: one answers on the page itself.
See _rss_feed.py for the formats. The cursor: {"feeds": {address: {"etag", "modified", "seen": [hash of each id]}}}.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, ClassVar
from urllib.parse import urlsplit

from connectors import _http
from connectors._json_api import FIRST_ERROR, Reply, retry_after
from connectors._payload import items, line, mapping, moment, objects, text, whole
from connectors._remote import fetched
from connectors._rss_feed import MOST_BYTES, Entry, Feed, entry_id, read_feed, words_of
from connectors.base import (
    Batch,
    Capabilities,
    Credentials,
    Cursor,
    Identity,
    InboundAttachment,
    InboundMessage,
    MayReach,
    Profile,
    RawDelivery,
    RemoteFile,
    Setting,
)
from connectors.defaults import Defaults
from connectors.errors import BadCredentials, ConnectorError, Malformed, Rejected, Transient
from connectors.phrases import phrase
from connectors.submission import clean_text, load_json
from connectors.web_address import split

MOST_FEEDS = 50
FEWEST_SEEN = 200  # ids kept of one feed, or twice as many as it holds
DEFAULT_MINUTES = 10
STEP_SECONDS = 10.0
SECONDS = 25.0  # a heartbeat is due every 30
NOT_MODIFIED = 304
ASKED = "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, */*;q=0.5"


@dataclass(frozen=True, slots=True)
class Settings:
    feeds: tuple[str, ...]
    wanted: re.Pattern[str] | None  # None: everything
    unwanted: re.Pattern[str] | None
    seconds: float
    brings_all: bool


class RssConnector(Defaults):
    kind: ClassVar[str] = "rss"
    label: ClassVar[str] = phrase("Blogs and forums (RSS, Atom)")
    family: ClassVar[str] = "feeds"
    about: ClassVar[str] = phrase("What blogs and forums write about you, by their feeds; read only.")
    capabilities: ClassVar[Capabilities] = Capabilities(pull=True, threads=True, subject=True, public=True)
    settings: ClassVar[tuple[Setting, ...]] = (
        Setting("feeds", "Feeds", kind="lines", required=True, help="The address of one feed a line."),
        Setting(
            "words",
            "Words",
            kind="lines",
            help="One word or phrase a line: only entries with one of them are brought. "
            "A line that begins with a minus sign keeps entries out. Empty: everything is brought.",
        ),
        Setting(
            "minutes",
            "Minutes between looks",
            kind="integer",
            default=DEFAULT_MINUTES,
            group="Advanced",
            help="How long a new entry may wait until it is seen; sites ask for 10 or more",
        ),
        Setting(
            "import_existing",
            "Bring what is there already",
            kind="boolean",
            default=False,
            group="Advanced",
            help="On: the entries the feed holds now come in, too. Off: only new ones",
        ),
    )

    def check(self, credentials: Credentials) -> str:
        """Read every feed once. Raises BadCredentials for what is no feed, Transient for one that does not answer."""
        settings = _settings(credentials)
        count = 0
        for url in settings.feeds:
            try:
                count += len(_asked(url, {})[0].entries)
            except (Malformed, Rejected) as error:
                raise BadCredentials(phrase("{url}: {reason}", url=url, reason=error.reason)) from None
        feeds = "1 feed" if len(settings.feeds) == 1 else f"{len(settings.feeds)} feeds"
        return f"Read {feeds} with {count:,} {'entry' if count == 1 else 'entries'}."

    def fetch(self, credentials: Credentials, cursor: Cursor) -> Iterator[Batch]:
        """Yield new entries, round by round. Raises Transient at the end of a round in which a feed failed."""
        settings = _settings(credentials)
        known = mapping(cursor.get("feeds"))
        feeds: dict[str, Any] = {url: known[url] for url in settings.feeds if url in known}
        while True:
            failed: list[str] = []
            for url in settings.feeds:
                before = feeds.get(url)
                try:
                    deliveries, feeds[url] = _news(url, mapping(before), settings)
                except ConnectorError as error:
                    failed.append(f"{url}: {error.reason}")
                    deliveries = ()
                yield Batch(deliveries, None if feeds.get(url) == before else {"feeds": dict(feeds)})
            if failed:
                reason = " ".join(failed)[:500]
                raise Transient(reason, retry_after_seconds=settings.seconds)
            yield from _waiting(settings.seconds)

    def parse(self, delivery: RawDelivery) -> list[InboundMessage]:
        """Return the entry of a delivery, or all entries of a whole feed. Raises Malformed."""
        if delivery.raw[:64].lstrip().startswith(b"{"):
            body = load_json(delivery.raw)
            if "entry" in mapping(body):
                return [_message(mapping(body.get("feed")), mapping(body["entry"]))]
        content_type, url = delivery.meta.get("content_type", ""), delivery.meta.get("url", "")
        feed = read_feed(delivery.raw, url=url, content_type=content_type)
        return [_message(feed.about, entry) for entry in feed.entries]

    def download(self, credentials: Credentials, file: RemoteFile, may_reach: MayReach) -> InboundAttachment:  # noqa: ARG002
        """Fetch what an entry encloses. Raises Transient or Rejected."""
        return fetched(file, file.url, name="The site", may_reach=may_reach)


def _settings(credentials: Credentials) -> Settings:
    """Read the form. Raises BadCredentials."""
    feeds = tuple(dict.fromkeys(_lines(credentials.get("feeds"))))
    if not feeds or len(feeds) > MOST_FEEDS:
        raise BadCredentials(
            phrase("Name between 1 and {most_feeds} feeds, one address a line.", most_feeds=MOST_FEEDS)
        )
    for url in feeds:
        try:
            split(url)
        except Rejected:
            raise BadCredentials(
                phrase("{value} is no address of a feed: it begins with https://.", value=repr(line(url, 200)))
            ) from None
    words = _lines(credentials.get("words"))
    return Settings(
        feeds=feeds,
        wanted=_any_of([word for word in words if not word.startswith("-")]),
        unwanted=_any_of([word[1:].strip() for word in words if word.startswith("-") and word[1:].strip()]),
        seconds=60.0 * min(max(whole(credentials.get("minutes")) or DEFAULT_MINUTES, 1), 1440),
        brings_all=credentials.get("import_existing") is True,
    )


def _lines(given: Any) -> list[str]:
    kept = given.splitlines() if isinstance(given, str) else [str(entry) for entry in given or ()]
    return [written.strip() for written in kept if written.strip()]


def _any_of(words: list[str]) -> re.Pattern[str] | None:
    """Match one of the words as a whole word, in any case; linear, because nothing in it repeats."""
    if not words:
        return None
    return re.compile("|".join(rf"(?<!\w){re.escape(word.casefold())}(?!\w)" for word in words))


def _asked(url: str, state: Mapping[str, Any]) -> tuple[Feed, dict[str, str]]:
    """GET a feed; return it (without entries where it has not changed) and its validators. Raises ConnectorError."""
    headers = {"accept": ASKED, "user-agent": "Tributary (feed reader)"}
    for header, key in (("if-none-match", "etag"), ("if-modified-since", "modified")):
        if line(state.get(key)):
            headers[header] = line(state.get(key))
    answer = _http.download(url, headers=headers, may_reach=_http.reachable, seconds=SECONDS, most_bytes=MOST_BYTES)
    if answer.status == NOT_MODIFIED:
        return Feed({"url": url}), {key: line(state.get(key)) for key in ("etag", "modified")}
    if answer.status >= FIRST_ERROR:
        wait = retry_after(Reply(answer.status, None, answer.headers))
        raise Transient(
            phrase("The site answers with status {status}.", status=answer.status), retry_after_seconds=wait
        )
    validators = {"etag": line(answer.headers.get("etag")), "modified": line(answer.headers.get("last-modified"))}
    return read_feed(answer.body, url=url, content_type=answer.headers.get("content-type", "")), validators


def _news(url: str, state: Mapping[str, Any], settings: Settings) -> tuple[tuple[RawDelivery, ...], dict[str, Any]]:
    """Return the entries of a feed that were not there before, oldest first, and the feed's new state."""
    feed, validators = _asked(url, state)
    is_new = "seen" not in state
    seen = dict.fromkeys(line(mark) for mark in items(state.get("seen")))
    most = max(FEWEST_SEEN, 2 * len(feed.entries), len(seen) if not feed.entries else 0)
    deliveries = []
    for entry in reversed(feed.entries):
        name = entry_id(feed.about, entry)
        mark = sha256(name.encode("utf-8", "replace")).hexdigest()[:16]
        is_known = mark in seen
        seen.pop(mark, None)
        seen[mark] = None  # at the end: what the feed still holds is forgotten last
        if not is_known and (settings.brings_all or not is_new) and _is_wanted(entry, settings):
            raw = json.dumps({"feed": feed.about, "entry": entry}, ensure_ascii=False).encode("utf-8", "replace")
            deliveries.append(RawDelivery(raw, _now(), f"entry:{name}"))
    return tuple(deliveries), {**validators, "seen": list(seen)[-most:]}


def _is_wanted(entry: Entry, settings: Settings) -> bool:
    said = f"{line(entry.get('title'))}\n{words_of(entry)}\n{line(entry.get('author'))}".casefold()
    if settings.unwanted and settings.unwanted.search(said):
        return False
    return not settings.wanted or bool(settings.wanted.search(said))


def _waiting(seconds: float) -> Iterator[Batch]:
    ends_at = time.monotonic() + seconds
    while (left := ends_at - time.monotonic()) > 0:
        time.sleep(min(left, STEP_SECONDS))
        yield Batch()


def _message(about: Mapping[str, Any], entry: Mapping[str, Any]) -> InboundMessage:
    title, words, name = line(entry.get("title")), words_of(entry), entry_id(about, entry)
    if not title and not words and not line(entry.get("link")):
        raise Malformed("The entry says nothing.")
    answered = line(entry.get("in_reply_to"), 2000) or None
    tags = ", ".join(filter(None, (line(tag, 100) for tag in items(entry.get("tags")))))
    told = {"feed": line(about.get("title")), "tags": tags}
    return InboundMessage(
        external_id=name,
        sender=_sender(about, entry),
        subject=title,
        text=clean_text(words or title),
        in_reply_to=answered,
        thread_key=answered or name,
        sent_at=moment(entry.get("published")),
        custom={key: value for key, value in told.items() if value},
        remote_files=tuple(_file(file) for file in objects(entry.get("files")) if text(file.get("url"))),
        is_public=True,
        url=line(entry.get("link"), 2000),
    )


def _sender(about: Mapping[str, Any], entry: Mapping[str, Any]) -> Identity:
    """Return the author; nobody vouches for a name in a feed, so an author without a page is one of this feed only."""
    site = line(about.get("link"), 2000) or line(about.get("url"), 2000)
    author, page = line(entry.get("author"), 200), line(entry.get("author_url"), 2000)
    try:
        host = urlsplit(site or line(entry.get("link"), 2000)).hostname or ""
    except ValueError:
        host = ""
    address = page or (f"{author} · {host}" if author and host else author or site or host) or "unknown"
    name = author or line(about.get("title"), 200) or host
    return Identity("rss", address[:500], name, profile=Profile(handle=author, url=page or site))


def _file(file: Mapping[str, Any]) -> RemoteFile:
    url = line(file.get("url"), 2000)
    name = url.partition("?")[0].rpartition("/")[2][:200]
    return RemoteFile(name or "file", line(file.get("type"), 100), url=url, size=whole(file.get("size")))


def _now() -> datetime:
    return datetime.now(UTC)
