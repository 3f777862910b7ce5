"""Show customers that somebody here types: hints from the web process (app/sockets/typing_out.py) to providers.

listener ──► once a conversation in PAUSE_MS, over all processes (a key in Redis) ──► few waiting ──► callers

It lives in the poller: that process calls providers anyway, never forks, and no reply waits for it.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import redis

from app.config import settings
from app.db import assert_no_transaction, reading
from app.errors import AppError
from app.log import get_logger
from app.services import typing_signals
from connectors.errors import ConnectorError
from connectors.registry import connector_for

PAUSE_MS = 4_000  # providers show it for 5 seconds and more
MOST_WAITING, CALLERS = 50, 2
QUIET_SECONDS = 60.0  # between two lines in the log
LOOK_UP_SECONDS, AGAIN_SECONDS = 0.5, 2.0


class Teller:
    """Hears hints and calls providers until it is stopped."""

    def __init__(self) -> None:
        self.waiting: queue.Queue[tuple[float, UUID]] = queue.Queue(MOST_WAITING)
        self.stopped = threading.Event()
        self.hears = threading.Event()
        self._quiet_until = 0.0
        self._redis = redis.Redis.from_url(settings().redis_url, socket_keepalive=True, health_check_interval=30)

    def listen(self) -> None:
        """Take hints, and connect again for ever."""
        while not self.stopped.is_set():
            try:
                with self._redis.pubsub(ignore_subscribe_messages=True) as heard:  # type: ignore[no-untyped-call]  # as published
                    heard.subscribe(typing_signals.HINTS)
                    while not self.stopped.is_set():
                        said = heard.get_message(timeout=LOOK_UP_SECONDS)
                        self.hears.set()
                        if said is not None:
                            self.hear(said["data"])
            except (redis.RedisError, OSError) as error:
                self._complain(type(error).__name__)
                self.stopped.wait(AGAIN_SECONDS)

    def hear(self, data: bytes) -> bool:
        """Let a hint wait, unless its conversation had one just now or too many wait; return whether it does."""
        try:
            public_id = UUID(data.decode("ascii"))
            if not self._redis.set(f"{typing_signals.HINTS}:{public_id}", 1, nx=True, px=PAUSE_MS):
                return False
            self.waiting.put_nowait((time.monotonic(), public_id))
        except (ValueError, queue.Full):
            return False
        return True

    def call(self) -> None:
        """Tell the providers what waits; what waited too long is no longer true."""
        while not self.stopped.is_set():
            try:
                since, public_id = self.waiting.get(timeout=LOOK_UP_SECONDS)
            except queue.Empty:
                continue
            if time.monotonic() - since < PAUSE_MS / 1000:
                self.tell(public_id)

    def tell(self, public_id: UUID) -> None:
        """Show the customer of one conversation that somebody types."""
        try:
            with reading() as session:
                telling = typing_signals.telling(session, public_id=public_id)
            assert_no_transaction()
            if telling is not None:
                connector_for(telling.kind).act(telling.credentials, telling.action)
        except (ConnectorError, AppError) as error:
            self._complain(error.reason)
        except Exception as error:  # noqa: BLE001 - a thread that dies tells nobody; this is said
            self._complain(type(error).__name__)

    def _complain(self, reason: str) -> None:
        """Write one line a minute at most: whether credentials are good, others find out."""
        if time.monotonic() >= self._quiet_until:
            self._quiet_until = time.monotonic() + QUIET_SECONDS
            get_logger().warning("typing.untold", reason=reason)


@contextmanager
def telling_typing() -> Iterator[Teller]:
    """Tell customers in the background while the block runs."""
    teller = Teller()
    threads = [threading.Thread(target=work, daemon=True) for work in (teller.listen, *[teller.call] * CALLERS)]
    for thread in threads:
        thread.start()
    try:
        yield teller
    finally:
        teller.stopped.set()
        for thread in threads:
            thread.join(timeout=AGAIN_SECONDS)
