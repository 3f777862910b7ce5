"""One PostgreSQL and one Valkey for a whole test run, and a database of its own for each pytest worker.

With pytest-xdist the controller starts the servers and tells the workers where they are; without it they start when a
test first asks. Either way they end with the run, and a killed run leaves none behind (workers/leash.py).
"""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import URL, make_url

from tests.databases import TEMPLATE, Databases
from workers.embedded import postgres, valkey
from workers.embedded_postgres import connect_to
from workers.processes import ROOT


@dataclass(frozen=True, slots=True)
class Servers:
    """Where the servers of this run are; plain strings, so that xdist can hand them to its workers."""

    home: str
    database_url: str
    redis_url: str


VALKEY_DATABASES = 16  # as many as it has where nothing else is said

STARTED = pytest.StashKey[tuple[Servers, ExitStack]]()


def servers_of(config: pytest.Config) -> Servers:
    """Return the run's servers; the first call in the process that owns the run starts them."""
    if hasattr(config, "workerinput"):
        return Servers(**config.workerinput["servers"])
    if STARTED not in config.stash:
        stack = ExitStack()
        home = stack.enter_context(tempfile.TemporaryDirectory(prefix="tributary-tests-", ignore_cleanup_errors=True))
        database_url = stack.enter_context(postgres(Path(home), hasty=True))
        redis_url = stack.enter_context(valkey(Path(home), hasty=True))
        config.stash[STARTED] = (Servers(home, database_url, redis_url), stack)
    return config.stash[STARTED][0]


def tell_worker(node: Any) -> None:
    """Hand the servers' addresses to one xdist worker."""
    node.workerinput["servers"] = asdict(servers_of(node.config))


def stop_servers(config: pytest.Config) -> None:
    if STARTED in config.stash:
        config.stash[STARTED][1].close()
        del config.stash[STARTED]


@contextmanager
def database(servers: Servers, name: str) -> Iterator[str]:
    """Give a migrated, empty database for the length of a block; yields its URL."""
    with databases_of(servers).one(name) as url:
        yield url


def fresh_name() -> str:
    return f"tributary_{uuid4().hex[:12]}"


def redis_url_of(servers: Servers, worker_id: str, *, standing: bool = False) -> str:
    """Return the address of a Valkey database that only this worker uses (database 0 stays empty).

    Each worker has two: one that its tests empty as they like, and one for the product that stands all the while.
    """
    number = 1 + int(worker_id.removeprefix("gw")) if worker_id.startswith("gw") else 1
    return servers.redis_url.removesuffix("/0") + f"/{number + (VALKEY_DATABASES // 2 if standing else 0)}"


@cache
def databases_of(servers: Servers) -> Databases:
    """Return this process's databases."""
    _migrate_template_once(servers)
    return Databases(make_url(servers.database_url))


def _migrate_template_once(servers: Servers) -> None:
    with Path(servers.home, "template.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another worker may be at it
        if _execute(servers, "SELECT 1 FROM pg_database WHERE datname = %s", TEMPLATE):
            return
        raw = fresh_name()
        _execute(servers, f'CREATE DATABASE "{raw}"')
        migrated = subprocess.run(
            [sys.executable, "-m", "alembic", "upgrade", "head"],
            cwd=ROOT,
            env={
                **os.environ,
                "TRIBUTARY_HOME": servers.home,
                "DATABASE_URL": _url(servers, raw).render_as_string(hide_password=False),
                "REDIS_URL": servers.redis_url,
            },
            capture_output=True,
            text=True,
            check=False,
        )
        assert migrated.returncode == 0, f"the migrations failed:\n{migrated.stdout}\n{migrated.stderr}"
        _execute(servers, f'ALTER DATABASE "{raw}" RENAME TO "{TEMPLATE}"')


def _url(servers: Servers, database_name: str) -> URL:
    return make_url(servers.database_url).set(database=database_name)


def _execute(servers: Servers, statement: str, *values: str) -> list[tuple[object, ...]]:
    with connect_to(_url(servers, "postgres")) as connection:
        cursor = connection.execute(statement, values)
        return cursor.fetchall() if cursor.description is not None else []
