"""Bytes that once broke a `parse`, found by changing what fixtures hold: they are messages or Malformed, nothing else."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.base import RawDelivery
from connectors.errors import Malformed
from connectors.registry import connector_for

FEED = {
    "from": {"id": "7", "name": "Ana"},
    "item": "photo",
    "verb": "add",
    "post_id": "1_2",
    "message": "See",
    "photos": True,
}
SLACK_FILE = {"id": "F1", "name": "a.png", "mode": {"a": [1]}, "url_private": "https://files.slack.com/a.png"}
SLACK_EVENT = {"type": "message", "channel": "C1", "user": "U1", "text": "See", "ts": "1.2", "files": [SLACK_FILE]}


@pytest.mark.parametrize(
    ("kind", "raw"),
    [
        ("slack", json.dumps({"type": "event_callback", "event": SLACK_EVENT})),
        (
            "facebook",
            json.dumps({"object": "page", "entry": [{"id": "1", "changes": [{"field": "feed", "value": FEED}]}]}),
        ),
        ("reviews", "[" * 900 + "]" * 900),
    ],
)
def test_parse_ends_well(kind: str, raw: str) -> None:
    heard: list[Any] = []
    with suppress(Malformed):
        heard = connector_for(kind).parse(RawDelivery(raw.encode(), datetime.now(UTC)))
    assert len(heard) == (kind != "reviews")
