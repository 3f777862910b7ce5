"""The tables can be made, taken down and made again, and are what the models say."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from app.config import ROOT
from tests.rooms import surroundings

CONFIG = Config(toml_file=str(ROOT / "pyproject.toml"))


def test_there_is_one_line_of_migrations() -> None:
    assert len(ScriptDirectory.from_config(CONFIG).get_heads()) == 1


def test_up_down_and_up_again_ends_where_the_models_are(
    monkeypatch: pytest.MonkeyPatch, fresh_database_url: str, redis_url: str, tmp_path: Path
) -> None:
    with surroundings(monkeypatch, database_url=fresh_database_url, redis_url=redis_url, home=tmp_path):
        command.downgrade(CONFIG, "base")
        command.upgrade(CONFIG, "head")
        command.check(CONFIG)
