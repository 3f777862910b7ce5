"""Fixtures that every room's tests share; the machinery is in tests/servers.py."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.order import long_ones_first
from tests.servers import Servers, database, fresh_name, redis_url_of, servers_of, stop_servers, tell_worker
from tests.standing import Standing


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: object) -> None:
    tell_worker(node)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    shared_with: dict[str, int] | None = getattr(config, "workerinput", None)
    if shared_with:  # one of several workers: all of them must come to the same order
        items[:] = long_ones_first(items, file_of=lambda item: item.path, workers=shared_with["workercount"])


def pytest_unconfigure(config: pytest.Config) -> None:
    stop_servers(config)


@pytest.fixture(scope="session")
def servers(request: pytest.FixtureRequest) -> Servers:
    return servers_of(request.config)


@pytest.fixture(scope="session")
def database_url(servers: Servers) -> Iterator[str]:
    """The worker's own migrated database; tests that commit use `fresh_database_url`."""
    with database(servers, fresh_name()) as url:
        yield url


@pytest.fixture
def fresh_database_url(servers: Servers) -> Iterator[str]:
    """A migrated database for this one test."""
    with database(servers, fresh_name()) as url:
        yield url


@pytest.fixture(scope="session")
def redis_url(servers: Servers, worker_id: str) -> str:
    """A Valkey database that no other worker uses."""
    return redis_url_of(servers, worker_id)


@pytest.fixture(scope="session")
def standing(servers: Servers, worker_id: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standing]:
    """Give the worker's product for browser tests, not yet started."""
    redis_url = redis_url_of(servers, worker_id, standing=True)
    stands = Standing(servers, redis_url, tmp_path_factory.mktemp("standing"))
    yield stands
    stands.end()
