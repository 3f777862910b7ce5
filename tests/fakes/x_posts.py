"""Posts and direct messages of X's API v2, and lines of its stream."""

from __future__ import annotations

import json
from typing import Any

from tests.fakes.x_signature import ACCOUNT

CUSTOMER = "2222222222222222222"


def post(number: int, text: str = "@AcmeSupport help", author: str = CUSTOMER, **more: Any) -> dict[str, Any]:
    """A post of API v2."""
    name = str(number)
    return {
        "id": name,
        "text": text,
        "author_id": author,
        "conversation_id": name,
        "edit_history_tweet_ids": [name],
        **more,
    }


def message(number: int, text: str = "hello", sender: str = CUSTOMER) -> dict[str, Any]:
    """A direct message of API v2."""
    conversation = f"{ACCOUNT}-{CUSTOMER}"
    return {
        "id": str(number),
        "event_type": "MessageCreate",
        "text": text,
        "sender_id": sender,
        "dm_conversation_id": conversation,
        "created_at": "2026-11-22T10:00:00.000Z",
    }


def line(page: dict[str, Any]) -> bytes:
    """One line of the stream."""
    return json.dumps(page).encode()
