"""A real supervisor over small processes of its own, and a look at what it leaves behind."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import psutil

from app.config import read_env_file
from workers.leash import wait_until
from workers.processes import ROOT

TAG = "TRIBUTARY_TEST"
PAGE = """
import http.server, os

class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/up" else 404)
        self.end_headers()
    def log_message(self, *_):
        pass

print("serving as", os.getpid())
http.server.HTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Page).serve_forever()
"""
# forks as RQ does: the horse leaves the group and does not hear of its parent's end
WORKER = """
import os, time

if os.fork() == 0:
    os.setsid()
    os.write(1, f"horse is {os.getpid()}\\n".encode())  # in one piece: two processes share this line
    time.sleep(600)
os.write(1, f"worker is {os.getpid()}\\n".encode())
time.sleep(600)
"""


@dataclass(slots=True)
class Supervised:
    """One supervisor in its own home."""

    process: subprocess.Popen[str]
    home: Path
    tag: str
    port: int
    log: Path

    @property
    def output(self) -> str:
        return self.log.read_text()

    def is_up(self) -> bool:
        return "Tributary is ready" in self.output

    def settings(self) -> dict[str, str]:
        return read_env_file(self.home / "run.env")

    def number_of(self, text: str) -> int:
        """Return the last process number that was printed after a text; waits for the first."""
        assert wait_until(lambda: text in self.output, 30), self.output
        return int(self.output.rpartition(text)[2].split()[0])

    def left(self) -> dict[int, str]:
        """Return the processes of this run that are still there; zombies count as gone."""
        found = {}
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if process.status() == psutil.STATUS_ZOMBIE:
                    continue
                if self.home in [Path(process.cwd()), *Path(process.cwd()).parents] or self._is_ours(process):
                    found[process.pid] = " ".join(process.cmdline())
        return found

    def _is_ours(self, process: psutil.Process) -> bool:
        return process.pid != os.getpid() and process.environ().get(TAG) == self.tag

    def nothing_tagged_is_left(self) -> bool:
        """As nothing_is_left, where another run already works in the same home."""
        return not any(self._is_ours(psutil.Process(pid)) for pid in self.left() if psutil.pid_exists(pid))

    def nothing_is_left(self) -> bool:
        self.process.poll()
        return not self.left()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def write_procfile(folder: Path, more: str = "") -> Path:
    """Write small programs and a Procfile that runs them."""
    (folder / "page.py").write_text(PAGE)
    (folder / "worker.py").write_text(WORKER)
    procfile = folder / "Procfile"
    procfile.write_text(f"web: python '{folder}/page.py'\nworker: python '{folder}/worker.py'\n{more}")
    return procfile


def start(
    home: Path,
    procfile: Path,
    *,
    port: int = 0,
    wrap: tuple[str, ...] = (),
    env: Mapping[str, str] | None = None,
    log: Path | None = None,
) -> Supervised:
    """Start a supervisor; `wrap` stands before its command line."""
    tag, port = uuid4().hex, port or free_port()
    ours = {"TRIBUTARY_HOME": str(home), "PORT": str(port), TAG: tag, "PYTHONPATH": str(ROOT)}
    # empty and not absent, so that nothing of a developer's .env gets in
    defaults = dict.fromkeys(("DATABASE_URL", "REDIS_URL", "HOST", "BASE_URL"), "")
    log = log or procfile.parent / f"{tag}.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [*wrap, sys.executable, "-m", "workers.runner", "--procfile", str(procfile)],
            cwd=ROOT,
            env={**os.environ, **defaults, **ours, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
    return Supervised(process, home, tag, port, log)


@contextmanager
def supervised(home: Path, procfile: Path, *, env: Mapping[str, str] | None = None) -> Iterator[Supervised]:
    """Run a supervisor until it is up, for the length of a block; afterwards it is made sure that nothing is left."""
    run = start(home, procfile, env=env)
    try:
        assert wait_until(lambda: run.is_up() or run.process.poll() is not None, 60), run.output
        assert run.process.poll() is None, run.output
        yield run
    finally:
        end(run)


def end(run: Supervised) -> None:
    run.process.send_signal(signal.SIGTERM)
    run.process.wait(60)
    assert wait_until(run.nothing_is_left, 30), run.left()
