"""What happens on a Facebook page in public: comments, visitors' posts, recommendations, mentions. Pure and total.

Sources (developers.facebook.com): docs/graph-api/webhooks/reference/page (fields feed, mention, ratings);
docs/graph-api/webhooks/getting-started/webhooks-for-pages. A comment is "comment:ID", a post "post:ID", so that an
answer knows which it answers; their thread is the post and, below it, the comment at the root.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from connectors._graph import made_id
from connectors._messenger_parse import Told
from connectors._payload import at, items, line, mapping, moment, text
from connectors.base import DeletedBy, Identity, InboundMessage, MessageKind, RemoteFile

KIND = "facebook"
COMMENT, POST = "comment:", "post:"
POSTS = frozenset({"post", "status", "photo", "video", "share", "album", "note"})
SITE = "https://www.facebook.com"
Object = Mapping[str, Any]


def messages_of(told: Told) -> Iterator[InboundMessage | None]:
    """Yield what a change tells; nothing for likes, for the page's own doings and for what was hidden."""
    value, item = told.value, line(told.value.get("item"), 40)
    if told.field == "ratings" or item == "rating":
        yield from _rating(told)
    elif told.field == "mention":
        yield from _mention(told)
    elif item == "comment":
        yield from _comment(told)
    elif item in POSTS and line(value.get("post_id")):
        yield from _post(told)


def _comment(told: Told) -> Iterator[InboundMessage | None]:
    value = told.value
    comment, post = line(value.get("comment_id"), 200), line(value.get("post_id"), 200)
    parent = line(value.get("parent_id"), 200)
    is_reply = bool(parent) and parent != post and not post.endswith(f"_{parent}")
    if not comment:
        return
    thread = f"{post or 'post'}/{parent if is_reply else comment}"
    about = f"{COMMENT}{parent}" if is_reply else f"{POST}{post}" if post else None
    yield from _said(told, f"{COMMENT}{comment}", thread, in_reply_to=about, url=_link(value, comment))


def _post(told: Told) -> Iterator[InboundMessage | None]:
    post = line(told.value.get("post_id"), 200)
    url = _permalink(told.value) or f"{SITE}/{post}"
    if _author(told, "").address == "":
        return  # a post that nobody is named for is the page's own
    yield from _said(told, f"{POST}{post}", f"{post}/{post}", in_reply_to=None, url=url)


def _said(
    told: Told, target: str, thread: str, *, in_reply_to: str | None, url: str
) -> Iterator[InboundMessage | None]:
    value, verb = told.value, line(told.value.get("verb"), 20) or "add"
    author = _author(told, target)
    common: dict[str, Any] = {"thread_key": thread, "is_public": True, "url": url}
    if verb in {"remove", "delete"}:
        by_page = author.address == told.own_id or not line(at(value, "from", "id") or value.get("sender_id"))
        sender = Identity("provider", KIND) if by_page else author
        by: DeletedBy = "moderator" if author.address == told.own_id else "unknown"  # an author is named in any case
        sent_at = moment(told.at) or moment(value.get("created_time"))
        yield InboundMessage(
            f"{target}:removed", sender, kind="delete", target=target, sent_at=sent_at, deleted_by=by, **common
        )
    elif author.address == told.own_id:
        return
    elif verb in {"edited", "edit", "update"}:
        edited_at = line(value.get("edited_time"), 40) or line(told.at, 40) or made_id("edit", value)
        sent_at = moment(value.get("edited_time")) or moment(told.at)
        yield InboundMessage(
            f"{target}:edited:{edited_at}",
            author,
            kind="edit",
            target=target,
            text=_words(value),
            sent_at=sent_at,
            **common,
        )
    elif verb == "add":
        yield _added(told, target, author, in_reply_to, common)


def _added(
    told: Told, target: str, author: Identity, in_reply_to: str | None, common: Mapping[str, Any]
) -> InboundMessage:
    kind, files = _files(told.value)
    words = _words(told.value)
    if not words and not files:
        kind, words = "unsupported", "A comment without words, of a kind that Facebook does not pass on."
    return InboundMessage(
        target,
        author,
        text=words,
        kind=kind,
        remote_files=files,
        in_reply_to=in_reply_to,
        sent_at=moment(told.value.get("created_time")) or moment(told.at),
        **common,
    )


def _rating(told: Told) -> Iterator[InboundMessage | None]:
    """A recommendation: with words it is a review that can be answered in public."""
    value = told.value
    story = line(value.get("open_graph_story_id") or value.get("post_id"), 200)
    likes = {"POSITIVE": "Recommends this page.", "NEGATIVE": "Does not recommend this page."}
    said = likes.get(line(value.get("recommendation_type"), 20).upper(), "")
    words = text(value.get("review_text")) or said
    if not words or line(value.get("item"), 20) == "like" or not story:
        return
    thread, url = f"{story}/{story}", f"{SITE}/{story}"
    named = {"from": {"id": value.get("reviewer_id"), "name": value.get("reviewer_name")}, **value, "message": words}
    yield from _said(Told("ratings", named, told.own_id, told.at), f"{POST}{story}", thread, in_reply_to=None, url=url)


def _mention(told: Told) -> Iterator[InboundMessage | None]:
    """A post or comment elsewhere that names the page. Often without its words: they must be looked up there."""
    value = told.value
    post, comment = line(value.get("post_id"), 200), line(value.get("comment_id"), 200)
    if not post and not comment:
        return
    target = f"{COMMENT}{comment}" if comment else f"{POST}{post}"
    words = _words(value) or "Mentioned this page."
    thread = f"{post or 'post'}/{comment or post}"
    named = Told("mention", {**value, "message": words}, told.own_id, told.at)
    yield from _said(named, target, thread, in_reply_to=None, url=f"{SITE}/{comment or post}")


def _author(told: Told, target: str) -> Identity:
    """Return who did it. A commenter whom Facebook does not name is known by the comment alone."""
    value = told.value
    address = line(at(value, "from", "id"), 200) or line(value.get("sender_id"), 200)
    name = line(at(value, "from", "name"), 200) or line(value.get("sender_name"), 200)
    if address:
        return Identity(KIND, address, name, verified=True)
    return Identity(KIND, target, name or ("Somebody on Facebook" if target else ""))


def _words(value: Object) -> str:
    return text(value.get("message")) or text(value.get("text"))


def _files(value: Object) -> tuple[MessageKind, tuple[RemoteFile, ...]]:
    for key, kind, filename, content_type in (
        ("video", "video", "video.mp4", "video/mp4"),
        ("photo", "image", "photo.jpg", "image/jpeg"),
    ):
        url = line(value.get(key), 4000)
        if url.startswith("https://"):
            return ("video" if kind == "video" else "image"), (RemoteFile(filename, content_type, url=url),)
    links = [line(each, 4000) for each in items(value.get("photos"))]
    files = tuple(RemoteFile("photo.jpg", "image/jpeg", url=url) for url in links[:20] if url.startswith("https://"))
    return ("image" if files else "text"), files


def _permalink(value: Object) -> str:
    url = line(mapping(value.get("post")).get("permalink_url") or value.get("permalink_url"), 2000)
    return url if url.startswith("https://") else ""


def _link(value: Object, comment: str) -> str:
    post = _permalink(value)
    if not post:
        return f"{SITE}/{comment}"
    return f"{post}{'&' if '?' in post else '?'}comment_id={comment.rpartition('_')[2]}"
