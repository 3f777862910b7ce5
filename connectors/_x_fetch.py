"""Asks X for what is new: mentions, answers, quotes and direct messages, each from where it stopped.

    GET /2/users/:id/mentions     since_id, at most 800 back      docs.x.com/x-api/posts/timelines
    GET /2/tweets/search/recent   since_id, seven days back       docs.x.com/x-api/posts/search/integrate/operators
    GET /2/dm_events              newest first, 30 days back      docs.x.com/x-api/direct-messages/lookup/integrate

The cursor holds the greatest id of each; it moves only when everything up to it was handed over. A first start begins
now: ids contain the time.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

from connectors._payload import at, items, line, mapping, objects, whole
from connectors._x_api import Answer, Forbidden, NotEnrolled, asked
from connectors._x_people import id_of, ident
from connectors._x_posts import EPOCH_MILLISECONDS
from connectors.base import Batch, Cursor, RawDelivery
from connectors.errors import BadCredentials, ConnectorError, Rejected, Transient

if TYPE_CHECKING:
    import tweepy

BATCH, MOST_HELD = 50, 3_000
SEARCHED_SECONDS = 7 * 86_400 - 600.0  # recent search refuses ids older than a week
LISTS = {
    "tweet_fields": (
        "attachments,author_id,conversation_id,created_at,edit_history_tweet_ids,entities,in_reply_to_user_id,"
        "note_tweet,referenced_tweets"
    ),
    "user_fields": "name,username,profile_image_url,public_metrics",
    "media_fields": "media_key,type,url,preview_image_url,variants",
}
POST_FIELDS = {**LISTS, "expansions": "author_id,attachments.media_keys,referenced_tweets.id"}
DM_FIELDS = {
    **LISTS,
    "dm_event_fields": "id,text,event_type,created_at,dm_conversation_id,sender_id,attachments,referenced_tweets",
    "expansions": "sender_id,attachments.media_keys",
}
Call = Callable[[int, str | None], Any]  # tweepy's answer


@dataclass(frozen=True, slots=True)
class Me:
    """The account itself."""

    name: str  # its id
    handle: str


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds between two looks, two signs of life, two looks at the clock, two streams. Tests make it short."""

    poll_seconds: float = 90.0
    heartbeat_seconds: float = 20.0
    step_seconds: float = 2.0
    stream_again_seconds: float = 60.0  # X allows 50 connections in 15 minutes


@dataclass(slots=True)
class Source:
    """One of the things asked for, and until when X answers no more of it."""

    key: str
    call: Call
    is_newest_first_of_all: bool = False  # it knows no since_id: pages are turned until the known ones come
    reaches_back_seconds: float | None = None
    rests_until: float = 0.0
    way_out: str = ""  # what an admin can do where the app has no access to it


class Heard(Protocol):
    """What a stream is to those who listen: its next post, and why it has ended."""

    @property
    def trouble(self) -> ConnectorError | None: ...

    def next(self, seconds: float) -> RawDelivery | None: ...


def sources_of(client: tweepy.Client, me: Me, *, direct: bool, quotes: bool) -> list[Source]:
    """Return what is asked for."""

    def mentions(since: int, page: str | None) -> Any:
        return client.get_users_mentions(
            me.name, since_id=since, max_results=100, user_auth=True, **_next("pagination_token", page), **POST_FIELDS
        )

    def quoting(since: int, page: str | None) -> Any:
        query = quotes_query(me.handle)
        return client.search_recent_tweets(
            query, since_id=since, max_results=100, user_auth=True, **_next("next_token", page), **POST_FIELDS
        )

    def messages(_: int, page: str | None) -> Any:
        return client.get_direct_message_events(
            event_types="MessageCreate", max_results=100, **_next("pagination_token", page), **DM_FIELDS
        )

    found = [Source("mentions", mentions)]
    if quotes and me.handle:
        way_out = "Without access to the search, quotes can be switched off in the settings."
        found.append(Source("quotes", quoting, reaches_back_seconds=SEARCHED_SECONDS, way_out=way_out))
    if direct:
        way_out = "Without the right to read direct messages, they can be switched off in the settings."
        found.append(Source("direct", messages, is_newest_first_of_all=True, way_out=way_out))
    return found


def quotes_query(handle: str) -> str:
    """Return the search for posts that quote this account's; a quoted post is a link to it."""
    links = " OR ".join(f'url:"{host}/{handle}/status"' for host in ("x.com", "twitter.com"))
    return f"({links}) is:quote -is:retweet -from:{handle}"


