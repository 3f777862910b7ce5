"""The bytes of an X delivery as messages, whichever of X's interfaces they came from. Pure; raises Malformed only.

    API v2 answers and the filtered stream    {"data": …, "includes": …}, a post or a direct message, one or many
    Account Activity webhooks                 {"for_user_id": …, "tweet_create_events": […], …}
    X Activity API                            {"data": {"event_type": "post.mention.create", "payload": …}}
    API v1.1 answers                          {"events": […]}, {"statuses": […]}, bare objects
    compliance events                         {"delete": …}
and lists of all of these. docs.x.com/x-api/activity/event-payloads, docs.x.com/x-api/account-activity/introduction.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from connectors._payload import at, line, mapping, moment, objects
from connectors._x_direct import direct, encrypted, looks_like_event, read
from connectors._x_people import bare, id_of, ident, person
from connectors._x_posts import Around, around, looks_like_post, post
from connectors.base import Identity, InboundMessage, RawDelivery
from connectors.errors import Malformed
from connectors.submission import load_json

DEEPEST = 5
MOST_MESSAGES = 5_000
BY_X = Identity("provider", "x", "X")
HEART = "❤️"
ANYBODYS = {"post.create", "post.delete"}  # of whomever the subscription watches, perhaps a customer
OWN_ACTIONS = {"dm.sent", "chat.sent"}
KNOWN_EMPTY = (
    "meta",
    "errors",
    "user_event",
    "disconnect",
    "tweet_edit",
    "for_user_id",
    "limit",
    "warning",
    "scrub_geo",
)
Event = Mapping[str, Any]
Read = Callable[[Event, Around], list[InboundMessage]]


def parse(delivery: RawDelivery) -> list[InboundMessage]:
    """Return the messages of a delivery. Raises Malformed for what X does not send."""
    top = load_json(delivery.raw)
    account, is_new = delivery.meta.get("account", ""), delivery.meta.get("is_new") == "1"
    found = _read(top, Around(own=account, is_new=is_new), DEEPEST)
    if found is None:
        raise Malformed("This is nothing that X sends.")
    return found[:MOST_MESSAGES]


def _read(top: Any, near: Around, deep: int) -> list[InboundMessage] | None:
    """Return the messages in something; None where X sends nothing like it."""
    if isinstance(top, list) and deep:
        parts = [_read(part, near, deep - 1) for part in top]
        return None if parts and all(part is None for part in parts) else [one for part in parts for one in part or ()]
    event = mapping(top)
    if "payload" in event and "event_type" in event:
        return _activity(event, near)
    if any(key.endswith("_events") for key in event):
        return _account_activity(event, near)
    single = _single(event, near)
    if single is not None or not deep:
        return single
    return _wrapped(event, near, deep)


def _single(event: Event, near: Around) -> list[InboundMessage] | None:
    if looks_like_event(event):
        return direct(event, near)
    if looks_like_post(event):
        return post(event, near)
    return None


def _wrapped(event: Event, near: Around, deep: int) -> list[InboundMessage] | None:
    """Read what an answer of the API wraps, with what it includes."""
    if "delete" in event:
        return _deleted(mapping(event["delete"]), near)
    if "includes" in event or "users" in event:
        near = around(near.own, event.get("includes"), event.get("users"), is_new=near.is_new)
    for key in ("data", "events", "event", "statuses", "tweet", "direct_message"):
        if isinstance(event.get(key), (list, dict)):
            return _read(event[key], near, deep - 1) if event[key] else []
    return [] if any(key in event for key in KNOWN_EMPTY) else None


def _account_activity(event: Event, near: Around) -> list[InboundMessage]:
    """Read a webhook of the Account Activity API; events that tell nothing about a message give nothing."""
    own = ident(event.get("for_user_id")) or near.own
    near = replace(around(own, event.get("includes"), event.get("users")), is_new=near.is_new)
    if not near.users:  # the documentation's own example has the users among the apps
        near = around(own, event.get("includes"), event.get("apps"), is_new=near.is_new)
    return [one for key, how in READERS.items() for part in objects(event.get(key)) for one in how(part, near)]


def _activity(event: Event, near: Around) -> list[InboundMessage]:
    """Read an event of the X Activity API."""
    name = line(event.get("event_type"), 60)
    payload, watched = mapping(event.get("payload")), ident(at(event, "filter", "user_id"))
    own = near.own if name in ANYBODYS else near.own or watched
    near = around(own, event.get("includes"), payload.get("users"), is_new=near.is_new)
    if name in OWN_ACTIONS:
        return []
    if any(key.endswith("_events") for key in payload):
        return _account_activity({"for_user_id": own, "includes": event.get("includes"), **payload}, near)
    if name == "chat.received":
        return encrypted(payload, near)
    if name == "post.delete":
        return _deleted({"status": payload, "timestamp_ms": payload.get("timestamp_ms")}, near)
    if name == "like.create":
        return _liked_v2(payload, watched, near)
    return (_single(payload, near) or []) if name.startswith(("post.", "dm.")) else []


def _deleted(event: Event, near: Around) -> list[InboundMessage]:
    """Return that a post is gone, also one of our own: what was said in public is to be seen as it is.

    Nobody but X can say that of ours, or of one whose author is not told.
    """
    status = mapping(event.get("status")) or mapping(event.get("tweet"))
    name = id_of(status)
    author = id_of(status, "user_id") or ident(status.get("author_id"))
    if not name:
        return []
    is_theirs = author and author != near.own
    return [
        InboundMessage(
            external_id=f"{name}:deleted",
            sender=person(author, near.users.get(author, {}), author) if is_theirs else BY_X,
            sent_at=moment(event.get("timestamp_ms") or event.get("event_at")),
            kind="delete",
            target=name,
            deleted_by="customer" if is_theirs else "unknown",
            is_public=True,
        )
    ]


def _liked(event: Event, near: Around) -> list[InboundMessage]:
    """Return that a customer liked a post of ours."""
    status = mapping(event.get("favorited_status"))
    return _heart(event, id_of(status), id_of(bare(status.get("user"))), bare(event.get("user")), near)


def _liked_v2(payload: Event, watched: str, near: Around) -> list[InboundMessage]:
    """Say who liked, which the event tells only by including them."""
    author = ident(payload.get("liked_tweet_author_id"))
    others = [user for name, user in near.users.items() if name not in {author, watched}]
    fan = others[0] if author == watched and len(others) == 1 else {}
    return _heart(payload, ident(payload.get("liked_tweet_id")), author, fan, near)


def _heart(event: Event, target: str, author: str, fan: Event, near: Around) -> list[InboundMessage]:
    who = id_of(fan)
    is_about_us = not near.own or author == near.own
    if not target or not who or who == near.own or not is_about_us:
        return []
    return [
        InboundMessage(
            external_id=ident(event.get("id")) or f"{target}:liked-by-{who}",
            sender=person(who, fan, who),
            sent_at=moment(event.get("timestamp_ms")),
            kind="reaction",
            target=target,
            reaction=HEART,
            is_public=True,
        )
    ]


def _any_post(thing: Event, near: Around) -> list[InboundMessage]:
    return post(thing, near) if looks_like_post(thing) or id_of(thing) else []


READERS: Mapping[str, Read] = {
    "tweet_create_events": _any_post,
    "direct_message_events": direct,
    "tweet_delete_events": _deleted,
    "favorite_events": _liked,
    "direct_message_mark_read_events": read,
}
