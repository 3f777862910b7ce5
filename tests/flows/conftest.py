from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from tests.pipeline import Pipeline
from tests.rooms import surroundings
from tests.servers import Servers, database, fresh_name
from workers import queues, realtime


@pytest.fixture
def pipeline(
    monkeypatch: pytest.MonkeyPatch, fresh_database_url: str, redis_url: str, tmp_path: Path
) -> Iterator[Pipeline]:
    """The pipeline over an empty database and an empty Valkey, with real commits."""
    with surroundings(monkeypatch, database_url=fresh_database_url, redis_url=redis_url, home=tmp_path):
        yield from _over(redis_url, tmp_path)


@pytest.fixture
def elsewhere(
    monkeypatch: pytest.MonkeyPatch, servers: Servers, expected: object, redis_url: str, tmp_path: Path
) -> Iterator[Pipeline]:
    """A second pipeline, over another empty database, after `expected` has been read from the first."""
    with (
        database(servers, fresh_name()) as url,
        surroundings(monkeypatch, database_url=url, redis_url=redis_url, home=tmp_path / "elsewhere"),
    ):
        yield from _over(redis_url, tmp_path / "elsewhere")


def _over(redis_url: str, home: Path) -> Iterator[Pipeline]:
    for cached in (queues.connection, queues._queue, realtime._emitter):
        cached.cache_clear()
    with Redis.from_url(redis_url) as redis:
        redis.flushdb()
        yield Pipeline(redis=redis, folder=home / "sandbox")
    queues.connection().close()
