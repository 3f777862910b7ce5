"""What Bluesky says, as messages: notifications, posts and the events of its direct messages.

Lexicons (docs.bsky.app/docs/api): app.bsky.notification.listNotifications, app.bsky.feed.post, app.bsky.richtext.facet,
app.bsky.embed.images, .video, .external, .record, .recordWithMedia, chat.bsky.convo.getLog and chat.bsky.convo.defs.
"""

from __future__ import annotations

import mimetypes
from collections.abc import Mapping
from typing import Any

from connectors._payload import at, line, mapping, moment, objects, text, whole
from connectors.base import Identity, InboundMessage, MessageKind, Profile, RemoteFile
from connectors.errors import Malformed
from connectors.submission import clean_text

SAID = ("mention", "reply", "quote")  # reasons of notifications that bring something said to us
POST = "app.bsky.feed.post"
CONVO = "convo:"
NOBODY = "unknown"
ELLIPSES = ("...", "…")
MOST_FACETS = 200


def messages(body: Any, meta: Mapping[str, str]) -> list[InboundMessage]:
    """Return the messages in an object, a list, or an answer that lists several. Raises Malformed for none."""
    if isinstance(body, list):
        entries: list[Any] = body
    else:
        known = mapping(body)
        entries = next(
            (known[key] for key in ("notifications", "logs", "posts") if isinstance(known.get(key), list)), [body]
        )
    heard: list[InboundMessage] = []
    odd: Malformed | None = None
    for entry in entries:
        try:
            heard += _entry(mapping(entry), meta)
        except Malformed as error:
            odd = error
    if odd and not heard:
        raise odd
    return heard


def _entry(body: Mapping[str, Any], meta: Mapping[str, str]) -> list[InboundMessage]:
    if isinstance(body.get("notification"), dict):
        return _notification(body["notification"], mapping(body.get("profile")))
    if "reason" in body and "record" in body:
        return _notification(body, {})
    if isinstance(body.get("log"), dict):
        return _log(body["log"], objects(at(body, "convo", "members")), meta)
    if line(body.get("$type")).startswith("chat.bsky.convo.defs#log"):
        return _log(body, [], meta)
    if line(body.get("deleted")):
        return [_deleted(line(body["deleted"], 500), _sender({"did": body.get("did")}, {}))]
    post = mapping(body.get("post")) or body
    if "record" in post and "author" in post:
        return [_post(post, {})]
    raise Malformed("This is no notification, post or message of Bluesky.")


def _notification(body: Mapping[str, Any], profile: Mapping[str, Any]) -> list[InboundMessage]:
    """Likes, reposts, follows and the rest of the reasons are no messages."""
    return [_post(body, profile)] if line(body.get("reason")) in SAID else []


def _post(body: Mapping[str, Any], profile: Mapping[str, Any]) -> InboundMessage:
    record, author = mapping(body.get("record")), mapping(body.get("author"))
    uri = line(body.get("uri"), 500)
    if not uri or not line(author.get("did")):
        raise Malformed("A post of Bluesky has an address and an author.")
    files = _files(record.get("embed"), line(author.get("did")))
    quoted = line(at(record, "embed", "record", "uri"), 500) or line(
        at(record, "embed", "record", "record", "uri"), 500
    )
    told = {
        "cid": line(body.get("cid")),
        "reason": line(body.get("reason")),
        "language": ", ".join(line(tag) for tag in record.get("langs") or () if isinstance(tag, str))
        if isinstance(record.get("langs"), list) else "",
        "quotes": quoted,
        "media_description": "\n".join(filter(None, (alt for _, _, alt in files))),
    }  # fmt: skip
    return InboundMessage(
        external_id=uri,
        sender=_sender(author, profile),
        text=clean_text("\n\n".join(filter(None, (_words(record), _card(record.get("embed")))))),
        in_reply_to=line(at(record, "reply", "parent", "uri"), 500) or None,
        thread_key=line(at(record, "reply", "root", "uri"), 500) or uri,
        sent_at=moment(record.get("createdAt")) or moment(body.get("indexedAt")),
        custom={key: value for key, value in told.items() if value},
        kind=files[0][0] if files else "text",
        remote_files=tuple(file for _, file, _ in files),
        is_public=True,
        url=_page(uri, author),
    )


def _log(log: Mapping[str, Any], members: list[Mapping[str, Any]], meta: Mapping[str, str]) -> list[InboundMessage]:
    """Read an event of the log of conversations; what we did ourselves (meta `me`) is no message."""
    name, said = line(log.get("$type")).rpartition("#")[2], mapping(log.get("message"))
    people = [*members, *objects(log.get("relatedProfiles"))]
    reaction = mapping(log.get("reaction"))
    did = line(at(reaction, "sender", "did")) if reaction else line(at(said, "sender", "did"))
    if did and did == meta.get("me"):
        return []
    sender = _sender(next((person for person in people if line(person.get("did")) == did), {"did": did}), {})
    target, thread = _message_id(log, said), CONVO + line(log.get("convoId"))
    match name:
        case "logCreateMessage" if "text" in said:
            return [_direct(log, said, sender)]
        case "logDeleteMessage":
            return [InboundMessage(f"delete:{target}", sender, kind="delete", target=target, thread_key=thread)]
        case "logAddReaction" | "logRemoveReaction":
            value = line(reaction.get("value"), 50)
            is_taken_back = name == "logRemoveReaction"
            external_id = f"{'un' if is_taken_back else ''}reaction:{target}:{did}:{value}:{line(log.get('rev'))}"
            shown = "" if is_taken_back else value
            return [
                InboundMessage(external_id, sender, kind="reaction", target=target, reaction=shown, thread_key=thread)
            ]
    return []


