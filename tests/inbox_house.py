"""The web application over a seeded workspace, one database a test module; tests take conversations of their own."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import redis
from flask import Flask
from sqlalchemy import event

from app import db
from app.models import Conversation
from tests.databases import Content
from tests.rooms import Visitor, surroundings, web_app
from tests.seed import Workspace, seed
from tests.servers import Servers, database, databases_of, fresh_name

PLAIN = ("SET TRANSACTION", "SAVEPOINT", "RELEASE", "ROLLBACK")


@dataclass(frozen=True, slots=True)
class Seeded:
    app: Flask
    made: Workspace

    def visitor(self, who: str = "ana") -> Visitor:
        """Return a signed-in browser without scripts."""
        browser = Visitor(self.app)
        browser.enter(f"{who}@harbourpine.example")
        return browser

    def path(self, contact: str) -> str:
        return f"/inbox/c/{self.public_id(contact)}"

    def public_id(self, contact: str) -> str:
        return str(self.made.conversations[contact].public_id)

    def now(self, contact: str) -> Conversation:
        """Return the conversation's row as it is now."""
        with db.reading() as session:
            return session.get_one(Conversation, self.made.conversations[contact].id)


@dataclass(frozen=True, slots=True)
class Seed:
    """A seeded workspace, made once a process: what its database holds, its folder, and the rows by name."""

    content: Content
    home: Path
    made: Workspace


_seeds: dict[Servers, Seed] = {}


@pytest.fixture(scope="module")
def seeded(servers: Servers, redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seeded]:
    """Give a workspace of the module's own, as tests/seed.py makes it."""
    if servers not in _seeds:
        _seeds[servers] = _seed(servers, redis_url, tmp_path_factory.mktemp("seed"))
    made_once = _seeds[servers]
    home = tmp_path_factory.mktemp("home")
    shutil.copytree(made_once.home, home, dirs_exist_ok=True)
    name = fresh_name()
    with database(servers, name) as url, pytest.MonkeyPatch.context() as patch:
        databases_of(servers).fill(name, made_once.content)
        with surroundings(patch, database_url=url, redis_url=redis_url, home=home):
            with redis.Redis.from_url(redis_url) as valkey:
                valkey.flushdb()
            yield Seeded(web_app(), made_once.made)


def _seed(servers: Servers, redis_url: str, home: Path) -> Seed:
    name = fresh_name()
    with database(servers, name) as url, pytest.MonkeyPatch.context() as patch:
        with surroundings(patch, database_url=url, redis_url=redis_url, home=home), db.transaction() as session:
            made = seed(session)
        return Seed(databases_of(servers).content(name), home, made)


@contextmanager
def counted() -> Iterator[list[str]]:
    """Collect the SQL statements of a block, without those that only begin or end something."""
    said: list[str] = []

    def hear(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.startswith(PLAIN):
            said.append(statement)

    engine = db.engine()
    event.listen(engine, "before_cursor_execute", hear)
    try:
        yield said
    finally:
        event.remove(engine, "before_cursor_execute", hear)


def part(name: str) -> dict[str, str]:
    """Return the headers with which htmx asks for one part of a page."""
    return {"HX-Request": "true", "HX-Request-Type": "partial", "HX-Target": f"section#{name}"}


Get = Callable[[str], Any]
