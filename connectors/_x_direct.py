"""Direct messages on X, of API v2, of v1.1 (webhooks) and encrypted ones, as messages. Pure and total.

docs.x.com/x-api/direct-messages/lookup/integrate, docs.x.com/x-api/account-activity/introduction,
developer.x.com/en/docs/direct-messages/sending-and-receiving/guides/message-create-object.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connectors._payload import at, items, line, mapping, moment, objects
from connectors._place import place
from connectors._x_files import files_of, kind_of
from connectors._x_people import id_of, ident, person
from connectors._x_posts import Around, plain, sent_at_of
from connectors.base import InboundMessage, MessageKind

THREAD = "dm:"  # conversations of posts and of direct messages are numbered alike
EDITED, DELETED = {"messageedit", "messageupdate"}, {"messagedelete"}
PEOPLE_CAME_OR_WENT = {"participantsjoin", "participantsleave"}
NO_WORDS = "(a direct message of a kind that cannot be shown here)"


def looks_like_event(thing: Mapping[str, Any]) -> bool:
    """Say whether an object is an event of a direct conversation, of any version."""
    return bool(id_of(thing)) and (
        isinstance(thing.get("message_create"), dict)
        or "dm_conversation_id" in thing
        or _is_of_old(thing)
        or _type(thing) in {"messagecreate", *EDITED, *DELETED, *PEOPLE_CAME_OR_WENT}
    )


def direct(thing: Mapping[str, Any], near: Around) -> list[InboundMessage]:
    """Return what an event says; what we sent ourselves and who joined a group is nobody's message."""
    name, inside = id_of(thing), mapping(thing.get("message_create"))
    sender = ident(inside.get("sender_id")) or id_of(thing, "sender_id") or id_of(mapping(thing.get("sender")))
    kind = _type(thing)
    if not name or (sender and sender == near.own) or kind in PEOPLE_CAME_OR_WENT:
        return []
    data = mapping(inside.get("message_data")) or thing
    said, how, custom = _said(data, _media(data, near))
    told = thing if thing.get("created_at") or thing.get("created_timestamp") else inside
    target = _target(thing, name)
    is_delete, is_edit = kind in DELETED, kind in EDITED
    return [
        InboundMessage(
            external_id=f"{name}:{kind}" if (is_delete or is_edit) and target == name else name,
            sender=person(sender, near.users.get(sender) or mapping(thing.get("sender")), f"author-of-{name}"),
            text="" if is_delete else said,
            thread_key=thread_of(thing, sender, near.own),
            in_reply_to=ident(at(thing, "initiated_via", "tweet_id")) or None,
            sent_at=sent_at_of(told, name),
            custom=custom,
            kind="delete" if is_delete else "edit" if is_edit else how,
            target=target if is_delete or is_edit else None,
            remote_files=() if is_delete else files_of(_media(data, near)),
        )
    ]


def encrypted(payload: Mapping[str, Any], near: Around) -> list[InboundMessage]:
    """Return that somebody wrote an encrypted message: only X's own apps hold the keys."""
    name, sender = ident(payload.get("id")), ident(payload.get("sender_id"))
    if not name or (sender and sender == near.own):
        return []
    people = line(payload.get("conversation_id"), 100).split(":")
    return [
        InboundMessage(
            external_id=f"chat:{name}",
            sender=person(sender, near.users.get(sender, {}), f"author-of-{name}"),
            text="An encrypted message: it can be read in X's own apps only.",
            thread_key=THREAD + pair(*people[:2]) if len(people) == 2 else None,
            sent_at=moment(payload.get("created_at_msec")),
            kind="unsupported",
        )
    ]


def read(event: Mapping[str, Any], near: Around) -> list[InboundMessage]:
    """Return that the customer read up to a message."""
    last, reader = ident(event.get("last_read_event_id")), ident(event.get("sender_id"))
    if not last or not reader or reader == near.own:
        return []
    return [
        InboundMessage(
            external_id=f"{last}:read",
            sender=person(reader, near.users.get(reader, {}), reader),
            thread_key=thread_of(event, reader, near.own),
            sent_at=moment(event.get("created_timestamp")),
            kind="status",
            target=last,
            status="read",
        )
    ]


def thread_of(thing: Mapping[str, Any], sender: str, own: str) -> str | None:
    """Return the conversation's key. One of two people is named by both ids, the smaller one first."""
    named = ident(thing.get("dm_conversation_id"))
    other = ident(at(thing, "message_create", "target", "recipient_id")) or ident(at(thing, "target", "recipient_id"))
    other = other or id_of(thing, "recipient_id") or id_of(mapping(thing.get("recipient")))
    known = named or pair(sender, other or own)
    return THREAD + known if known else None


def pair(one: str, other: str) -> str:
    """Return the id of the conversation of two people, "" where either is not known by number."""
    if not all(name.isascii() and name.isdigit() for name in (one, other)):
        return ""
    return "-".join(sorted((one, other), key=int))


def _is_of_old(thing: Mapping[str, Any]) -> bool:
    """Say whether it is a direct message as API v1 gave them until 2018: both people stand in it."""
    return isinstance(thing.get("sender"), dict) and isinstance(thing.get("recipient"), dict) and "text" in thing


def _type(thing: Mapping[str, Any]) -> str:
    return line(thing.get("event_type") or thing.get("type"), 40).replace("_", "").lower()


def _target(thing: Mapping[str, Any], name: str) -> str:
    """Return which message was edited or deleted: some shapes number the event, some only the message."""
    inner = next((mapping(thing[key]) for key in ("message_edit", "message_delete") if key in thing), {})
    return ident(thing.get("message_id")) or ident(inner.get("message_id")) or ident(inner.get("id")) or name


def _media(data: Mapping[str, Any], near: Around) -> Sequence[Mapping[str, Any]]:
    one = mapping(at(data, "attachment", "media"))
    keys = [line(key) for key in items(at(data, "attachments", "media_keys"))]
    return [one] if one else [near.media.get(key, {}) for key in keys]


def _said(data: Mapping[str, Any], media: Sequence[Any]) -> tuple[str, MessageKind, dict[str, str]]:
    said, parts = _place(mapping(at(data, "attachment", "location")))
    words = plain(data.get("text"))
    shared = objects(data.get("referenced_tweets"))
    told = {"chosen": line(at(data, "quick_reply_response", "metadata")), "shares": id_of(shared[0]) if shared else ""}
    custom = {**parts, **{key: value for key, value in told.items() if value}}
    if said:
        return "\n".join(filter(None, (words, said))), "location", custom
    how = kind_of(media)
    return (words, how, custom) if words or media else (NO_WORDS, "unsupported", custom)


def _place(location: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
    """Read a shared point, or a place with a point in its midst. GeoJSON: the longitude first."""
    named = mapping(at(location, "shared_place", "place"))
    point = items(at(location, "shared_coordinate", "coordinates", "coordinates"))
    point = point or items(at(named, "centroid"))
    longitude, latitude = (point[0], point[1]) if len(point) == 2 else (None, None)
    return place(latitude, longitude, named.get("full_name") or named.get("name"))
