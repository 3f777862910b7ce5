"""A database, a Valkey and a mailbox for one benchmark, with durable writes as in production."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from app import config, db
from tests.dovecot import Dovecot, Mailbox
from workers.embedded import postgres, valkey


@dataclass(frozen=True, slots=True)
class House:
    home: Path
    database_url: str
    redis_url: str
    mailbox: Mailbox

    def server_pids(self) -> list[int]:
        """Return the servers' processes (children of this one)."""
        names = {"postgres", "valkey-server"}
        return [child.pid for child in psutil.Process().children(recursive=True) if child.name() in names]


@contextmanager
def house() -> Iterator[House]:
    """Start everything, point the settings at it, and migrate."""
    with ExitStack() as stack:
        home = Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="tributary-bench-", ignore_cleanup_errors=True))
        )
        database_url, redis_url = stack.enter_context(postgres(home)), stack.enter_context(valkey(home))
        mail_server = Dovecot()
        stack.callback(mail_server.close)
        os.environ.update(DATABASE_URL=database_url, REDIS_URL=redis_url, TRIBUTARY_HOME=str(home))
        config.forget()
        db.forget()
        stack.callback(_let_go)
        _migrate()
        yield House(home, database_url, redis_url, mail_server.new_mailbox())


def _let_go() -> None:
    db.engine().dispose()
    db.forget()


def _migrate() -> None:
    from alembic import command
    from alembic.config import Config

    command.upgrade(Config(toml_file=str(config.ROOT / "pyproject.toml")), "head")
