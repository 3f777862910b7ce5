"""That customers type, as fetched channels tell it: to the pages of the agents who look at the conversation."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

import redis
from sqlalchemy.exc import SQLAlchemyError

from app.db import reading
from app.services import typing_signals
from connectors.typing_signal import Typing
from workers import realtime


def show(channel_id: int, typing: Sequence[Typing]) -> None:
    """Tell the rooms of the conversations in which these people type."""
    with suppress(SQLAlchemyError, redis.RedisError):  # fetching goes on without
        with reading() as session:
            conversations = typing_signals.heard(session, channel_id=channel_id, typing=typing)
        for public_id in conversations:
            realtime.customer_typing(str(public_id))
