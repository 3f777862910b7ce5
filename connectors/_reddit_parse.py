"""Things of Reddit as messages: comments (t1), posts (t3) and private messages (t4), alone, in listings, in trees.

www.reddit.com/dev/api (listings, fullnames), github.com/reddit-archive/reddit/wiki/JSON, praw.readthedocs.io (the
attributes of Comment, Submission and Message). Pure; raises Malformed only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from connectors._payload import items, line, mapping, moment, text
from connectors._reddit_files import files_of, kind_of
from connectors.base import DeletedBy, Identity, InboundMessage, Profile, RawDelivery
from connectors.errors import Malformed
from connectors.submission import load_json

BY_REDDIT = Identity("provider", "reddit", "Reddit")
KIND, SITE = "reddit", "https://www.reddit.com"
COMMENT, POST, MESSAGE = "t1_", "t3_", "t4_"
GONE = {"[deleted]", "[removed]", "[ Removed by Reddit ]"}
GONE_BY: Mapping[str, DeletedBy] = {
    "deleted": "customer",
    "author": "customer",
    "[deleted]": "customer",
    "moderator": "moderator",
    "automod_filtered": "moderator",
    "[removed]": "moderator",
    "reddit": "provider",
    "anti_evil_ops": "provider",
    "community_ops": "provider",
    "copyright_takedown": "provider",
    "content_takedown": "provider",
    "[ Removed by Reddit ]": "provider",
}
DEEPEST, MOST_MESSAGES = 40, 5_000
EDIT, DELETE = "edit", "delete"  # what `meta` says of a thing that was seen before
SEEN_KINDS = {"Listing", "more", "t2", "t5", "t6", "UserList", "LabeledMulti", "wikipage"}  # told, nothing said
Thing = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known beside the bytes: whose channel it is, and what happened to a thing seen before."""

    own: str = ""
    event: str = ""


def parse(delivery: RawDelivery) -> list[InboundMessage]:
    """Return the messages of a delivery. Raises Malformed for what Reddit does not give."""
    seen = Seen(delivery.meta.get("account", "").lower(), delivery.meta.get("event", ""))
    found = _read(load_json(delivery.raw), seen, DEEPEST)
    if found is None:
        raise Malformed("This is nothing that Reddit gives.")
    return found[:MOST_MESSAGES]


def name_of(thing: Thing, kind: str = "") -> str:
    """Return a thing's full name ("t1_abc"), "" for what has none."""
    name = line(thing.get("name"), 40)
    if name[:3] in {COMMENT, POST, MESSAGE}:
        return name
    bare = line(thing.get("id"), 40)
    return f"{kind}_{bare}" if f"{kind}_" in {COMMENT, POST, MESSAGE} and bare else ""


def is_gone(thing: Thing) -> bool:
    """Say whether a thing was deleted by its author or removed by a moderator."""
    words = thing.get("body") if "body" in thing else thing.get("selftext")
    is_removed = line(thing.get("removed_by_category"), 40) not in {"", "automod_filtered"}
    return (isinstance(words, str) and words in GONE) or (is_removed and not words)


def _gone_by(thing: Thing) -> DeletedBy:
    """Say who took a thing away: its author leaves "[deleted]", a moderator "[removed]"."""
    told = line(thing.get("removed_by_category"), 40)
    if told in GONE_BY:
        return GONE_BY[told]
    words = thing.get("body") if "body" in thing else thing.get("selftext")
    return GONE_BY.get(words, "unknown") if isinstance(words, str) else "unknown"


def edited_at(thing: Thing) -> int:
    """Return when a thing was edited (Unix seconds), 0 for never; Reddit says `false` for that."""
    when = moment(thing.get("edited"))
    return int(when.timestamp()) if when else 0


def said_in(thing: Thing) -> str:
    """Return the words of a thing that a search would look at."""
    return "\n".join(filter(None, (line(thing.get("title")), text(thing.get("selftext")), text(thing.get("body")))))


def _read(top: Any, seen: Seen, deep: int) -> list[InboundMessage] | None:
    """Return the messages in something; None where Reddit gives nothing like it."""
    if isinstance(top, list):
        parts = [_read(part, seen, deep - 1) for part in top] if deep else []
        return None if parts and all(part is None for part in parts) else [one for part in parts for one in part or ()]
    thing = mapping(top)
    kind, data = line(thing.get("kind"), 20), mapping(thing.get("data"))
    if "children" in data:
        return _read(list(items(data["children"])), seen, deep - 1) if deep else []
    if kind in SEEN_KINDS:
        return []
    inner = data if data and "body" not in thing and "title" not in thing else thing
    if isinstance(mapping(thing.get("json")).get("data"), dict):
        return _read(list(items(thing["json"]["data"].get("things"))), seen, deep - 1) if deep else []
    if not name_of(inner, kind):
        return None
    replies = inner.get("replies")
    below = _read(replies, seen, deep - 1) if deep and isinstance(replies, dict) else None
    return [*_said(inner, name_of(inner, kind), seen), *(below or ())]


