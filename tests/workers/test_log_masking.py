"""What reaches the log of a real process: the line, without what is personal in it."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer

from tests.loops import free_port
from workers.processes import ROOT

CARD, SECRET = "4111 1111 1111 1111", "Hunter2xyz"
PROGRAM = f"""
import threading
from app.log import configure, get_logger
configure("proof")
get_logger().warning("mail.refused", reason="card {CARD} of kim@example.com", password="{SECRET}", ids=[1, 2])
get_logger().error("mail.parked", detail={{"text": ["call +1 212 555 2368"]}}, message_id=123456789)
try:
    raise ValueError("my password is {SECRET}")
except ValueError:
    get_logger().exception("mail.failed")
    import logging
    logging.getLogger("somebody").exception("of %s", "kim@example.com")
thread = threading.Thread(target=lambda: int("{CARD}"))
thread.start(); thread.join()
raise RuntimeError("DE89 3704 0044 0532 0130 00")
"""


def environment(home: Path, redis_url: str, database_url: str) -> dict[str, str]:
    own = {"TRIBUTARY_HOME": str(home), "REDIS_URL": redis_url, "DATABASE_URL": database_url, "DEMO": "0"}
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "COV_"))}
    return {**kept, **own, "PYTHONUNBUFFERED": "1", "BASE_URL": "http://127.0.0.1"}


@contextmanager
def process(argv: list[str], env: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as output:
        running = subprocess.Popen(argv, cwd=ROOT, env=env, stdout=output, stderr=subprocess.STDOUT)
    try:
        yield running
    finally:
        running.send_signal(signal.SIGTERM)
        try:
            running.wait(20)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()


def wait_for(log: Path, words: str) -> str:
    deadline = time.monotonic() + 60
    while words not in log.read_text() and time.monotonic() < deadline:
        time.sleep(0.1)
    return log.read_text()


def test_a_process_that_logs_all_it_knows_tells_nothing_personal() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )
    written = done.stdout + done.stderr
    assert done.returncode == 1
    for secret in (CARD, SECRET, "kim@example.com", "555 2368", "0532 0130"):
        assert secret not in written
    for kept in (
        "mail.refused",
        "[card ••••1111]",
        "123456789",
        "[1, 2]",
        "ValueError",
        "[phone ••••2368]",
        "[IBAN ••••3000]",
    ):
        assert kept in written.encode().decode("unicode_escape", errors="ignore") or kept in written, (kept, written)


def test_a_worker_whose_job_fails_masks_the_traceback(tmp_path: Path, redis_url: str) -> None:
    log = tmp_path / "worker.log"
    with Redis.from_url(redis_url) as redis:
        Queue("default", connection=redis, serializer=JSONSerializer).enqueue(f"workers.jobs.no {CARD}", [1])
    env = environment(tmp_path, redis_url, "postgresql+psycopg://nobody@/nothing?host=/nowhere")
    with process([sys.executable, "-m", "workers", "run", "default"], env, log):
        written = wait_for(log, "workers.jobs.no")
    assert "workers.jobs.no" in written
    assert CARD not in written


def test_the_web_process_masks_the_address_of_a_failed_request(tmp_path: Path, redis_url: str) -> None:
    log, port = tmp_path / "web.log", free_port()
    env = environment(tmp_path, redis_url, "postgresql+psycopg://nobody@/nothing?host=/nowhere")
    gunicorn = [
        sys.executable,
        "-m",
        "gunicorn",
        "-k",
        "gevent",
        "-w",
        "1",
        "--no-control-socket",
        "--access-logfile",
        "-",
    ]
    with process([*gunicorn, "--bind", f"127.0.0.1:{port}", "app.factory:create_app()"], env, log):
        wait_for(log, "Booting worker")
        wait_until_answers(port)
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        connection.request("GET", "/forms/4111111111111111?email=kim@example.com")
        assert connection.getresponse().status >= 404
        connection.close()
        written = wait_for(log, "/forms/")
    assert "/forms/[card ••••1111]" in written
    assert "4111111111111111" not in written
    assert "kim@example.com" not in written


def wait_until_answers(port: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/up")
            connection.getresponse().read()
        except OSError:
            time.sleep(0.2)
        else:
            return
    pytest.fail("the web process does not answer")