def _direct(log: Mapping[str, Any], said: Mapping[str, Any], sender: Identity) -> InboundMessage:
    shared = line(at(said, "embed", "record", "uri"), 500)
    answered = line(at(said, "replyTo", "id"))
    return InboundMessage(
        external_id=_message_id(log, said),
        sender=sender,
        text=_words(said) or ("Shared a post" if shared else ""),
        in_reply_to=_message_id(log, {"id": answered}) if answered else None,
        thread_key=CONVO + line(log.get("convoId")),
        sent_at=moment(said.get("sentAt")),
        custom={"quotes": shared} if shared else {},
    )


def _message_id(log: Mapping[str, Any], said: Mapping[str, Any]) -> str:
    known = line(said.get("id"))
    if not known:
        raise Malformed("A direct message of Bluesky has an id.")
    return f"message:{line(log.get('convoId'))}:{known}"


def _deleted(uri: str, sender: Identity) -> InboundMessage:
    return InboundMessage(f"delete:{uri}", sender, kind="delete", target=uri)


def _sender(person: Mapping[str, Any], profile: Mapping[str, Any]) -> Identity:
    """Return the account; `profile` is its detailed view, which counts followers."""
    known = {**person, **profile} if line(profile.get("did")) == line(person.get("did")) else person
    did, handle = line(known.get("did"), 300), line(known.get("handle"), 300)
    shown = Profile(
        handle=f"@{handle}" if handle else "",
        url=f"https://bsky.app/profile/{handle or did}" if did else "",
        avatar_url=line(known.get("avatar"), 2000),
        followers=whole(known.get("followersCount")),
    )
    name = line(known.get("displayName"), 200) or handle
    return Identity("bluesky", did or NOBODY, name, verified=bool(did), profile=shown)


def _page(uri: str, author: Mapping[str, Any]) -> str:
    """Return where people see a post: at://DID/app.bsky.feed.post/KEY on bsky.app."""
    collection, _, key = uri.rpartition("/")
    who = line(author.get("handle"), 300) or line(author.get("did"), 300)
    return f"https://bsky.app/profile/{who}/post/{key}" if collection.endswith(POST) else ""


def _words(record: Mapping[str, Any]) -> str:
    """Return the text with its shortened links written out; facets count bytes of UTF-8."""
    given = record.get("text")
    raw = given.encode("utf-8", "replace") if isinstance(given, str) else b""
    spans = []
    for facet in objects(record.get("facets"))[:MOST_FACETS]:
        start, end = whole(at(facet, "index", "byteStart")), whole(at(facet, "index", "byteEnd"))
        link = next((line(f.get("uri"), 2000) for f in objects(facet.get("features")) if line(f.get("uri"))), "")
        if link and start is not None and end is not None and 0 <= start < end <= len(raw):
            spans.append((start, end, link))
    for start, end, link in sorted(spans, reverse=True):
        if raw[start:end].decode("utf-8", "replace").endswith(ELLIPSES):
            raw = raw[:start] + link.encode("utf-8", "replace") + raw[end:]
    return clean_text(raw.decode("utf-8", "replace"))


def _card(embed: Any) -> str:
    """Return the link card under a post, which often stands for the link itself."""
    external = mapping(at(embed, "external")) or mapping(at(embed, "media", "external"))
    return "\n".join(filter(None, (line(external.get("title"), 300), line(external.get("uri"), 2000))))


def _files(embed: Any, did: str) -> list[tuple[MessageKind, RemoteFile, str]]:
    """Return (kind, file, description) of the blobs in a record; a blob is found by its author and its hash."""
    media = mapping(at(embed, "media")) or mapping(embed)
    blobs: list[tuple[MessageKind, Mapping[str, Any], Any]] = [
        ("image", mapping(image.get("image")), image.get("alt")) for image in objects(media.get("images"))[:20]
    ]
    if isinstance(media.get("video"), dict):
        blobs.append(("video", media["video"], media.get("alt")))
    found = []
    for kind, blob, alt in blobs:
        cid = line(at(blob, "ref", "$link")) or line(blob.get("cid"))
        content_type = line(blob.get("mimeType"), 100) or "application/octet-stream"
        name = (cid[-12:] or "file") + (mimetypes.guess_extension(content_type) or "")
        if cid:
            found.append(
                (kind, RemoteFile(name, content_type, media_id=f"{did}/{cid}", size=whole(blob.get("size"))), text(alt))
            )
    return found
