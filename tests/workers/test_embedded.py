"""The embedded servers: state is kept, folders are private, a stale note of a past run is no obstacle."""

from __future__ import annotations

import os
import re
import shutil
import stat
from pathlib import Path

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from sqlalchemy import create_engine, make_url, text

from app.errors import SetupError
from workers import embedded_postgres
from workers.embedded import postgres, valkey
from workers.embedded_postgres import connect_to


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_both_servers_keep_their_state_over_a_restart_in_a_home_with_spaces(tmp_path: Path) -> None:
    home = tmp_path / "a home, with spaces"
    home.mkdir()
    with postgres(home) as database_url, valkey(home) as redis_url:
        with connect_to(database_url) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 'ÄÖ ß 漢' AS word")
        with redis.Redis.from_url(redis_url) as client:
            client.set("kept", "too")
    with postgres(home) as database_url, valkey(home) as redis_url:
        with connect_to(database_url) as connection:
            assert connection.execute("SELECT word FROM kept").fetchone() == ("ÄÖ ß 漢",)
        with redis.Redis.from_url(redis_url) as client:
            assert client.get("kept") == b"too"


def test_sqlalchemy_takes_the_address_and_the_database_has_pgvector_and_utf8(tmp_path: Path) -> None:
    with postgres(tmp_path, hasty=True) as url:
        engine = create_engine(url)
        with engine.connect() as connection:
            assert connection.scalar(text("SELECT count(*) FROM pg_available_extensions WHERE name = 'vector'")) == 1
            assert connection.scalar(text("SHOW server_encoding")) == "UTF8"
            assert connection.scalar(text("SELECT lower('ÄÉ')")) == "äé"
        engine.dispose()


def test_nobody_else_can_read_the_state_and_the_home_keeps_the_mode_its_owner_gave_it(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o755)
    home.chmod(0o755)
    with postgres(home, hasty=True), valkey(home, hasty=True):
        assert mode(home) == 0o755
        folders = [path for path in home.iterdir() if path.is_dir()]
        assert len(folders) == 3
        assert {mode(path) for path in folders} == {0o700}
        assert mode(next(home.glob("valkey-*/valkey.conf"))) == 0o600


def test_valkey_refuses_whoever_does_not_know_the_password(tmp_path: Path) -> None:
    with valkey(tmp_path, hasty=True) as url:
        port = make_url(url).port
        assert port is not None
        with redis.Redis(port=port, retry=Retry(NoBackoff(), 0)) as stranger, pytest.raises(redis.AuthenticationError):
            stranger.ping()


@pytest.mark.parametrize("name", ["long" * 30, "a home, with spaces & ümlauts"])
def test_a_home_with_a_long_or_odd_path_gets_a_short_private_socket_folder(tmp_path: Path, name: str) -> None:
    home = tmp_path / name
    home.mkdir()
    with postgres(home, hasty=True) as url:
        folder = Path(str(make_url(url).query["host"]))
        assert len(os.fsencode(folder / ".s.PGSQL.5432.lock")) <= 100
        assert mode(folder) == 0o700
        assert re.fullmatch(r"[A-Za-z0-9/._-]+", str(folder))  # nothing that a URL could write in two ways
        with connect_to(url) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
    assert not folder.exists()


def test_a_socket_folder_that_somebody_else_could_write_to_is_refused(tmp_path: Path) -> None:
    home = tmp_path / ("other" * 30)
    home.mkdir()
    server = embedded_postgres.embedded_postgres(home, {"PATH": os.environ["PATH"]}, hasty=True)
    server.sockets.mkdir()
    server.sockets.chmod(0o777)
    try:
        with pytest.raises(SetupError, match="belongs to somebody else"):
            server.prepare()
    finally:
        server.sockets.rmdir()


def test_a_note_left_by_a_killed_server_whose_number_is_another_program_now_is_no_obstacle(tmp_path: Path) -> None:
    with postgres(tmp_path, hasty=True):
        pass
    note = tmp_path / "postgresql-18" / "postmaster.pid"
    note.write_text(f"{os.getpid()}\n{tmp_path}\n")  # this very process: alive, and no PostgreSQL
    with postgres(tmp_path, hasty=True) as url, connect_to(url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_an_interrupted_first_start_is_made_anew(tmp_path: Path) -> None:
    half_made = tmp_path / "postgresql-18.new"
    half_made.mkdir()
    (half_made / "PG_VERSION").write_text("18\n")
    with postgres(tmp_path, hasty=True) as url, connect_to(url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert not half_made.exists()


def test_a_server_that_cannot_start_says_its_last_words(tmp_path: Path) -> None:
    with postgres(tmp_path, hasty=True):
        pass
    (tmp_path / "postgresql-18" / "postgresql.conf").write_text("no_such_setting = 1\n")
    with pytest.raises(SetupError, match="no_such_setting"), postgres(tmp_path, hasty=True):
        pass


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can run PostgreSQL as another account")
def test_root_without_user_namespaces_runs_postgresql_as_another_account(tmp_path: Path) -> None:
    import psutil

    base = embedded_postgres.SHARED_BASE
    was_there = base.exists()
    with postgres(tmp_path, hasty=True, other_account=True) as url:
        folder = Path(str(make_url(url).query["host"]))
        pid = int((folder / "postmaster.pid").read_text().split()[0])
        assert psutil.Process(pid).uids().effective != 0
        with connect_to(url) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
    assert not folder.exists()
    if not was_there:
        shutil.rmtree(base)  # the copied programs


def test_a_damaged_file_of_valkey_can_be_set_aside(tmp_path: Path) -> None:
    from workers.embedded_valkey import embedded_valkey

    with valkey(tmp_path) as url, redis.Redis.from_url(url) as client:
        client.set("a", "b")
    server = embedded_valkey(tmp_path, {"PATH": os.environ["PATH"]})
    for part in server.folder.glob("appendonlydir/*.base.*"):
        part.write_bytes(b"rubbish" * 100)
    with pytest.raises(SetupError), valkey(tmp_path):
        pass
    aside = server.set_data_aside()
    assert aside is not None
    with valkey(tmp_path) as url, redis.Redis.from_url(url) as client:
        assert client.get("a") is None
    shutil.rmtree(aside)
