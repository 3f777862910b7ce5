"""The one rate limiter: counts in Redis, exact over processes; in memory while Redis is away."""

from __future__ import annotations

from flask import Flask
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

from app.config import settings

REDIS_WAIT_SECONDS = 2

limiter = Limiter(key_func=get_remote_address, in_memory_fallback_enabled=True, strategy="fixed-window")


def register(app: Flask) -> None:
    """Attach the limiter to the application, once, whichever page module asks first."""
    if limiter in app.extensions.get("limiter", ()):
        return
    app.config.setdefault("RATELIMIT_STORAGE_URI", settings().redis_url)
    app.config.setdefault(
        "RATELIMIT_STORAGE_OPTIONS",
        {"socket_connect_timeout": REDIS_WAIT_SECONDS, "socket_timeout": REDIS_WAIT_SECONDS},
    )
    limiter.init_app(app)
