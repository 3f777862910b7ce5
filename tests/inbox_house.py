"""The web application over a seeded workspace, one database a test module; tests take conversations of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
import redis
from flask import Flask
from sqlalchemy import event

from app import db
from app.models import Conversation
from tests.rooms import Visitor, surroundings, web_app
from tests.seed import PASSWORD, Workspace, seed
from tests.servers import Servers, database, fresh_name

PLAIN = ("SET TRANSACTION", "SAVEPOINT", "RELEASE", "ROLLBACK")


@dataclass(frozen=True, slots=True)
class Seeded:
    app: Flask
    made: Workspace

    def visitor(self, who: str = "ana") -> Visitor:
        """Return a signed-in browser without scripts."""
        browser = Visitor(self.app)
        browser.sign_in(f"{who}@harbourpine.example", PASSWORD)
        return browser

    def path(self, contact: str) -> str:
        return f"/inbox/c/{self.public_id(contact)}"

    def public_id(self, contact: str) -> str:
        return str(self.made.conversations[contact].public_id)

    def now(self, contact: str) -> Conversation:
        """Return the conversation's row as it is now."""
        with db.reading() as session:
            return session.get_one(Conversation, self.made.conversations[contact].id)


@pytest.fixture(scope="module")
def seeded(servers: Servers, redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seeded]:
    home = tmp_path_factory.mktemp("home")
    with (
        database(servers, fresh_name()) as url,
        pytest.MonkeyPatch.context() as patch,
        surroundings(patch, database_url=url, redis_url=redis_url, home=home),
    ):
        with redis.Redis.from_url(redis_url) as valkey:
            valkey.flushdb()
        with db.transaction() as session:
            made = seed(session)
        app = web_app()
        yield Seeded(app, made)


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
