"""The leash: nothing that a supervisor started outlives it, however it ends.

A small watcher process holds the read end of a pipe and notes which process groups exist. When the pipe closes (the
supervisor was killed, or has finished) it ends every group still held, and every process that carries the run's mark in
its environment, which finds grandchildren that left their group (the horses of RQ do). Linux's "parent death signal"
does most of this faster; the leash works on every system and reaches grandchildren too.

The watcher runs this file alone, with the standard library only, so that it stays small: `python -I -S leash.py MARK`.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence

MARK_VARIABLE = "TRIBUTARY_RUN"
SECONDS_TO_STOP = 8.0


class Leash:
    """Hold process groups; whoever is held when this process ends is ended too. `keep_open` are files the watcher
    keeps open until it is done (the lock of a home is released only when nothing is left running in it).
    """

    def __init__(self, mark: str, *, keep_open: Sequence[int] = ()) -> None:
        self.mark = mark
        self._keep_open = tuple(keep_open)
        self._held: dict[int, int] = {}
        self._is_closed = False
        self._start()

    def hold(self, group: int, stop_signal: int) -> None:
        """Note a process group and the signal that asks it to stop."""
        self._held[group] = stop_signal
        self._tell(f"hold {group} {int(stop_signal)}\n")

    def drop(self, group: int) -> None:
        """Forget a group that has ended."""
        if self._held.pop(group, None) is not None:
            self._tell(f"drop {group}\n")

    def close(self) -> None:
        """Let the watcher end what is still held, and wait for it; a second call does nothing."""
        if not self._is_closed:
            self._is_closed = True
            os.close(self._pipe)
            self._watcher.wait()

    def _start(self) -> None:
        read_end, self._pipe = os.pipe()
        self._watcher = subprocess.Popen(  # noqa: S603 - our own file, run by our own interpreter
            [sys.executable, "-I", "-S", __file__, self.mark],
            stdin=read_end,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=self._keep_open,
            start_new_session=True,
        )
        os.close(read_end)
        for group, stop_signal in self._held.items():
            os.write(self._pipe, f"hold {group} {int(stop_signal)}\n".encode())

    def _tell(self, line: str) -> None:
        try:
            os.write(self._pipe, line.encode())
        except BrokenPipeError:
            # somebody killed the watcher; a new one learns everything that is held
            os.close(self._pipe)
            self._watcher.wait()
            self._start()


def living(groups: Iterable[int], mark: str | None) -> set[int]:
    """Return the processes that belong to one of the groups or carry the mark; zombies count as gone."""
    import psutil

    wanted, found = set(groups), set()
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.pid == os.getpid() or process.status() == psutil.STATUS_ZOMBIE:
                continue
            if os.getpgid(process.pid) in wanted or (mark and process.environ().get(MARK_VARIABLE) == mark):
                found.add(process.pid)
    return found


def send(processes: Iterable[int], number: int) -> None:
    """Signal each process; one that is gone meanwhile is no error."""
    for pid in processes:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)


def wait_until(condition: Callable[[], bool], seconds: float, *, pause: float = 0.05) -> bool:
    """Poll until the condition holds; return whether it did in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() >= deadline:
            return False
        time.sleep(pause)
    return True


def end(held: dict[int, int], mark: str) -> None:
    """Ask every group to stop, the youngest first, then kill whatever is still there."""
    for group, stop_signal in reversed(held.items()):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, stop_signal)
    send(living((), mark), signal.SIGTERM)
    if not wait_until(lambda: not living(held, mark), SECONDS_TO_STOP):
        wait_until(lambda: _killed(held, mark), SECONDS_TO_STOP)


def _killed(held: dict[int, int], mark: str) -> bool:
    left = living(held, mark)
    send(left, signal.SIGKILL)
    return not left


def watch(mark: str) -> None:
    """Note what is held until the pipe closes, then end it."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    held: dict[int, int] = {}
    for line in sys.stdin:
        verb, group, *stop_signal = line.split()
        if verb == "hold":
            held[int(group)] = int(stop_signal[0])
        else:
            held.pop(int(group), None)
    import site

    site.main()  # psutil lives in the virtual environment, which -S left out until now
    end(held, mark)


if __name__ == "__main__":
    watch(sys.argv[1])
