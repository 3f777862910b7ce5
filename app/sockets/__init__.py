"""What speaks to browsers over Socket.IO. Stored facts reach them as pokes from workers/realtime.py; only ephemeral
signals (typing, viewing, presence) go straight from here to a room."""

from __future__ import annotations

from flask import Flask
from flask_socketio import SocketIO

from app.config import settings

MAX_FRAME_BYTES = 100_000

socketio = SocketIO()


def register(app: Flask) -> None:
    from app.sockets import inbox, webchat

    inbox.register(socketio)
    webchat.register(socketio)
    socketio.init_app(
        app,
        async_mode="gevent",
        transports=["websocket"],
        message_queue=settings().redis_url,
        cors_allowed_origins=[],
        max_http_buffer_size=MAX_FRAME_BYTES,
        manage_session=False,
    )
