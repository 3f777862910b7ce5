"""The processes under the supervisor: kept running, each line of theirs shown under its name."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from app.errors import SetupError
from workers.leash import Leash
from workers.processes import Command, bury, spawn

SHORTEST_PAUSE, LONGEST_PAUSE = 0.5, 30.0  # seconds before a crashed process is started again
CALM_SECONDS = 30.0  # a process that ran this long has recovered: the next pause is short again
COLOURS = (36, 33, 32, 35, 34, 96, 93, 92)


TRANSLATOR = "translator"


def needed(processes: Mapping[str, list[str]], env: Mapping[str, str]) -> dict[str, list[str]]:
    """Leave out what an installation has no use for: the process of models that it does not name."""
    return {name: argv for name, argv in processes.items() if name != TRANSLATOR or env.get("TRANSLATORS")}


def read_procfile(path: Path) -> dict[str, list[str]]:
    """Return the argument vector of each named process. Raises SetupError naming a line that is none."""
    processes = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        name, colon, command = line.partition(":")
        if not colon or not command.strip():
            raise SetupError(f"{path.name}, line {number}: expected `name: command`.")
        processes[name.strip()] = shlex.split(command)
    return processes


class Screen:
    """Writes the lines of every process under its name; a reader who went away is no reason to fail."""

    def __init__(self, names: list[str], stream: IO[str] | None = None) -> None:
        self._stream = stream or sys.stdout
        self._width = max(map(len, names))
        self._colours = {name: COLOURS[index % len(COLOURS)] for index, name in enumerate(names)}
        self.is_read = True

    def line(self, name: str, text: str) -> None:
        label = f"{name:<{self._width}} │"
        if self._stream.isatty():
            label = f"\033[{self._colours.get(name, 37)}m{label}\033[0m"
        self.write(f"{label} {text}\n")

    def write(self, text: str) -> None:
        if not self.is_read:
            return
        try:
            self._stream.write(text)
            self._stream.flush()
        except BrokenPipeError:
            self.is_read = False
            # the interpreter flushes stdout once more at its exit, which must not fail either
            os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())


@dataclass(slots=True)
class Child:
    """A process that is started again, ever more slowly, when it ends by itself. `make_command` prepares each start;
    `output` opens where its lines go (a pipe, or a log file).
    """

    name: str
    make_command: Callable[[], Command]
    leash: Leash
    output: Callable[[], int | IO[bytes]] = field(default=lambda: subprocess.PIPE)
    process: subprocess.Popen[bytes] | None = None
    failures: int = 0
    started_at: float = 0.0
    start_again_at: float = 0.0

    def start(self) -> None:
        target = self.output()
        self.process = spawn(self.make_command(), self.leash, output=target)
        self.started_at = time.monotonic()
        if not isinstance(target, int):
            target.close()

    def has_ended(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def ask_to_stop(self) -> None:
        if self.process is not None and self.is_running():
            self.process.terminate()

    def bury(self) -> None:
        """Kill what is left of it."""
        if self.process is not None:
            bury(self.process, self.leash)

    def note_end(self) -> str:
        """Clear up after a process that ended by itself and plan its next start; returns a sentence about it."""
        assert self.process is not None
        status = self.process.returncode
        bury(self.process, self.leash)
        self.process = None
        now = time.monotonic()
        self.failures = 0 if now - self.started_at > CALM_SECONDS else self.failures
        pause = min(LONGEST_PAUSE, SHORTEST_PAUSE * 2**self.failures)
        self.failures += 1
        self.start_again_at = now + pause
        how = f"was ended by signal {-status}" if status < 0 else f"ended with status {status}"
        return f"{how}; starting it again in {pause:g} s"

    def is_due(self) -> bool:
        return self.process is None and time.monotonic() >= self.start_again_at


def web_address(env: Mapping[str, str], host: str, port: int) -> str:
    """Return GUNICORN_CMD_ARGS with the address to listen on: gunicorn by itself takes PORT on every interface."""
    shown = f"[{host}]" if ":" in host else host
    return f"--bind {shown}:{port} {env.get('GUNICORN_CMD_ARGS', '')}".strip()
