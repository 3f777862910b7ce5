"""Asks Reddit for what is new: the inbox, and posts and comments of watched communities (www.reddit.com/dev/api).

    message/inbox           mentions, answers to us, private messages
    r/A+B/new, …/comments   everything there; a filter of words keeps what is about us
    api/info                what was seen lately, again: edited or deleted since?

Listings are newest first, hold a thousand things at most and may show one late. So the cursor of a listing is the time
of its newest thing, with the names of those of the minutes before it: they are looked at again and left out.
"""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from connectors._payload import at, items, line, mapping, objects
from connectors._reddit_api import CALM_SECONDS, Forbidden, asked, rest_seconds
from connectors._reddit_parse import DELETE, EDIT, edited_at, is_gone, name_of, said_in
from connectors.base import Batch, Cursor, RawDelivery
from connectors.errors import BadCredentials, Rejected, Transient
from connectors.phrases import phrase

if TYPE_CHECKING:
    import praw

PAGE, MOST_PAGES, BATCH = 100, 10, 50
LATE_SECONDS = 300.0
MOST_NAMES = 600  # remembered of a listing's last minutes
MOST_WATCHED = 300
WATCHED_SECONDS = 86_400.0


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds between two looks, two signs of life, two looks at the clock, two looks at what was seen before."""

    poll_seconds: float = 60.0
    heartbeat_seconds: float = 20.0
    step_seconds: float = 2.0
    again_seconds: float = 600.0


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whose account it is, which listings are read, and the words that make a thing in a community ours."""

    own: str
    communities: tuple[str, ...] = ()
    words: tuple[str, ...] = ()

    def listings(self) -> list[str]:
        if not self.communities:
            return ["message/inbox"]
        joined = "+".join(self.communities)
        return ["message/inbox", f"r/{joined}/new", f"r/{joined}/comments"]


