"""Posts on X, of API v2 and of v1.1 (webhooks), as messages. Pure and total.

docs.x.com/x-api/fundamentals/data-dictionary, docs.x.com/x-api/fundamentals/edit-posts,
developer.x.com/en/docs/x-api/v1/data-dictionary/object-model/tweet.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from connectors._payload import at, items, line, mapping, moment, objects, text
from connectors._x_files import files_of, kind_of
from connectors._x_people import SITE, Users, bare, handle_of, id_of, ident, person, users_of
from connectors.base import InboundMessage

EPOCH_MILLISECONDS = 1_288_834_974_657  # where the time in X's ids begins (docs.x.com/fundamentals/x-ids)
FIRST_TIMED_ID = 30_000_000_000  # ids were plain numbers before November 2010
MOST_LINKS = 20


@dataclass(frozen=True, slots=True)
class Around:
    """What a payload says beside the post. `own`: the account it came for; `is_new`: no version of it came before."""

    own: str = ""
    users: Users = field(default_factory=dict)
    media: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    posts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    is_new: bool = False


def around(own: str, includes: Any, users: Any = None, *, is_new: bool = False) -> Around:
    """Read the `includes` of a v2 answer and the `users` of a webhook."""
    places = mapping(includes)
    return Around(
        own,
        users_of(places.get("users"), users),
        {line(one.get("media_key")): one for one in objects(places.get("media"))},
        {id_of(one): one for one in map(bare, objects(places.get("tweets")))},
        is_new,
    )


def looks_like_post(thing: Mapping[str, Any]) -> bool:
    """Say whether an object is a post of any version."""
    words = any(isinstance(thing.get(key), str) for key in ("text", "full_text"))
    return bool(id_of(thing)) and (words or "extended_tweet" in thing) and not thing.get("event_type")


def post(thing: Mapping[str, Any], near: Around) -> list[InboundMessage]:
    """Return what a post says. Our own posts and plain reposts are nobody's message."""
    name = id_of(thing)
    author = ident(thing.get("author_id")) or id_of(bare(thing.get("user")))
    if not name or (author and author == near.own) or _is_repost(thing):
        return []
    user = near.users.get(author) or bare(thing.get("user"))
    media = _media(thing, near)
    said = words_of(thing)
    first = _first_version(thing)
    is_edit = first != name and not near.is_new
    parent, quoted = _reference(thing, "replied_to"), _reference(thing, "quoted")
    return [
        InboundMessage(
            external_id=name if is_edit else first,
            sender=person(author, user, f"author-of-{name}"),
            text=said or ("" if media else "(a post without words)"),
            quoted=_quoted_words(thing, quoted, near),
            in_reply_to=parent or quoted or None,
            thread_key=_thread(thing, first, parent),
            sent_at=sent_at_of(thing, name),
            custom=_custom(thing, quoted),
            kind="edit" if is_edit else kind_of(media) if said or media else "unsupported",
            target=first if is_edit else None,
            remote_files=files_of(media),
            is_public=True,
            url=f"{SITE}/{handle_of(user) or 'i'}/status/{name}",
        )
    ]


def words_of(thing: Mapping[str, Any]) -> str:
    """Return the whole text of a post: long ones keep it elsewhere. X escapes three characters in all texts."""
    long = at(thing, "note_tweet", "text") or at(thing, "extended_tweet", "full_text")
    return plain(long or thing.get("full_text") or thing.get("text"))


def plain(value: Any) -> str:
    """Return text as it was typed."""
    return text(value).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def sent_at_of(thing: Mapping[str, Any], name: str) -> datetime | None:
    """Return when it was said: as told, else as its id tells."""
    told = thing.get("created_at") or thing.get("timestamp_ms") or thing.get("created_timestamp")
    return moment(told) or _old_moment(told) or _moment_of_id(name)


def _old_moment(value: Any) -> datetime | None:
    """Read "Wed Oct 10 20:19:24 +0000 2018"."""
    try:
        return datetime.strptime(line(value, 40), "%a %b %d %H:%M:%S %z %Y").astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _moment_of_id(name: str) -> datetime | None:
    if not (name.isascii() and name.isdigit() and FIRST_TIMED_ID < int(name) < 2**63):
        return None
    return moment((int(name) >> 22) + EPOCH_MILLISECONDS)


def _is_repost(thing: Mapping[str, Any]) -> bool:
    return bool(mapping(thing.get("retweeted_status"))) or bool(_referenced(thing, "retweeted"))


def _referenced(thing: Mapping[str, Any], how: str) -> str:
    for one in objects(thing.get("referenced_tweets")):
        if one.get("type") == how:
            return id_of(one)
    return ""


def _reference(thing: Mapping[str, Any], how: str) -> str:
    """Return the id of the post that this one answers or quotes, "" for none."""
    old = "in_reply_to_status_id" if how == "replied_to" else "quoted_status_id"
    inside = id_of(mapping(thing.get("quoted_status"))) if how == "quoted" else ""
    return _referenced(thing, how) or id_of(thing, old) or inside


def _quoted_words(thing: Mapping[str, Any], quoted: str, near: Around) -> str:
    return words_of(near.posts.get(quoted) or mapping(thing.get("quoted_status"))) if quoted else ""


def _thread(thing: Mapping[str, Any], first: str, parent: str) -> str | None:
    """Return the id of the post that began it all; v1.1 does not tell it of an answer."""
    return id_of(thing, "conversation_id") or (None if parent else first)


def _first_version(thing: Mapping[str, Any]) -> str:
    """Return the id under which a post was first known; each edit gives it a new one."""
    history: Sequence[Any] = items(thing.get("edit_history_tweet_ids"))
    history = history or items(at(thing, "edit_history", "edit_tweet_ids"))
    first = ident(at(thing, "edit_history", "initial_tweet_id")) or (ident(history[0]) if history else "")
    return first or id_of(thing)


def _media(thing: Mapping[str, Any], near: Around) -> list[Mapping[str, Any]]:
    keys = [line(key) for key in items(at(thing, "attachments", "media_keys"))]
    included = [near.media.get(key, {}) for key in keys]
    long = mapping(thing.get("extended_tweet"))
    for holder in (long.get("extended_entities"), thing.get("extended_entities"), thing.get("entities")):
        if found := objects(at(holder, "media")):
            return found
    return included


def _custom(thing: Mapping[str, Any], quoted: str) -> dict[str, str]:
    """Return where the short links lead, which post was quoted and which place was named."""
    holder = mapping(thing.get("extended_tweet")) or thing
    links = [line(one.get("expanded_url"), 1000) for one in objects(at(holder, "entities", "urls"))]
    parts = {
        "links": " ".join(dict.fromkeys(filter(None, links[:MOST_LINKS]))),
        "quotes": quoted,
        "place": line(at(thing, "place", "full_name")),
    }
    return {key: value for key, value in parts.items() if value}
