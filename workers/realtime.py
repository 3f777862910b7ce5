"""The only emitter outside the web process: pokes and signals go to the browsers through the Redis message queue."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from app.config import settings
from app.events import POKE
from workers.subscriptions import AGENTS, Poke

TYPING = "typing"  # as app/sockets/inbox.py calls it


def emit(pokes: Iterable[Poke]) -> None:
    """Tell the rooms. A poke is a hint: one that is lost costs a browser nothing but time."""
    for poke in pokes:
        _emitter().emit(POKE, dict(poke.payload), to=poke.room, namespace=poke.namespace)


def customer_typing(conversation: str) -> None:
    """Tell those who look at a conversation that its customer types, as a chat visitor's own socket would."""
    signal = {"conversation": conversation, "who": "customer"}
    _emitter().emit(TYPING, signal, to=f"conversation:{conversation}", namespace=AGENTS)


def disconnect(connections: Sequence[str]) -> None:
    """Close sockets whose user lost access; the browser connects again and joins what it may."""
    for connection in connections:
        _emitter().server.manager.disconnect(connection, AGENTS)


@cache
def _emitter() -> Any:
    from flask_socketio import SocketIO

    return SocketIO(message_queue=settings().redis_url, async_mode="threading")
