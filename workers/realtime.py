"""The only emitter outside the web process: pokes go to the browsers through the Redis message queue."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from app.config import settings
from app.events import POKE
from workers.subscriptions import AGENTS, Poke


def emit(pokes: Iterable[Poke]) -> None:
    """Tell the rooms. A poke is a hint: one that is lost costs a browser nothing but time."""
    for poke in pokes:
        _emitter().emit(POKE, dict(poke.payload), to=poke.room, namespace=poke.namespace)


def disconnect(connections: Sequence[str]) -> None:
    """Close sockets whose user lost access; the browser connects again and joins what it may."""
    for connection in connections:
        _emitter().server.manager.disconnect(connection, AGENTS)


@cache
def _emitter() -> Any:
    from flask_socketio import SocketIO

    return SocketIO(message_queue=settings().redis_url, async_mode="threading")
