"""Follows one Mastodon account: what was missed, then what comes, and what becomes of what was said lately.

docs.joinmastodon.org/methods/notifications (min_id: the next page upwards), /methods/streaming (user:notification).
Nobody is told of edits and deletions of a mention unless they follow its author, so the last ones are looked at again,
in turn.

The cursor: {"notifications": id of the newest one stored, "watched": {status id: [account id, edited_at]}}.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from connectors._mastodon_client import Server, dumped, streaming_client
from connectors._mastodon_parse import EDITED, SAID
from connectors._payload import at, items, line, mapping, objects
from connectors.base import Batch, Cursor, RawDelivery
from connectors.errors import ConnectorError, Rejected

if TYPE_CHECKING:
    from requests import Response  # noqa: TID251 - the type Mastodon.py hands over

PAGE = 15  # each reply in it costs one more call, and a sign of life is due every 30 seconds
WATCHED = 20  # statuses looked at again
LOOKS = 2  # of them after each poll: 300 calls in five minutes are allowed
POLL_SECONDS = 10.0
STREAM_SECONDS = 90.0  # the server sends a sign of life every 15
LONGEST_PAUSE = 300.0
TYPES = sorted(SAID | EDITED)


class Watch:
    """One account's work. `follow` ends only by an error or when it is closed."""

    def __init__(self, server: Server, cursor: Cursor, *, is_streaming: bool) -> None:
        self._server = server
        self._newest = line(cursor.get("notifications"))
        watched = mapping(cursor.get("watched"))
        self._watched = {key: [line(part) for part in items(value)] for key, value in watched.items()}
        self._bell = Bell(server) if is_streaming else None
        self._told: Cursor = {}

    def follow(self) -> Iterator[Batch]:
        """Yield what is new, oldest first, for ever."""
        if not self._newest:
            self._newest = self._top()
            yield self._batch(())
        if self._bell:
            self._bell.start()
        try:
            while True:
                yield from self._news()
                yield self._batch(self._changes())
                self._wait()
        finally:
            if self._bell:
                self._bell.stop()

    def _wait(self) -> None:
        if self._bell:
            self._bell.wait(POLL_SECONDS)
        else:
            time.sleep(POLL_SECONDS)

    def _top(self) -> str:
        with self._server.telling():
            self._server.client.notifications(limit=1)
        return next((line(entry.get("id")) for entry in objects(self._server.said)), "0")

    def _news(self) -> Iterator[Batch]:
        """Yield pages upwards from the newest one that is stored."""
        while True:
            with self._server.telling():
                self._server.client.notifications(min_id=self._newest, limit=PAGE, types=list(TYPES))
            page = [entry for entry in objects(self._server.said) if line(entry.get("id"))]
            if not page:
                return
            newest = line(page[0]["id"])  # a page is sorted downwards
            if newest == self._newest:
                return  # a server that takes no notice of min_id
            deliveries = tuple(self._delivery(entry) for entry in reversed(page))
            self._newest = newest
            yield self._batch(deliveries)

    def _delivery(self, notification: Mapping[str, Any]) -> RawDelivery:
        status = mapping(notification.get("status"))
        meta = {"root": self._root(status)} if line(status.get("in_reply_to_id")) else {}
        if line(notification.get("type")) in SAID and line(status.get("id")):
            self._watch(status)
        return RawDelivery(dumped(notification), _now(), f"notification:{line(notification['id'])}", meta)

    def _root(self, status: Mapping[str, Any]) -> str:
        """Ask which status a thread began with; where the server cannot say, the one that is answered."""
        try:
            with self._server.telling():
                self._server.client.status_context(line(status.get("id")))
        except Rejected:
            return line(status.get("in_reply_to_id"))
        ancestors = objects(at(self._server.said, "ancestors"))
        return line(ancestors[0].get("id")) if ancestors else line(status.get("in_reply_to_id"))

    def _watch(self, status: Mapping[str, Any]) -> None:
        self._watched[line(status["id"])] = [line(at(status, "account", "id")), line(status.get("edited_at"))]
        while len(self._watched) > WATCHED:
            del self._watched[next(iter(self._watched))]

    def _changes(self) -> tuple[RawDelivery, ...]:
        """Look at the statuses whose turn it is and return what happened to them."""
        return tuple(filter(None, (self._change(status_id) for status_id in list(self._watched)[:LOOKS])))

    def _change(self, status_id: str) -> RawDelivery | None:
        account_id, edited_at = ([*self._watched.pop(status_id), "", ""])[:2]
        try:
            with self._server.telling():
                self._server.client.status(status_id)
        except Rejected:
            gone = {"event": "delete", "payload": status_id, "account": {"id": account_id}}
            return RawDelivery(dumped(gone), _now(), f"delete:{status_id}")
        status = mapping(self._server.said)
        now_edited = line(status.get("edited_at"))
        self._watched[status_id] = [account_id, now_edited]  # at the end: the others come first now
        if now_edited == edited_at or not now_edited:
            return None
        meta = {"root": self._root(status)} if line(status.get("in_reply_to_id")) else {}
        event = {"event": "status.update", "payload": status}
        return RawDelivery(dumped(event), _now(), f"edit:{status_id}:{now_edited}", meta)

    def _batch(self, deliveries: tuple[RawDelivery, ...]) -> Batch:
        """Return a batch with the cursor, where that is another one than before; whose turn it is does not count."""
        cursor = {"notifications": self._newest, "watched": {key: list(value) for key, value in self._watched.items()}}
        is_same, self._told = cursor == self._told, cursor
        return Batch(deliveries, None if is_same else cursor)


class Bell:
    """Rings when the streaming API says that something came; what came is fetched like everything else."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._rung, self._stopped = threading.Event(), threading.Event()

    def start(self) -> None:
        threading.Thread(target=self._listen, name="mastodon-stream", daemon=True).start()

    def stop(self) -> None:
        self._stopped.set()

    def wait(self, seconds: float) -> None:
        """Return when it rings, or after so many seconds."""
        self._rung.wait(seconds)
        self._rung.clear()

    def _listen(self) -> None:
        pause = 1.0
        while not self._stopped.is_set():
            began = time.monotonic()
            # polling goes on and tells what is wrong; the errors of requests are OSErrors
            client = streaming_client(self._server)
            with suppress(ConnectorError, OSError), client.session, self._server.telling():
                client.stream_user_notifications(self._ears(), timeout=STREAM_SECONDS)
            pause = 1.0 if time.monotonic() - began > STREAM_SECONDS else min(pause * 2, LONGEST_PAUSE)
            self._stopped.wait(pause)

    def _ears(self) -> Any:
        from mastodon import StreamListener

        bell, stopped = self._rung, self._stopped

        class Ears(StreamListener):
            def handle_stream(self, response: Response) -> None:
                """Ring for whatever is no sign of life; nothing is kept of it, however long it is."""
                for chunk in response.iter_content(chunk_size=None):
                    if stopped.is_set():
                        return
                    if not chunk.lstrip().startswith(b":"):
                        bell.set()

        return Ears()


def _now() -> datetime:
    return datetime.now(UTC)
