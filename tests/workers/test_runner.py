"""The supervisor with real servers and real processes: it starts, mends, refuses, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.workers.supervised import Supervised, end, start, supervised, write_procfile
from workers.embedded_postgres import connect_to
from workers.leash import wait_until


@pytest.fixture
def procfile(tmp_path: Path) -> Path:
    return write_procfile(tmp_path)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Supervised]:
    """One run that several tests look at."""
    folder = tmp_path_factory.mktemp("a folder with spaces")
    with supervised(folder / "home", write_procfile(folder)) as run:
        yield run


def connect(run: Supervised) -> psycopg.Connection[tuple[object, ...]]:
    return connect_to(run.settings()["DATABASE_URL"])


def test_it_says_where_the_page_is_and_shows_every_line_under_its_process(running: Supervised) -> None:
    assert f"http://127.0.0.1:{running.port}" in running.output
    for line in ("web       │ serving as", "worker    │ worker is"):
        assert wait_until(lambda line=line: line in running.output, 30), running.output  # type: ignore[misc]


def test_commands_typed_by_hand_find_its_servers_and_nobody_else_can_read_where(running: Supervised) -> None:
    note = running.home / "run.env"
    assert stat.S_IMODE(note.stat().st_mode) == 0o600
    assert running.settings()["REDIS_URL"].startswith("redis://")
    with connect(running) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_second_supervisor_on_the_same_home_is_refused_in_one_sentence(running: Supervised, procfile: Path) -> None:
    second = start(running.home, procfile)
    assert second.process.wait(30) == 2
    assert second.output.startswith("Tributary already runs from")
    assert second.output.count("\n") == 1
    assert running.process.poll() is None


def test_a_taken_port_is_one_sentence_and_starts_nothing(running: Supervised, tmp_path: Path, procfile: Path) -> None:
    second = start(tmp_path / "other", procfile, port=running.port)
    assert second.process.wait(30) == 2
    assert second.output.startswith(f"Port {running.port} is taken")
    assert second.output.count("\n") == 1
    assert not (tmp_path / "other").exists()


def test_a_process_that_is_killed_is_started_again(running: Supervised) -> None:
    first = running.number_of("serving as ")
    os.kill(first, signal.SIGKILL)
    assert wait_until(lambda: running.number_of("serving as ") != first, 30), running.output
    assert "web was ended by signal 9; starting it again" in running.output


def test_a_killed_database_comes_back_with_its_data(running: Supervised) -> None:
    with connect(running) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 1 AS one")
    pid = int((running.home / "postgresql-18" / "postmaster.pid").read_text().split()[0])
    os.kill(pid, signal.SIGKILL)

    def is_back() -> bool:
        try:
            with connect(running) as connection:
                return connection.execute("SELECT one FROM kept").fetchone() == (1,)
        except psycopg.OperationalError:
            return False

    assert wait_until(lambda: "postgresql was ended by signal 9" in running.output, 30), running.output
    assert wait_until(is_back, 60), running.output


def test_term_stops_everything_and_the_state_is_there_at_the_next_start(tmp_path: Path, procfile: Path) -> None:
    home = tmp_path / "home"
    with supervised(home, procfile) as run:
        horse = run.number_of("horse is ")
        assert {run.process.pid, horse} <= set(run.left())
        with connect(run) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 'still here' AS words")
        run.process.terminate()
        assert run.process.wait(60) == 0
        assert run.nothing_is_left(), run.left()
        assert not (home / "run.env").exists()
        assert "everything has stopped" in run.output
    with supervised(home, procfile) as run, connect(run) as connection:
        assert connection.execute("SELECT words FROM kept").fetchone() == ("still here",)


def test_a_killed_supervisor_leaves_no_process_and_the_next_one_waits_for_that(tmp_path: Path, procfile: Path) -> None:
    home = tmp_path / "home"
    with supervised(home, procfile) as run:
        horse = run.number_of("horse is ")
        assert horse in run.left()
        run.process.kill()
        run.process.wait(10)
        next_run = start(home, procfile)
        try:
            assert wait_until(run.nothing_tagged_is_left, 30), run.left()
            assert wait_until(next_run.is_up, 60), next_run.output
        finally:
            end(next_run)


def test_it_stops_when_it_follows_a_parent_that_is_killed(tmp_path: Path, procfile: Path) -> None:
    wrap = ("sh", "-c", '"$@" --follow-parent & wait', "sh")
    run = start(tmp_path / "home", procfile, wrap=wrap)
    try:
        assert wait_until(run.is_up, 60), run.output
        run.process.kill()
        run.process.wait(10)
        assert wait_until(run.nothing_is_left, 30), run.left()
    finally:
        end(run)


def test_a_stop_in_the_middle_of_the_first_start_leaves_nothing_and_spoils_nothing(
    tmp_path: Path, procfile: Path
) -> None:
    home = tmp_path / "home"
    run = start(home, procfile)
    assert wait_until(lambda: (home / "postgresql-18.new").exists() or run.is_up(), 60, pause=0.001)
    end(run)
    with supervised(home, procfile) as again, connect(again) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_it_stops_when_nobody_reads_its_screen_any_more(tmp_path: Path) -> None:
    (tmp_path / "talker.py").write_text("import time\nwhile True:\n    print(1)\n    time.sleep(0.1)\n")
    procfile = write_procfile(tmp_path, f"talker: python '{tmp_path}/talker.py'\n")
    run = start(tmp_path / "home", procfile, wrap=("sh", "-c", '"$@" | head -n 40', "sh"))
    run.process.wait(90)
    assert wait_until(run.nothing_is_left, 30), run.left()


@pytest.mark.parametrize(
    ("setting", "value", "sentence"),
    [
        ("PORT", "eighty", "PORT must be a number"),
        ("HOST", "203.0.113.7", "is no address of this machine"),
        ("DATABASE_URL", "nonsense", "DATABASE_URL must look like"),
        ("DATABASE_URL", "postgresql://127.0.0.1:1/none", "no PostgreSQL answers"),
        ("REDIS_URL", "nonsense", "REDIS_URL must look like"),
        ("REDIS_URL", "redis://127.0.0.1:1/0", "no Redis or Valkey answers"),
        ("TRIBUTARY_HOME", "/proc/nowhere", "cannot be used"),
    ],
)
def test_a_setting_that_cannot_be_used_is_one_sentence(
    tmp_path: Path, procfile: Path, setting: str, value: str, sentence: str
) -> None:
    run = start(tmp_path / "home", procfile, env={setting: value})
    assert run.process.wait(60) == 2
    complaint = run.output.strip().splitlines()[-1]
    assert sentence in complaint
    assert "Traceback" not in run.output
    assert wait_until(run.nothing_is_left, 30), run.left()


def test_given_servers_are_used_and_none_is_started(tmp_path: Path, procfile: Path, running: Supervised) -> None:
    given = {name: running.settings()[name] for name in ("DATABASE_URL", "REDIS_URL")}
    given["DATABASE_URL"] = given["DATABASE_URL"].replace("+psycopg", "")
    home = tmp_path / "home"
    with supervised(home, procfile, env=given) as run:
        assert run.settings()["DATABASE_URL"].startswith("postgresql+psycopg://")
        assert not list(home.glob("postgresql*")) + list(home.glob("valkey*"))


def test_a_release_that_fails_stops_everything_and_says_so(tmp_path: Path) -> None:
    procfile = write_procfile(tmp_path, "release: python -c 'raise SystemExit(\"no such column\")'\n")
    run = start(tmp_path / "home", procfile)
    assert run.process.wait(60) == 2
    assert "release   │ no such column" in run.output
    assert run.output.strip().endswith("failed with status 1: see the lines above")
    assert wait_until(run.nothing_is_left, 30), run.left()


def test_listening_on_all_interfaces_is_asked_for_by_name_only(tmp_path: Path, procfile: Path) -> None:
    with supervised(tmp_path / "home", procfile, env={"HOST": "0.0.0.0"}) as run:
        with socket.create_connection(("127.0.0.1", run.port), timeout=5):
            pass
        assert run.settings()["HOST"] == "0.0.0.0"
