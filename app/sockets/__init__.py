"""What speaks to browsers over Socket.IO. Stored facts reach them as pokes from workers/realtime.py; only ephemeral
signals (typing, viewing, presence) go straight from here to a room.
"""

from __future__ import annotations

from importlib import import_module

from flask import Flask
from flask_socketio import SocketIO

from app.config import settings

MAX_FRAME_BYTES = 100_000

ROOMS = ("inbox", "webchat")
socketio = SocketIO()


def register(app: Flask) -> None:
    """Add the namespaces and bind the server to the application."""
    for name in ROOMS:
        import_module(f"app.sockets.{name}").register(socketio)
    socketio.init_app(  # type: ignore[call-arg]  # the stubs do not know the engine's options
        app,
        async_mode="gevent",
        transports=["websocket"],  # polling would need sticky sessions
        message_queue=settings().redis_url,
        cors_allowed_origins=[],
        max_http_buffer_size=MAX_FRAME_BYTES,
        manage_session=False,
    )