class News:
    """What one fetch knows: the cursor, the sources, when to look again."""

    def __init__(self, me: Me, sources: Sequence[Source], cursor: Cursor, pace: Pace) -> None:
        self._me, self._sources, self._pace = me, sources, pace
        start = id_at(_now().timestamp() - 60)
        self.cursor = {source.key: whole(cursor.get(source.key)) or start for source in sources}
        self._signed_at = time.monotonic()

    def begin(self) -> Batch:
        """Return the first sign of life: from where everything is read."""
        return Batch((), dict(self.cursor))

    def look(self) -> Iterator[Batch]:
        """Yield everything new, oldest first, and signs of life between; a source that rests holds up no other.

        Raises Transient or BadCredentials.
        """
        for source in self._sources:
            if source.rests_until <= time.monotonic():
                yield from self._all_new(source)

    def wait(self, seconds: float) -> Iterator[Batch]:
        """Yield a sign of life every so often until the time is over."""
        ends_at = time.monotonic() + seconds
        while (left := ends_at - time.monotonic()) > 0:
            yield from self._sign()
            time.sleep(min(self._pace.step_seconds, left))

    def heard(self, stream: Heard) -> Iterator[Batch]:
        """Yield what a stream brings until it ends, and look beside it as often as without it.

        The cursor stays: a post may be heard before one that is older than it.
        """
        look_at = time.monotonic() + self._pace.poll_seconds
        while stream.trouble is None:
            if (post := stream.next(self._pace.step_seconds)) is not None:
                yield Batch((post,))
            yield from self._sign()
            if time.monotonic() >= look_at:
                yield from self.look()
                look_at = time.monotonic() + self._pace.poll_seconds

    def _sign(self) -> Iterator[Batch]:
        if time.monotonic() - self._signed_at >= self._pace.heartbeat_seconds:
            self._signed_at = time.monotonic()
            yield Batch()

    def _all_new(self, source: Source) -> Iterator[Batch]:
        since = self.cursor[source.key]
        newest, held = since, list[RawDelivery]()  # newest first
        for page in self._pages(source, since):
            if page is None:
                yield Batch()
                continue
            news = [thing for thing in _things(page) if _number(thing) > since]
            newest = max([newest, *map(_number, news)])
            held += [delivery(thing, page, since) for thing in news if not self._is_own(thing)]
            if len(held) >= MOST_HELD:  # more than fits: hand over without moving the cursor
                yield from _batches(held, None)
                held = []
        self.cursor[source.key] = newest
        if newest > since:
            yield from _batches(held, dict(self.cursor))

    def _pages(self, source: Source, since: int) -> Iterator[Mapping[str, Any] | None]:
        """Yield the answers, newest first, and None for a sign of life."""
        asked_since, token = _reachable(source, since), None
        while True:
            rest = source.rests_until - time.monotonic()
            if rest > 0:
                yield from (None for _ in self.wait(rest))
            answer = ask(source, asked_since, token)
            source.rests_until = time.monotonic() + answer.rest_seconds
            yield answer.data
            token = line(at(answer.data, "meta", "next_token"), 500) or None
            numbers = [_number(thing) for thing in _things(answer.data)]
            is_past = source.is_newest_first_of_all and (not numbers or min(numbers) <= since)
            if token is None or is_past:
                return
            yield None

    def _is_own(self, thing: Mapping[str, Any]) -> bool:
        return self._me.name in {ident(thing.get("author_id")), ident(thing.get("sender_id"))}


def ask(source: Source, since: int, token: str | None) -> Answer:
    """Ask for one page. Raises Transient or BadCredentials: a refused question is asked again later."""
    try:
        return asked(lambda: source.call(since, token))
    except (Forbidden, NotEnrolled) as error:
        reason = " ".join(filter(None, (error.reason, source.way_out)))
        raise BadCredentials(reason) from None
    except Rejected as error:
        raise Transient(error.reason) from None


def delivery(thing: Mapping[str, Any], page: Mapping[str, Any], since: int = 0) -> RawDelivery:
    """Return one object as X gave it, with what the page included for it."""
    kind = "dm" if "dm_conversation_id" in thing or "sender_id" in thing else "post"
    raw = json.dumps({"data": thing, "includes": _included(thing, mapping(page.get("includes")))}, ensure_ascii=False)
    history = [_counted(ident(name)) for name in items(thing.get("edit_history_tweet_ids"))]
    # it was edited before anybody here saw it: there is nothing that this edit could change
    meta = {"is_new": "1"} if history and since and min(history) > since else {}
    return RawDelivery(raw.encode("utf-8", "replace"), _now(), external_id=f"{kind}:{id_of(thing)}", meta=meta)


def id_at(seconds: float) -> int:
    """Return the smallest id of a moment (Unix seconds)."""
    return max(int(seconds * 1000) - EPOCH_MILLISECONDS, 0) << 22


def _included(thing: Mapping[str, Any], includes: Mapping[str, Any]) -> dict[str, Any]:
    named = {id_of(one) for one in objects(thing.get("referenced_tweets"))}
    posts = [one for one in objects(includes.get("tweets")) if id_of(one) in named]
    people = {ident(one.get(key)) for one in (thing, *posts) for key in ("author_id", "sender_id")}
    files = {line(key) for key in items(at(thing, "attachments", "media_keys"))}
    kept = {
        "users": [one for one in objects(includes.get("users")) if id_of(one) in people],
        "media": [one for one in objects(includes.get("media")) if line(one.get("media_key")) in files],
        "tweets": posts,
    }
    return {key: value for key, value in kept.items() if value}


def _batches(newest_first: Sequence[RawDelivery], cursor: Cursor | None) -> Iterator[Batch]:
    """Yield deliveries, oldest first; the last batch moves the cursor."""
    ordered = tuple(reversed(newest_first))
    parts = [ordered[start : start + BATCH] for start in range(0, len(ordered), BATCH)] or [()]
    for part in parts[:-1]:
        yield Batch(part)
    yield Batch(parts[-1], cursor)


def _reachable(source: Source, since: int) -> int:
    """Return the oldest id that may be asked from: after a long outage the rest is out of X's reach."""
    back = source.reaches_back_seconds
    return since if back is None else max(since, id_at(_now().timestamp() - back))


def _things(page: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return objects(page.get("data"))


def _number(thing: Mapping[str, Any]) -> int:
    return _counted(id_of(thing))


def _counted(name: str) -> int:
    """Return an id as a number, 0 for what is none; ids have 19 digits."""
    return int(name) if name.isascii() and name.isdigit() and len(name) < 20 else 0


def _next(name: str, page: str | None) -> dict[str, str]:
    return {name: page} if page else {}


def _now() -> datetime:
    return datetime.now(UTC)
