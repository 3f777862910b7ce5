"""From an agent's socket to the process that tells providers: a hint through Redis that nobody keeps.

This process calls no provider. What is published while nobody listens is lost, as it may be.
"""

from __future__ import annotations

from contextlib import suppress
from functools import cache

import redis

from app.config import settings
from app.services.typing_signals import HINTS

SECONDS = 1.0


def publish(public_id: str) -> None:
    """Say that somebody here types a reply in a conversation."""
    with suppress(redis.RedisError):
        _connection().publish(HINTS, public_id)


@cache
def _connection() -> redis.Redis:
    return redis.Redis.from_url(settings().redis_url, socket_timeout=SECONDS, socket_connect_timeout=SECONDS)