class News:
    """What one fetch knows: the cursor, and when to look again."""

    def __init__(self, reddit: praw.Reddit, wanted: Wanted, cursor: Cursor, pace: Pace) -> None:
        self._reddit, self._wanted, self._pace = reddit, wanted, pace
        self._signed_at, self._again_at = time.monotonic(), time.monotonic() + pace.again_seconds
        self._places = {path.rpartition("/")[2]: path for path in wanted.listings()}
        known, begin = mapping(cursor.get("listings")), _now().timestamp()
        self._listings = {key: _place(known.get(key), begin) for key in self._places}
        self._watched = {
            name: [float(part) for part in state]
            for name, state in mapping(cursor.get("watched")).items()
            if isinstance(state, list) and len(state) == 2 and all(isinstance(part, (int, float)) for part in state)
        }

    @property
    def cursor(self) -> dict[str, Any]:
        return copy.deepcopy({"listings": self._listings, "watched": self._watched})

    def look(self) -> Iterator[Batch]:
        """Yield everything new, oldest first, and signs of life between. Raises Transient or BadCredentials."""
        for key, path in self._places.items():
            yield from self._new_in(key, path)
        if time.monotonic() >= self._again_at:
            self._again_at = time.monotonic() + self._pace.again_seconds
            yield from self._seen_before()

    def wait(self, seconds: float) -> Iterator[Batch]:
        """Yield a sign of life every so often until the time is over."""
        ends_at = time.monotonic() + seconds
        while (left := ends_at - time.monotonic()) > 0:
            if time.monotonic() - self._signed_at >= self._pace.heartbeat_seconds:
                self._signed_at = time.monotonic()
                yield Batch()
            time.sleep(min(self._pace.step_seconds, left))

    def _new_in(self, key: str, path: str) -> Iterator[Batch]:
        place = self._listings[key]
        fresh: list[Mapping[str, Any]] = []
        oldest = max(place["at"] - LATE_SECONDS, place["from"])
        for page in self._pages(path, oldest):
            yield Batch()
            fresh += [thing for thing in page if _made_at(thing) >= oldest]
        known = set(place["names"])
        news = [thing for thing in reversed(fresh) if name_of(_data(thing)) not in known]
        newest = max([place["at"], *map(_made_at, fresh)])
        names = [name_of(_data(thing)) for thing in fresh if _made_at(thing) >= newest - LATE_SECONDS]
        self._listings[key] = {"at": newest, "from": place["from"], "names": names[:MOST_NAMES]}
        ours = [thing for thing in news if self._is_ours(thing, is_inbox=key == "inbox")]
        self._watch(ours)
        yield from self._batches([delivery(thing) for thing in ours], is_news=bool(news))

    def _pages(self, path: str, oldest: float) -> Iterator[list[Mapping[str, Any]]]:
        after = ""
        for _ in range(MOST_PAGES):
            yield from ([] for _ in self._rest())
            answer = self._ask(path, limit=PAGE, **({"after": after} if after else {}))
            things = [thing for thing in objects(at(answer, "data", "children")) if name_of(_data(thing))]
            yield things
            after = line(at(answer, "data", "after"), 60)
            if not after or not things or min(map(_made_at, things)) < oldest:
                return

    def _rest(self) -> Iterator[Batch]:
        """Wait with signs of life until Reddit takes calls again."""
        rest = rest_seconds(self._reddit)
        yield from self.wait(rest if rest > CALM_SECONDS else 0.0)

    def _ask(self, path: str, **params: str | int) -> Any:
        try:
            return asked(self._reddit, path, **params)
        except Forbidden as error:
            raise BadCredentials(
                phrase("{path} is closed to this account: {reason}", path=path, reason=error.reason)
            ) from None
        except Rejected as error:
            raise Transient(phrase("{path} could not be read: {reason}", path=path, reason=error.reason)) from None

    def _is_ours(self, thing: Mapping[str, Any], *, is_inbox: bool) -> bool:
        data = _data(thing)
        if line(data.get("author"), 60).lower() == self._wanted.own.lower():
            return False
        return is_inbox or matches(said_in(data), self._wanted.words)

    def _watch(self, things: Sequence[Mapping[str, Any]]) -> None:
        """Remember public things, the newest ones, to look at them again."""
        for thing in things:
            if not name_of(_data(thing)).startswith("t4_"):
                self._watched[name_of(_data(thing))] = [_made_at(thing), float(edited_at(_data(thing)))]
        limit = _now().timestamp() - WATCHED_SECONDS
        newest = sorted(self._watched.items(), key=lambda known: known[1][0], reverse=True)[:MOST_WATCHED]
        self._watched = {name: state for name, state in newest if state[0] >= limit}

    def _seen_before(self) -> Iterator[Batch]:
        """Yield what was edited or deleted since it was seen."""
        names = list(self._watched)
        for start in range(0, len(names), PAGE):
            yield from self._rest()
            answer = self._ask("api/info", id=",".join(names[start : start + PAGE]))
            changed = [said for thing in objects(at(answer, "data", "children")) if (said := self._changed(thing))]
            yield from self._batches(changed, is_news=bool(changed))

    def _changed(self, thing: Mapping[str, Any]) -> RawDelivery | None:
        data = _data(thing)
        name, edited = name_of(data), float(edited_at(data))
        state = self._watched.get(name)
        if state is None:
            return None
        if is_gone(data):
            del self._watched[name]
            return delivery(thing, DELETE)
        if edited > state[1]:
            self._watched[name] = [state[0], edited]
            return delivery(thing, EDIT)
        return None

    def _batches(self, oldest_first: Sequence[RawDelivery], *, is_news: bool) -> Iterator[Batch]:
        parts = [tuple(oldest_first[start : start + BATCH]) for start in range(0, len(oldest_first), BATCH)]
        for part in parts[:-1]:
            yield Batch(part)
        if is_news:
            yield Batch(parts[-1] if parts else (), self.cursor)


def matches(said: str, words: Sequence[str]) -> bool:
    """Say whether one of the words or phrases stands in a text, as whole words; without words everything does."""
    if not words:
        return True
    text = plain(said)
    return any(plain(word) in text for word in words if plain(word).strip())


def plain(text: str) -> str:
    """Return a text as words between single spaces, also around it."""
    letters = "".join(letter if letter.isalnum() else " " for letter in text.casefold())
    return f" {' '.join(letters.split())} "


def delivery(thing: Mapping[str, Any], event: str = "") -> RawDelivery:
    """Return one thing as Reddit gave it."""
    data = _data(thing)
    seen = f"{name_of(data)}:{event}:{edited_at(data)}" if event else name_of(data)
    raw = json.dumps(thing, ensure_ascii=False).encode("utf-8", "replace")
    return RawDelivery(raw, _now(), external_id=seen, meta={"event": event} if event else {})


def _place(known: Any, begin: float) -> dict[str, Any]:
    """Return where a listing was left; a new one begins now."""
    place = mapping(known)
    if not isinstance(place.get("at"), (int, float)) or not isinstance(place.get("from"), (int, float)):
        return {"at": begin, "from": begin, "names": []}
    return {"at": place["at"], "from": place["from"], "names": [line(name, 40) for name in items(place.get("names"))]}


def _data(thing: Mapping[str, Any]) -> Mapping[str, Any]:
    return mapping(thing.get("data"))


def _made_at(thing: Mapping[str, Any]) -> float:
    made = _data(thing).get("created_utc")
    return float(made) if isinstance(made, (int, float)) and 0 <= made < 10**11 else 0.0


def _now() -> datetime:
    return datetime.now(UTC)
