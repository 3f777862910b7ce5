"""Starting and stopping operating-system processes on a leash."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from workers.leash import Leash, living

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Command:
    """What is run: `prefix` is a wrapper such as unshare, `user` another account's name (root only)."""

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str]
    folder: Path = ROOT
    stop_signal: signal.Signals = signal.SIGTERM
    prefix: tuple[str, ...] = ()
    user: str | None = None


def spawn(command: Command, leash: Leash, *, output: int | IO[bytes]) -> subprocess.Popen[bytes]:
    """Start the command in a session of its own, on the leash; stdout and stderr go to `output`."""
    process = subprocess.Popen(  # noqa: S603 - the Procfile's commands and our own servers
        _full_argv(command),
        cwd=command.folder,
        env=dict(command.env),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        user=command.user,
        group=pwd.getpwnam(command.user).pw_gid if command.user else None,
        extra_groups=[] if command.user else None,
    )
    leash.hold(process.pid, command.stop_signal)
    return process


def _full_argv(command: Command) -> list[str]:
    """Put the parent death signal right before the program: a change of account in between would clear it."""
    setpriv = shutil.which("setpriv", path=command.env.get("PATH"))
    guard = [setpriv, "--pdeathsig", command.stop_signal.name.removeprefix("SIG")] if setpriv else []
    return [*command.prefix, *guard, *command.argv]


def stop(process: subprocess.Popen[bytes], stop_signal: signal.Signals, leash: Leash, *, seconds: float) -> None:
    """Ask the process to stop, wait, then kill its whole group; returns when it has been reaped."""
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(stop_signal)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(seconds)
    bury(process, leash)


def bury(process: subprocess.Popen[bytes], leash: Leash) -> None:
    """Kill what is left of the process's group and take it off the leash."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    leash.drop(process.pid)


def stop_orphan(pid: int, folder: Path, stop_signal: signal.Signals) -> None:
    """Stop the server that an earlier run left in `folder`, if the process with this number is that server: numbers
    are used again after a restart of the machine, so a process that works elsewhere is left alone.
    """
    import psutil

    with contextlib.suppress(psutil.Error):
        process = psutil.Process(pid)
        if Path(process.cwd()) != folder.resolve():
            return
        process.send_signal(stop_signal)
        try:
            process.wait(20)
        except psutil.TimeoutExpired:
            process.kill()
            process.wait(10)


def sweep(mark: str) -> None:
    """Kill every process that carries the mark."""
    for pid in living((), mark):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)
