from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine
from sqlalchemy.orm import Session

from tests.rooms import surroundings


@pytest.fixture(scope="session")
def engine(database_url: str) -> Iterator[Engine]:
    engine = create_engine(database_url, connect_args={"options": "-c timezone=UTC"})
    yield engine
    engine.dispose()


@pytest.fixture
def session(
    monkeypatch: pytest.MonkeyPatch, engine: Engine, database_url: str, redis_url: str, tmp_path: Path
) -> Iterator[Session]:
    """A session inside one outer transaction that is rolled back; the services' own flushes are real."""
    here = surroundings(monkeypatch, database_url=database_url, redis_url=redis_url, home=tmp_path)
    with here, engine.connect() as connection:
        outer = connection.begin()
        with Session(connection, join_transaction_mode="create_savepoint", expire_on_commit=False) as session:
            yield session
        outer.rollback()