def _said(thing: Thing, name: str, seen: Seen) -> list[InboundMessage]:
    if seen.own and line(thing.get("author"), 60).lower() == seen.own:
        return []
    if seen.event == DELETE or is_gone(thing):
        # who wrote it is not told: the author's name is gone, too
        deleted = InboundMessage(
            f"{name}:deleted", BY_REDDIT, kind="delete", target=name, url=_url(thing), deleted_by=_gone_by(thing)
        )
        return [replace(deleted, is_public=name[:3] != MESSAGE)]
    makers = {COMMENT: _comment, POST: _post, MESSAGE: _message}
    said = makers[name[:3]](thing, name)
    if seen.event == EDIT:
        when = moment(thing.get("edited"))
        event = f"{name}:edited:{edited_at(thing)}"
        return [replace(said, external_id=event, kind="edit", target=name, sent_at=when, remote_files=())]
    return [said]


def _comment(thing: Thing, name: str) -> InboundMessage:
    return InboundMessage(
        external_id=name,
        sender=_sender(thing),
        subject=line(thing.get("link_title")),
        text=text(thing.get("body")) or "(a comment without words)",
        in_reply_to=line(thing.get("parent_id"), 40) or None,
        thread_key=_root(thing) or None,
        sent_at=moment(thing.get("created_utc")),
        custom=_custom(thing),
        is_public=True,
        url=_url(thing),
    )


def _post(thing: Thing, name: str) -> InboundMessage:
    files = files_of(thing)
    title, words = line(thing.get("title")), text(thing.get("selftext"))
    link = "" if files or thing.get("is_self") else line(thing.get("url_overridden_by_dest") or thing.get("url"), 2000)
    return InboundMessage(
        external_id=name,
        sender=_sender(thing),
        subject=title,
        text="\n\n".join(filter(None, (words, link))) or title or "(a post without words)",
        thread_key=name,
        sent_at=moment(thing.get("created_utc")),
        custom=_custom(thing),
        kind=kind_of(files),
        remote_files=files,
        is_public=True,
        url=_url(thing),
    )


def _message(thing: Thing, name: str) -> InboundMessage:
    return InboundMessage(
        external_id=name,
        sender=_sender(thing),
        subject=line(thing.get("subject")),
        text=text(thing.get("body")) or "(a message without words)",
        in_reply_to=line(thing.get("parent_id"), 40) or None,
        thread_key=line(thing.get("first_message_name"), 40) or name,
        sent_at=moment(thing.get("created_utc")),
        custom=_custom(thing),
    )


def _sender(thing: Thing) -> Identity:
    """Return the author: names on Reddit never change. What a community or Reddit itself wrote has none."""
    author = line(thing.get("author"), 60)
    if author and author not in GONE:
        profile = Profile(handle=f"u/{author}", url=f"{SITE}/user/{author}")
        return Identity(KIND, author, author, verified=True, profile=profile)
    community = line(thing.get("subreddit"), 60)
    if name_of(thing)[:3] == MESSAGE and community:
        return Identity(
            KIND, f"r/{community}", f"r/{community}", profile=Profile(f"r/{community}", f"{SITE}/r/{community}")
        )
    return Identity(KIND, "[deleted]" if author else "reddit", "(deleted)" if author else "Reddit")


def _root(thing: Thing) -> str:
    """Return the post a comment stands under; the inbox tells it only by an address."""
    if named := line(thing.get("link_id"), 40):
        return named
    parts = line(thing.get("context") or thing.get("permalink"), 500).split("/")
    place = parts.index("comments") + 1 if "comments" in parts else len(parts)
    parent = line(thing.get("parent_id"), 40)
    return f"{POST}{parts[place]}" if place < len(parts) and parts[place] else parent if parent[:3] == POST else ""


def _url(thing: Thing) -> str:
    path = line(thing.get("permalink") or thing.get("context"), 500).partition("?")[0]
    return f"{SITE}{path}" if path.startswith("/") else ""


def _custom(thing: Thing) -> dict[str, str]:
    parts = {
        "subreddit": line(thing.get("subreddit"), 60),
        "flair": line(thing.get("link_flair_text"), 100),
        "kind": line(thing.get("type"), 40) if thing.get("was_comment") else "",  # username_mention, comment_reply, …
    }
    return {key: value for key, value in parts.items() if value}
