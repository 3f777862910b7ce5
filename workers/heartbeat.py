"""Each process says every few seconds that it lives; `doctor` and /ready read it."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import structlog
from sqlalchemy.exc import DBAPIError

from app.db import transaction
from app.services import health

BEAT_SECONDS = 5.0
_stop = threading.Event()


@contextmanager
def beating(kind: str, detail: Callable[[], dict[str, Any]] = dict) -> Iterator[None]:
    """Beat in the background while the block runs. The thread owns its own connection."""
    stopped = threading.Event()
    thread = threading.Thread(target=_beat, args=(kind, detail, stopped), name="heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join(timeout=BEAT_SECONDS)


def pause(seconds: float) -> None:
    """Wait; nothing in this process interrupts it but a signal."""
    _stop.wait(seconds)


def _beat(kind: str, detail: Callable[[], dict[str, Any]], stopped: threading.Event) -> None:
    name = f"{kind}@{socket.gethostname()}:{os.getpid()}"
    while True:
        try:
            with transaction() as session:
                health.beat(session, process=name, kind=kind, detail=detail())
        except DBAPIError as error:
            structlog.get_logger().warning("heartbeat.missed", error=str(error.orig).splitlines()[0][:200])
        if stopped.wait(BEAT_SECONDS):
            return
