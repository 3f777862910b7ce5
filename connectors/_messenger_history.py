"""Direct messages that no webhook brought, because nobody was there to take it: looked up in the conversations.

Source: developers.facebook.com/documentation/business-messaging/messenger-platform/conversations (the newest first, of
each the 20 newest messages; two calls a second) and docs/graph-api/reference/message. Webhooks bring messages within
seconds, and tell more of them; so only what is older than two minutes is looked up, every five minutes.

The cursor: {"since": Unix seconds until which everything was looked up}.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from connectors._graph import Graph
from connectors._graph_errors import NotPermitted
from connectors._json_api import segment
from connectors._payload import at, line, mapping, moment, objects, whole
from connectors.base import Batch, Cursor, RawDelivery
from connectors.errors import Transient

SETTLED_SECONDS, ROUND_SECONDS, STEP_SECONDS = 120.0, 300.0, 10.0
UNPERMITTED_SECONDS = 3600.0
PAGE, MOST_PAGES, BATCH = 10, 200, 50  # the 2,000 conversations that moved last
MESSAGE_FIELDS = "id,created_time,from,message,sticker,attachments,shares"
FIELDS = "updated_time,messages.limit(20){%s}"
MISSED = "missed"  # the key under which a message lies in a delivery
Object = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class History:
    """Whose conversations are looked through. `own` are the ids and names under which the account itself writes."""

    graph: Graph
    home: str
    platform: str  # messenger, instagram
    own: frozenset[str]
    more_fields: str = ""

    def follow(self, cursor: Cursor) -> Iterator[Batch]:
        """Yield what was missed since the cursor, then every five minutes. A first run begins now."""
        since = float(whole(cursor.get("since")) or 0)
        if not since:
            since = _now() - SETTLED_SECONDS
            yield Batch(cursor={"since": int(since)})
        while True:
            until, pause = _now() - SETTLED_SECONDS, ROUND_SECONDS
            try:
                yield from self._round(since, until)
                since = until
            except NotPermitted:
                pause = UNPERMITTED_SECONDS  # the token answers but may not look back: webhooks are all there is
            yield from _waiting(pause)

    def _round(self, since: float, until: float) -> Iterator[Batch]:
        """Yield the customers' messages of a stretch of time, oldest first; the cursor moves with the last of them."""
        found: dict[str, tuple[float, Object]] = {}
        for conversation in self._conversations(since):
            if conversation is None:
                yield Batch()
                continue
            for message in objects(at(conversation, "messages", "data")):
                created = _seconds(message.get("created_time"))
                if since < created <= until and not self._is_own(message):
                    found[line(message.get("id"), 500)] = (created, message)
        found.pop("", None)
        deliveries = [self._delivery(message_id, message) for message_id, message in _oldest_first(found)]
        for start in range(0, len(deliveries), BATCH):
            yield Batch(tuple(deliveries[start : start + BATCH]))
        yield Batch(cursor={"since": int(until)})

    def _conversations(self, since: float) -> Iterator[Object | None]:
        """Yield conversations in which something was said since then, newest first; None between two pages."""
        fields = FIELDS % f"{MESSAGE_FIELDS}{self.more_fields}"
        query: dict[str, str | int] = {"platform": self.platform, "fields": fields, "limit": PAGE}
        for _ in range(MOST_PAGES):
            page = self.graph.get(f"{segment(self.home)}/conversations", **query)
            if not isinstance(at(page, "data"), list):
                raise Transient("Meta gave no list of conversations, or one too long to read.")
            for conversation in objects(at(page, "data")):
                if _seconds(conversation.get("updated_time")) <= since:
                    return
                yield conversation
            after = line(at(page, "paging", "cursors", "after"), 2000)
            if not after or not at(page, "paging", "next"):
                return
            yield None
            query["after"] = after

    def _is_own(self, message: Object) -> bool:
        sender = mapping(message.get("from"))
        return bool({line(sender.get("id")), line(sender.get("username"))} & self.own)

    def _delivery(self, message_id: str, message: Object) -> RawDelivery:
        raw = json.dumps({MISSED: message}, ensure_ascii=False, sort_keys=True).encode("utf-8", "replace")
        return RawDelivery(raw, datetime.fromtimestamp(_now(), UTC), external_id=f"{MISSED}:{message_id}")


def as_event(message: Object) -> dict[str, Any]:
    """Return a message of the Conversations API as the event that a webhook would have brought."""
    sender = mapping(message.get("from"))
    files = [_attachment(each) for each in objects(at(message, "attachments", "data"))]
    shares = [_share(each) for each in objects(at(message, "shares", "data"))]
    stickers = [{"type": "sticker", "payload": {"url": message.get("sticker")}}] if message.get("sticker") else []
    mention = at(message, "story", "mention", "link")
    stories = [{"type": "story_mention", "payload": {"url": mention}}] if mention else []
    said: dict[str, Any] = {"mid": message.get("id"), "text": message.get("message")}
    said["attachments"] = [*files, *shares, *stickers, *stories]
    answered = at(message, "story", "reply_to")
    if isinstance(answered, dict):
        said["reply_to"] = {"story": {"url": answered.get("link"), "id": answered.get("id")}}
    who = {"id": sender.get("id"), "name": sender.get("name") or sender.get("username")}
    return {"sender": who, "recipient": {}, "timestamp": message.get("created_time"), "message": said}


def _attachment(file: Object) -> dict[str, Any]:
    picture, video = at(file, "image_data", "url"), at(file, "video_data", "url")
    family = line(file.get("mime_type"), 60).partition("/")[0]
    kind = "image" if picture else "video" if video else family if family in {"image", "video", "audio"} else "file"
    return {"type": kind, "payload": {"url": picture or video or file.get("file_url")}}


def _share(share: Object) -> dict[str, Any]:
    return {"type": "fallback", "title": share.get("name"), "payload": {"url": share.get("link")}}


def _oldest_first(found: Mapping[str, tuple[float, Object]]) -> list[tuple[str, Object]]:
    order = sorted(found.items(), key=lambda entry: (entry[1][0], entry[0]))
    return [(message_id, message) for message_id, (_, message) in order]


def _waiting(seconds: float) -> Iterator[Batch]:
    ends_at = time.monotonic() + seconds
    while (left := ends_at - time.monotonic()) > 0:
        yield Batch()
        time.sleep(min(left, STEP_SECONDS))


def _seconds(value: Any) -> float:
    found = moment(value)
    return found.timestamp() if found else 0.0


def _now() -> float:
    return datetime.now(UTC).timestamp()
