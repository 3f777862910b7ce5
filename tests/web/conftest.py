from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest
import redis
from flask import Flask

from app import sockets, web
from app.factory import create_app
from connectors import registry
from tests.rooms import surroundings


def _is_there(name: str) -> bool:
    try:
        import_module(name)
    except ImportError:
        return False
    return True


@pytest.fixture
def house(monkeypatch: pytest.MonkeyPatch, fresh_database_url: str, redis_url: str, tmp_path: Path) -> Iterator[Flask]:
    """The whole web application over an empty, migrated database and an empty Valkey."""
    monkeypatch.setattr(web, "ROOMS", tuple(room for room in web.ROOMS if _is_there(f"app.web.{room}")))
    if not find_spec("app.sockets.inbox"):
        monkeypatch.setattr(sockets, "register", lambda app: None)
    for kind, place in list(registry.KINDS.items()):
        if not find_spec(place.partition(":")[0]):
            monkeypatch.delitem(registry.KINDS, kind)
    with surroundings(monkeypatch, database_url=fresh_database_url, redis_url=redis_url, home=tmp_path):
        with redis.Redis.from_url(redis_url) as valkey:
            valkey.flushdb()
        app = create_app()
        app.testing = True
        yield app
