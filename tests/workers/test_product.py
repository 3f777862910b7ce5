"""The product itself under its supervisor: every process of the real Procfile, from an empty home."""

from __future__ import annotations

import http.client
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.workers.supervised import Supervised, start
from workers.children import read_procfile
from workers.embedded_postgres import connect_to
from workers.leash import wait_until
from workers.processes import ROOT

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def product(tmp_path: Path) -> Iterator[Supervised]:
    run = begin(tmp_path)
    yield run
    if run.process.poll() is None:
        run.process.kill()
        run.process.wait(10)
    assert wait_until(run.nothing_is_left, 30), run.left()


def begin(folder: Path) -> Supervised:
    run = start(folder / "home", ROOT / "Procfile", log=folder / "log")
    assert wait_until(lambda: run.is_up() or run.process.poll() is not None, 120), run.output
    assert run.process.poll() is None, run.output
    return run


def status(run: Supervised, path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", run.port, timeout=10)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    finally:
        connection.close()


def users(run: Supervised) -> object:
    with connect_to(run.settings()["DATABASE_URL"]) as connection:
        return connection.execute('SELECT count(*), min(id) FROM "user"').fetchone()


def test_it_starts_from_nothing_becomes_ready_stops_clean_and_keeps_its_state(
    product: Supervised, tmp_path: Path
) -> None:
    assert status(product, "/up") == 200
    assert wait_until(lambda: status(product, "/ready") == 200, 120, pause=0.5), product.output
    sign_in = product.home / "first-sign-in.txt"
    assert stat.S_IMODE(sign_in.stat().st_mode) == 0o600
    for name in read_procfile(ROOT / "Procfile"):
        assert f"{name} was ended" not in product.output
        assert f"{name} ended" not in product.output
    first, password = users(product), sign_in.read_text()
    product.process.send_signal(signal.SIGTERM)
    assert product.process.wait(60) == 0
    assert product.nothing_is_left(), product.left()

    again = begin(tmp_path)
    try:
        assert users(again) == first
        assert sign_in.read_text() == password
        doctor = subprocess.run(
            [sys.executable, "-m", "workers", "doctor"],
            cwd=ROOT,
            env={"TRIBUTARY_HOME": str(again.home), "PATH": "/usr/bin:/bin"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert "Database   answers" in doctor.stdout, doctor.stdout + doctor.stderr
        again.process.kill()
        again.process.wait(10)
    finally:
        assert wait_until(again.nothing_is_left, 30), again.left()
