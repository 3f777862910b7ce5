"""Replies on X: public answers and direct messages, with their pictures and videos.

docs.x.com/x-api/posts/create-post, …/direct-messages/manage/integrate, …/media/quickstart/best-practices; how long a
post is: docs.x.com/resources/fundamentals/counting-characters.
"""

from __future__ import annotations

import time
from base64 import b64encode
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from connectors._json_api import segment
from connectors._payload import at, line, whole
from connectors._x_api import Answer, asked
from connectors._x_direct import THREAD
from connectors._x_length import COUNTING
from connectors.base import Action, OutboundAttachment, OutboundMessage, Receipt
from connectors.errors import Rejected, Transient
from connectors.phrases import phrase
from connectors.text_length import length_of

if TYPE_CHECKING:
    import tweepy

PIECE_BYTES = 1024 * 1024
MOST_BYTES = {"image": 5_000_000, "gif": 15_000_000}  # videos: as the channel allows
MOST_IMAGES = 4
PROCESSING_SECONDS = 120.0
STEP_SECONDS = 5


def send(client: tweepy.Client, message: OutboundMessage, longest_post: int) -> Receipt:
    """Answer in public or in private, as the agent chose. Raises Transient, BadCredentials or Rejected."""
    return _public(client, message, longest_post) if message.is_public else _private(client, message)


def act(client: tweepy.Client, account: str, action: Action) -> None:
    """Like or hide a post, or take that back. Raises Transient, BadCredentials or Rejected."""
    post = _number(action.target)
    if (action.thread_key or "").startswith(THREAD) or not post:
        raise Rejected("A direct message can be neither liked nor hidden through X's interface.")
    likes = f"/2/users/{segment(account)}/likes"
    calls: dict[str, Callable[[], Any]] = {
        # tweepy's own like() keeps its client, and so the keys, in a cache for good
        "like": lambda: client.request("POST", likes, json={"tweet_id": post}, user_auth=True),
        "unlike": lambda: client.request("DELETE", f"{likes}/{post}", user_auth=True),
        "hide": lambda: client.hide_reply(post),
        "unhide": lambda: client.unhide_reply(post),
    }
    if action.kind not in calls:
        raise Rejected("X does not offer that.")
    asked(calls[action.kind])


def _public(client: tweepy.Client, message: OutboundMessage, longest: int) -> Receipt:
    answered = _number(message.answers) or _number(message.in_reply_to)
    if not answered:
        raise Rejected("There is no post that this could answer.")
    if (length := length_of(message.text, COUNTING)) > longest:
        raise Rejected(
            phrase(
                "A post holds {longest} characters and this one has {length}: shorten it or answer by DM.",
                longest=f"{longest:,}",
                length=f"{length:,}",
            )
        )
    files = message.attachments
    if len(files) > (MOST_IMAGES if all(map(_is_image, files)) else 1):
        raise Rejected("A post takes four pictures, or one video, or one GIF.")
    media = [_upload(client, file, "tweet") for file in files]
    answer = asked(
        lambda: client.create_tweet(
            text=message.text or None, in_reply_to_tweet_id=answered, media_ids=media or None, user_auth=True
        )
    )
    return Receipt(_told(at(answer.data, "data", "id")), "answered in public")


def _private(client: tweepy.Client, message: OutboundMessage) -> Receipt:
    """Write to the conversation that exists, or begin one with the author of a post."""
    thread = message.thread_key or ""
    conversation = thread.removeprefix(THREAD) if thread.startswith(THREAD) else ""
    if not _number(conversation.replace("-", "")) and not _number(message.recipient):
        raise Rejected("X does not say who wrote this, so no direct message can be sent.")
    if len(message.attachments) > 1:
        raise Rejected("A direct message on X takes one file.")
    media = [_upload(client, file, "dm") for file in message.attachments]
    where = {"dm_conversation_id": conversation} if conversation else {"participant_id": message.recipient}
    attached = media[0] if media else None
    answer = asked(lambda: client.create_direct_message(**where, text=message.text or None, media_id=attached))
    return Receipt(_told(at(answer.data, "data", "dm_event_id")), "sent as a direct message")


def _upload(client: tweepy.Client, file: OutboundAttachment, where: str) -> str:
    """Hand in a file and return its id; videos and moving pictures come in pieces and take their time."""
    is_image = _is_image(file)
    kind = "image" if is_image else "gif" if file.content_type == "image/gif" else "video"
    most = MOST_BYTES.get(kind)
    if most and len(file.data) > most:
        raise Rejected(
            phrase(
                "{file} is larger than the {most} MB that X takes of this kind.",
                file=file.filename,
                most=most // 1000000,
            )
        )
    category = f"{where}_{kind}"
    if not is_image:
        return _upload_in_pieces(client, file, category)
    body = {"media": b64encode(file.data).decode(), "media_category": category, "media_type": file.content_type}
    return _told(at(_posted(client, "/2/media/upload", body).data, "data", "id"))


def _upload_in_pieces(client: tweepy.Client, file: OutboundAttachment, category: str) -> str:
    about = {"media_type": file.content_type, "total_bytes": len(file.data), "media_category": category}
    name = _told(at(_posted(client, "/2/media/upload/initialize", about).data, "data", "id"))
    path = f"/2/media/upload/{segment(name)}"
    for number, start in enumerate(range(0, len(file.data), PIECE_BYTES)):
        piece = b64encode(file.data[start : start + PIECE_BYTES]).decode()
        _posted(client, f"{path}/append", {"media": piece, "segment_index": number})
    _wait_until_ready(client, name, _posted(client, f"{path}/finalize", None))
    return name


def _wait_until_ready(client: tweepy.Client, name: str, answer: Answer) -> None:
    """Ask until the file is processed. Raises Rejected where X cannot use it, Transient where it takes too long."""
    ends_at = time.monotonic() + PROCESSING_SECONDS
    while info := at(answer.data, "data", "processing_info"):
        state = line(at(info, "state"))
        if state == "failed":
            raise Rejected(
                phrase(
                    "X cannot use the file: {said}.",
                    said=line(at(info, "error", "message")) or phrase("it does not say why"),
                )
            )
        if state not in {"pending", "in_progress"}:
            return
        if time.monotonic() > ends_at:
            raise Transient("X is still busy with the file.", retry_after_seconds=60)
        time.sleep(min(max(whole(at(info, "check_after_secs")) or 1, 1), STEP_SECONDS))
        answer = _status(client, name)


def _status(client: tweepy.Client, name: str) -> Answer:
    query = {"command": "STATUS", "media_id": name}
    return asked(lambda: client.request("GET", "/2/media/upload", params=query, user_auth=True))


def _posted(client: tweepy.Client, path: str, body: dict[str, Any] | None) -> Answer:
    return asked(lambda: client.request("POST", path, json=body, user_auth=True))


def _is_image(file: OutboundAttachment) -> bool:
    return file.content_type.startswith("image/") and file.content_type != "image/gif"


def _number(value: str | None) -> str:
    """Return an id of X's, "" for anything else: ids become parts of paths."""
    return value if value and value.isascii() and value.isdigit() and len(value) < 20 else ""


def _told(value: Any) -> str:
    name = line(value, 60)
    if not name:
        raise Transient("X took it, but did not say under which id.")
    return name
