"""The supervisor's one loop: it waits for output, signals and the ends of children in one place, without threads."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import IO

from workers.children import Child, Screen

LONGEST_LINE = 100_000  # bytes; a line longer than this is shown in pieces


class Stopped(Exception):
    """Somebody asked the supervisor to stop."""


@dataclass(slots=True)
class Reader:
    """The lines of one process; without a name they are kept and not shown."""

    name: str
    pipe: IO[bytes]
    rest: bytes = b""
    lines: list[str] = field(default_factory=list)

    def read(self) -> bool:
        """Take what is there; false at the end."""
        chunk = os.read(self.pipe.fileno(), 65536)
        *whole, self.rest = (self.rest + chunk).split(b"\n")
        if self.rest and (not chunk or len(self.rest) > LONGEST_LINE):
            whole, self.rest = [*whole, self.rest], b""
        self.lines += [line.decode(errors="replace") for line in whole]
        return bool(chunk)


class Loop:
    """Shows output, starts children again, and raises Stopped when a signal came, the parent went away or nobody
    reads the screen any more.
    """

    def __init__(self, screen: Screen, *, follow_parent: bool) -> None:
        self.screen = screen
        self.children: list[Child] = []
        self.signals = 0
        self._parent = os.getppid() if follow_parent else None
        self._selector = selectors.DefaultSelector()
        self._wake, self._wakeup = socket.socketpair()

    def listen_to_signals(self) -> None:
        for end in (self._wake, self._wakeup):
            end.setblocking(False)
        signal.set_wakeup_fd(self._wakeup.fileno(), warn_on_full_buffer=False)
        self._selector.register(self._wake, selectors.EVENT_READ)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._count_signal)
        if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # nohup asks to live on
            signal.signal(signal.SIGHUP, self._count_signal)
        signal.signal(signal.SIGCHLD, lambda *_: None)  # only wakes the loop

    def keep(self, child: Child) -> None:
        """Start a child unless it runs already, and start it again whenever it ends."""
        self.children.append(child)
        if child.process is None:
            self._start(child)

    def read(self, name: str, pipe: IO[bytes]) -> Reader:
        reader = Reader(name, pipe)
        self._selector.register(pipe, selectors.EVENT_READ, reader)
        return reader

    def turn(self, seconds: float) -> None:
        """Wait for something to happen and deal with it. Raises Stopped."""
        self.show_output(seconds)
        if self.signals or self._parent_is_gone() or not self.screen.is_read:
            raise Stopped
        for child in self.children:
            if child.has_ended():
                self.screen.line("tributary", f"{child.name} {child.note_end()}")
            elif child.is_due():
                self._start(child)

    def wait(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Turn until the condition holds; return whether it did in time. Raises Stopped."""
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() >= deadline:
                return False
            self.turn(0.05)
        return True

    def show_output(self, seconds: float) -> None:
        for key, _ in self._selector.select(seconds):
            if key.fileobj is self._wake:
                with contextlib.suppress(BlockingIOError):
                    self._wake.recv(4096)
            else:
                self._show(key.data)

    def _show(self, reader: Reader) -> None:
        goes_on = reader.read()
        if reader.name:
            for line in reader.lines:
                self.screen.line(reader.name, line)
            reader.lines.clear()
        if not goes_on:
            self._selector.unregister(reader.pipe)
            reader.pipe.close()

    def _start(self, child: Child) -> None:
        child.start()
        if child.process is not None and child.process.stdout is not None:
            self.read(child.name, child.process.stdout)

    def _count_signal(self, *_: object) -> None:
        self.signals += 1

    def _parent_is_gone(self) -> bool:
        return self._parent is not None and os.getppid() != self._parent
