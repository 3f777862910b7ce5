from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from flask.cli import ScriptInfo

from app import cli
from tests.rooms import surroundings

Run = Callable[..., Result]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, fresh_database_url: str, redis_url: str, home: Path) -> Iterator[Run]:
    """Call it with the words of a command, as after `flask`; the database is empty and migrated."""
    with surroundings(monkeypatch, database_url=fresh_database_url, redis_url=redis_url, home=home):
        app = Flask("commands")
        cli.register(app)

        def call(*words: str, typed: str = "") -> Result:
            runner = app.test_cli_runner()
            return runner.invoke(app.cli, list(words), input=typed, obj=ScriptInfo(create_app=lambda: app))

        yield call
