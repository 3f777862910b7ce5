"""What the supervisor finds before it starts anything: settings, the home and its lock, the port, servers of others."""

from __future__ import annotations

import errno
import fcntl
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from app.config import RUN_FILE, home_of, process_environment, read_env_file
from app.errors import SetupError
from workers.embedded_postgres import connect_to
from workers.leash import wait_until
from workers.processes import ROOT

SECONDS_FOR_A_PREVIOUS_RUN = 30.0
OLDEST_POSTGRESQL = 16
OLDEST_REDIS = 7


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The settings of one run; an empty URL means the embedded server."""

    home: Path
    host: str
    port: int
    base_url: str
    database_url: str
    redis_url: str
    env: Mapping[str, str]

    @property
    def local_address(self) -> tuple[str, int]:
        """Where this machine itself reaches the page."""
        return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host), self.port  # noqa: S104 - only compared


def look_around() -> Surroundings:
    """Read .env under the real environment. Raises SetupError naming what cannot be used."""
    env = {**read_env_file(ROOT / ".env"), **process_environment()}
    host = env.get("HOST") or "127.0.0.1"
    port = _port(env.get("PORT") or "8000")
    shown = f"[{host}]" if ":" in host else host
    return Surroundings(
        home=home_of(env),
        host=host,
        port=port,
        base_url=env.get("BASE_URL") or f"http://{shown}:{port}",
        database_url=_with_driver(env.get("DATABASE_URL", "")),
        redis_url=env.get("REDIS_URL", ""),
        env=env,
    )


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise SetupError(f"PORT must be a number from 1 to 65535, not {text!r}.")
    return int(text)


def _with_driver(url: str) -> str:
    scheme, separator, rest = url.partition("://")
    return f"postgresql+psycopg://{rest}" if separator and scheme in {"postgres", "postgresql"} else url


def claim_home(home: Path) -> int:
    """Make the home if need be and lock it for this process; returns the lock's file descriptor. A run that was just
    killed still ends its children and is waited for; a second run beside a living one raises SetupError.
    """
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(home / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise SetupError(f"TRIBUTARY_HOME={home} cannot be used: {error.strerror}.") from None
    if not _locked(lock):
        holder = os.pread(lock, 20, 0).decode().strip()
        if _is_alive(holder) or not wait_until(lambda: _locked(lock), SECONDS_FOR_A_PREVIOUS_RUN):
            os.close(lock)
            raise SetupError(
                f"Tributary already runs from {home} (process {holder}): stop it first, or set TRIBUTARY_HOME to "
                "another folder."
            )
    os.ftruncate(lock, 0)
    os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
    return lock


def _locked(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_alive(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except (ValueError, ProcessLookupError):
        return False
    except PermissionError:
        return True
    return True


def check_port(host: str, port: int) -> None:
    """Raise SetupError if the web process could not listen there."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise SetupError(_port_trouble(error, host, port)) from None


def _port_trouble(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} is taken by another program: stop that, or choose another port (PORT={port + 1} make run)."
    if error.errno == errno.EACCES:
        return f"PORT={port} needs more rights than this account has: choose one above 1023 (PORT=8000 make run)."
    return f"HOST={host} is no address of this machine."


def check_database(url: str) -> None:
    """Raise SetupError unless a fitting PostgreSQL with pgvector answers at an address that somebody set."""
    import psycopg
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        address = make_url(url)
    except ArgumentError:
        raise SetupError("DATABASE_URL must look like postgresql+psycopg://user:password@host/database.") from None
    try:
        with connect_to(address) as connection:
            major = connection.info.server_version // 10000
            vector = connection.execute("SELECT 1 FROM pg_available_extensions WHERE name = 'vector'").fetchone()
    except psycopg.OperationalError as error:
        raise SetupError(f"DATABASE_URL: no PostgreSQL answers at {address}: {' '.join(str(error).split())}") from None
    if major < OLDEST_POSTGRESQL or not vector:
        raise SetupError(f"DATABASE_URL: PostgreSQL {OLDEST_POSTGRESQL} or newer with pgvector is needed, not {major}.")


def check_redis(url: str) -> None:
    """Raise SetupError unless a fitting Redis or Valkey answers at an address that somebody set."""
    import redis

    try:
        with redis.Redis.from_url(url, socket_timeout=10, socket_connect_timeout=10) as client:
            served = str(client.info("server")["redis_version"])
    except ValueError:
        raise SetupError("REDIS_URL must look like redis://:password@host:6379/0.") from None
    except redis.RedisError as error:
        raise SetupError(f"REDIS_URL: no Redis or Valkey answers: {error}") from None
    if int(served.split(".", maxsplit=1)[0]) < OLDEST_REDIS:
        raise SetupError(f"REDIS_URL: Redis {OLDEST_REDIS} or newer, or Valkey, is needed, not Redis {served}.")


def note_run(home: Path, values: Mapping[str, str]) -> None:
    """Keep the run's settings (0600) where commands typed by hand find them; see app.config.environment."""
    path = home / RUN_FILE
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.writelines(f'{name}="{value}"\n' for name, value in sorted(values.items()))


def forget_run(home: Path) -> None:
    (home / RUN_FILE).unlink(missing_ok=True)
