from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from flask import Flask

from tests.rooms import surroundings, web_app


@pytest.fixture
def house(monkeypatch: pytest.MonkeyPatch, fresh_database_url: str, redis_url: str, tmp_path: Path) -> Iterator[Flask]:
    """The whole web application over an empty, migrated database and an empty Valkey."""
    with surroundings(monkeypatch, database_url=fresh_database_url, redis_url=redis_url, home=tmp_path):
        with redis.Redis.from_url(redis_url) as valkey:
            valkey.flushdb()
        app = web_app()
        yield app
