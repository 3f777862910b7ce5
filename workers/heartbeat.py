"""Each process says every few seconds that it lives; `doctor` and /ready read it."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from app.db import first_line, transaction
from app.log import get_logger
from app.services import health

BEAT_SECONDS = 5.0
_stop = threading.Event()


@contextmanager
def beating(kind: str, detail: Callable[[], dict[str, Any]] = dict) -> Iterator[None]:
    """Beat in the background while the block runs. The thread owns its own connection.

    The first beat comes before the thread: it imports the driver and configures the models, and a child forked while
    another thread holds the locks of that would wait for them for ever.
    """
    name = f"{kind}@{socket.gethostname()}:{os.getpid()}"
    _beat(name, kind, detail)
    stopped = threading.Event()
    thread = threading.Thread(target=_go_on, args=(name, kind, detail, stopped), name="heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join(timeout=BEAT_SECONDS)


def pause(seconds: float) -> None:
    """Wait; nothing in this process interrupts it but a signal."""
    _stop.wait(seconds)


def _go_on(name: str, kind: str, detail: Callable[[], dict[str, Any]], stopped: threading.Event) -> None:
    while not stopped.wait(BEAT_SECONDS):
        _beat(name, kind, detail)


def _beat(name: str, kind: str, detail: Callable[[], dict[str, Any]]) -> None:
    try:
        with transaction() as session:
            health.beat(session, process=name, kind=kind, detail=detail())
    except SQLAlchemyError as error:
        get_logger().warning("heartbeat.missed", error=first_line(error))
