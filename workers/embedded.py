"""The embedded servers for one block of code, or for one command: tests, benchmarks and checks use them.

`python -m workers.embedded alembic check` runs a command beside fresh servers, which it finds in DATABASE_URL and
REDIS_URL, and leaves nothing behind.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Protocol

from app.config import process_environment
from app.errors import AppError, SetupError
from workers.embedded_postgres import embedded_postgres
from workers.embedded_valkey import embedded_valkey
from workers.leash import Leash, wait_until
from workers.processes import ROOT, Command, spawn, stop

SECONDS_TO_ANSWER = 60.0
SECONDS_TO_STOP = 20.0
LINES_SHOWN = 12
LARGEST_LOG = 20_000_000  # bytes


class Server(Protocol):
    """What both servers offer: prepare the folder, the command to run, whether it answers, its address."""

    @property
    def name(self) -> str: ...
    @property
    def url(self) -> str: ...
    def prepare(self) -> None: ...
    def command(self) -> Command: ...
    def answers(self) -> bool: ...
    def tidy(self) -> None: ...


@contextmanager
def postgres(home: Path, *, hasty: bool = False, other_account: bool | None = None) -> Iterator[str]:
    """Run PostgreSQL with its state in `home` for the length of a block; yields its URL. `hasty` trades safety
    against a crash for speed (tests).
    """
    server = embedded_postgres(home, server_environment(), hasty=hasty, other_account=other_account)
    try:
        with running(server, home):
            yield server.url
    finally:
        server.tidy()
        if hasty and server.account:
            shutil.rmtree(server.data.parent)  # not below `home`, so nobody else would remove it


@contextmanager
def valkey(home: Path, *, hasty: bool = False) -> Iterator[str]:
    """Run Valkey with its state in `home` for the length of a block; yields its URL (database 0 of 64)."""
    server = embedded_valkey(home, server_environment(), hasty=hasty)
    with running(server, home):
        yield server.url


@contextmanager
def running(server: Server, home: Path) -> Iterator[None]:
    """Start a server, wait until it answers, and stop it when the block ends."""
    leash = Leash(f"{server.name}-{home}")
    try:
        server.prepare()
        command = server.command()
        with open_log(home, server.name) as log:
            process = spawn(command, leash, output=log)
        try:
            if not wait_until(lambda: process.poll() is not None or server.answers(), SECONDS_TO_ANSWER):
                raise SetupError(last_words(server, home, "does not answer"))
            if process.poll() is not None:
                raise SetupError(last_words(server, home, "stopped at its start"))
            yield
        finally:
            stop(process, command.stop_signal, leash, seconds=SECONDS_TO_STOP)
    finally:
        leash.close()


def open_log(home: Path, name: str) -> IO[bytes]:
    """Open a server's log in the home for appending; one that has grown large is begun anew."""
    path = log_path(home, name)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size > LARGEST_LOG:
        path.replace(path.with_suffix(".log.1"))
    return path.open("ab")


def log_path(home: Path, name: str) -> Path:
    return home / "logs" / f"{name}.log"


def server_environment() -> dict[str, str]:
    """Return what a server sees of our environment: where programs are, and a language without surprises."""
    path = process_environment().get("PATH", "/usr/local/bin:/usr/bin:/bin")
    return {"PATH": path, "LC_ALL": "C", "TZ": "UTC"}


def last_words(server: Server, home: Path, what: str) -> str:
    """Return what a server logged last, as a sentence and the lines under it."""
    lines = log_path(home, server.name).read_text(errors="replace").splitlines()[-LINES_SHOWN:]
    return "\n".join([f"The embedded {server.name} {what}. Its last words:", *lines])


def main(argv: list[str]) -> int:
    """Run a command beside fresh servers; returns its exit status."""
    if not argv:
        sys.stderr.write("usage: python -m workers.embedded COMMAND [ARGUMENT...]\n")
        return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # leave through every `finally`
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tributary-", ignore_cleanup_errors=True)))
        urls = {
            "TRIBUTARY_HOME": str(home),
            "DATABASE_URL": stack.enter_context(postgres(home, hasty=True)),
            "REDIS_URL": stack.enter_context(valkey(home, hasty=True)),
        }
        scripts = Path(sys.executable).parent
        environment = process_environment()
        path = f"{scripts}:{environment.get('PATH', '')}"
        return subprocess.run(argv, env={**environment, **urls, "PATH": path}, cwd=ROOT, check=False).returncode  # noqa: S603 - the caller's own command


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except AppError as error:
        sys.exit(f"{error.reason}")
