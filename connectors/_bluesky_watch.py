"""Follows one Bluesky account: mentions, replies and quotes back to what is stored, direct messages by their log.

app.bsky.notification.listNotifications lists downwards only, and indexes some things late: pages are read down to ten
minutes before the newest stored one, and what was brought already is known by its address.
chat.bsky.convo.getLog goes upwards from a cursor; without one it says where now is.

The cursor: {"newest": time, "known": [addresses], "log": cursor of the log, "watched": [[address, DID]]}.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors._bluesky_client import Account
from connectors._bluesky_parse import SAID
from connectors._payload import at, items, line, mapping, moment, objects
from connectors.base import Batch, Cursor, RawDelivery
from connectors.errors import BadCredentials, Rejected

PAGE = 100
MOST_PAGES = 50
BATCH = 25  # profiles and posts asked for at once
KNOWN = 300
WATCHED, LOOK = 20, 10  # posts kept an eye on, and so many asked for at once: addresses are long
OVERLAP = timedelta(minutes=10)
POLL_SECONDS = 10.0  # 3,000 calls in five minutes are allowed
LOOK_EVERY = 6  # polls between two looks at posts that may be gone


class Watch:
    """One account's work. `follow` ends only by an error or when it is closed."""

    def __init__(self, account: Account, cursor: Cursor, *, has_chat: bool) -> None:
        self._account, self._has_chat = account, has_chat
        self._newest = moment(cursor.get("newest"))
        self._known = dict.fromkeys(line(uri, 500) for uri in items(cursor.get("known")))
        self._log = line(cursor.get("log"))
        self._watched = dict(_pair(entry) for entry in items(cursor.get("watched")))
        self._convos: dict[str, Mapping[str, Any]] = {}
        self._told: Cursor = {}

    def follow(self) -> Iterator[Batch]:
        """Yield what is new, oldest first, for ever."""
        if self._newest is None:
            self._newest = _now()
        if self._has_chat and not self._log:
            self._log = self._start_of_log()
        yield self._batch(())
        polls = 0
        while True:
            yield from self._news()
            if self._has_chat:
                yield from self._talk()
            yield self._batch(self._gone() if polls % LOOK_EVERY == 0 else ())
            polls += 1
            time.sleep(POLL_SECONDS)

    def _news(self) -> Iterator[Batch]:
        new: list[Mapping[str, Any]] = []
        for page in self._pages():
            new += page
            yield Batch()
        new.reverse()
        for first in range(0, len(new), BATCH):
            part = new[first : first + BATCH]
            profiles = self._profiles(part)
            deliveries = tuple(self._delivery(entry, profiles) for entry in part)
            yield self._batch(deliveries)

    def _pages(self) -> Iterator[list[Mapping[str, Any]]]:
        """Read pages downwards and yield what is not stored, newest first."""
        query: dict[str, Any] = {"limit": PAGE, "reasons": list(SAID)}
        until = (self._newest or _now()) - OVERLAP
        for _ in range(MOST_PAGES):
            said = self._account.get("app.bsky.notification.listNotifications", query)
            page = objects(said.get("notifications"))
            fresh = [entry for entry in page if (moment(entry.get("indexedAt")) or until) > until]
            yield [entry for entry in fresh if self._is_said(entry) and line(entry["uri"], 500) not in self._known]
            if len(fresh) < len(page) or not page or not line(said.get("cursor")):
                return
            query["cursor"] = line(said.get("cursor"))

    def _is_said(self, entry: Mapping[str, Any]) -> bool:
        return line(entry.get("reason")) in SAID and bool(line(entry.get("uri")))

    def _profiles(self, entries: list[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
        """Ask for the detailed profiles of authors, at most 25; without them the short ones do."""
        actors = list(dict.fromkeys(filter(None, (line(at(entry, "author", "did")) for entry in entries))))
        try:
            said = self._account.get("app.bsky.actor.getProfiles", {"actors": actors}) if actors else {}
        except Rejected:
            return {}
        return {line(profile.get("did")): profile for profile in objects(said.get("profiles"))}

    def _delivery(self, entry: Mapping[str, Any], profiles: Mapping[str, Mapping[str, Any]]) -> RawDelivery:
        uri, author = line(entry["uri"], 500), line(at(entry, "author", "did"))
        indexed_at = moment(entry.get("indexedAt"))
        if indexed_at and self._newest and indexed_at > self._newest:
            self._newest = indexed_at
        self._known[uri] = None
        self._watched[uri] = author
        for kept, most in ((self._known, KNOWN), (self._watched, WATCHED)):
            while len(kept) > most:
                del kept[next(iter(kept))]
        body = {"notification": entry, "profile": profiles.get(author)}
        return RawDelivery(_dumped(body), _now(), uri)

    def _gone(self) -> tuple[RawDelivery, ...]:
        """Return a delivery for each of the last posts that is no longer there."""
        gone: list[tuple[str, str]] = []
        watched = list(self._watched.items())
        for first in range(0, len(watched), LOOK):
            part = watched[first : first + LOOK]
            try:
                said = self._account.get("app.bsky.feed.getPosts", {"uris": [uri for uri, _ in part]})
            except Rejected:
                continue  # addresses too long to be asked for: nothing is known of them
            there = {line(post.get("uri"), 500) for post in objects(said.get("posts"))}
            gone += [(uri, did) for uri, did in part if uri not in there]
        for uri, _ in gone:
            del self._watched[uri]
        return tuple(RawDelivery(_dumped({"deleted": uri, "did": did}), _now(), f"delete:{uri}") for uri, did in gone)

    def _start_of_log(self) -> str:
        """Return where the log is now; an app password may keep us from direct messages."""
        try:
            return line(self._account.get("chat.bsky.convo.getLog", is_chat=True).get("cursor"))
        except (BadCredentials, Rejected):
            self._has_chat = False
            return ""

    def _talk(self) -> Iterator[Batch]:
        """Yield the log from its cursor up to now."""
        while True:
            asked = {"cursor": self._log} if self._log else {}
            said = self._account.get("chat.bsky.convo.getLog", asked, is_chat=True)
            logs = [log for log in objects(said.get("logs")) if line(log.get("rev")) > self._log]
            reached = line(said.get("cursor")) or max((line(log.get("rev")) for log in logs), default=self._log)
            if not logs or reached == self._log:
                self._log = reached
                return
            deliveries = tuple(self._log_delivery(log) for log in logs)
            self._log = reached
            yield self._batch(deliveries)

    def _log_delivery(self, log: Mapping[str, Any]) -> RawDelivery:
        body = {"log": log, "convo": self._convo(line(log.get("convoId"))) if "message" in log else None}
        name = line(log.get("$type")).rpartition("#")[2]
        return RawDelivery(_dumped(body), _now(), f"{name}:{line(log.get('rev'))}", {"me": self._account.did})

    def _convo(self, convo_id: str) -> Mapping[str, Any]:
        """Return a conversation with its members, asked for once."""
        if convo_id not in self._convos:
            try:
                said = self._account.get("chat.bsky.convo.getConvo", {"convoId": convo_id}, is_chat=True)
            except Rejected:
                said = {}
            if len(self._convos) >= KNOWN:
                self._convos.clear()
            self._convos[convo_id] = {"members": at(said, "convo", "members")}
        return self._convos[convo_id]

    def _batch(self, deliveries: tuple[RawDelivery, ...]) -> Batch:
        """Return a batch with the cursor, where that is another one than before."""
        newest = self._newest.isoformat() if self._newest else ""
        watched = [[uri, did] for uri, did in self._watched.items()]
        cursor = {"newest": newest, "known": list(self._known), "log": self._log, "watched": watched}
        is_same, self._told = cursor == self._told, cursor
        return Batch(deliveries, None if is_same else cursor)


def _pair(entry: Any) -> tuple[str, str]:
    uri, did, *_ = [*(line(part, 500) for part in items(entry)), "", ""]
    return uri, did


def _dumped(body: Mapping[str, Any]) -> bytes:
    return json.dumps(mapping(body), ensure_ascii=False).encode("utf-8", "surrogatepass")


def _now() -> datetime:
    return datetime.now(UTC)
