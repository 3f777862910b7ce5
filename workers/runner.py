"""The supervisor: `python -m workers.runner` starts the embedded servers and every process of the Procfile.

TERM, INT and HUP stop everything in order (processes, Valkey, PostgreSQL); a second one stops at once. After a KILL the
leash does it.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from uuid import uuid4

from app.errors import AppError, SetupError
from workers.children import Child, Screen, needed, read_procfile, web_address
from workers.embedded import SECONDS_TO_ANSWER, Server, last_words, open_log, server_environment
from workers.embedded_postgres import embedded_postgres
from workers.embedded_valkey import Valkey, embedded_valkey
from workers.leash import MARK_VARIABLE, Leash
from workers.loop import Loop, Stopped
from workers.processes import ROOT, Command, bury, spawn, stop, sweep
from workers.surroundings import (
    Surroundings,
    check_database,
    check_port,
    check_redis,
    claim_home,
    forget_run,
    look_around,
    note_run,
)

PREPARE = ["flask", "--app", "app.factory", "workspace", "prepare"]
SECONDS_TO_STOP = 10.0  # the web process ends its open sockets within 5 (Procfile)
SECONDS_TO_STOP_A_SERVER = 20.0
SECONDS_ALONE, SECONDS_FOR_THE_PAGE = 15.0, 120.0


class Supervisor:
    """Holds one run together, from the first server to the last process gone."""

    def __init__(self, found: Surroundings, processes: dict[str, list[str]], *, follow_parent: bool = False) -> None:
        self.found = found
        self.processes = processes
        self.began_at = time.monotonic()
        self.screen = Screen(["tributary", *processes])
        self.loop = Loop(self.screen, follow_parent=follow_parent)
        self.servers: list[tuple[Child, Server]] = []
        self.sign_in: dict[str, str] = {}

    def run(self) -> None:
        """Start everything, keep it running, stop it in order. Raises SetupError if it cannot start."""
        check_port(self.found.host, self.found.port)
        lock = claim_home(self.found.home)
        self.leash = Leash(uuid4().hex, keep_open=[lock])
        self.loop.listen_to_signals()
        try:
            self._start()
            while True:
                self.loop.turn(1.0)
        except Stopped:
            self._say("stopping")
        finally:
            self._stop()
            os.close(lock)

    def _start(self) -> None:
        self.env = {**self.found.env, **self._start_servers(), **self._process_environment()}
        note_run(self.found.home, self._settings_for_others())
        if "release" in self.processes:
            self._say("bringing the database up to date")
            self._run_to_end("release", self.processes["release"])
            self._prepare_workspace()
        names = [name for name in self.processes if name != "release"]
        self._say(f"starting {', '.join(names)}")
        if "web" in names:  # first and alone: the others load models and would keep it waiting
            self._keep("web")
            self.loop.wait(self._page_is_up, SECONDS_ALONE)
        for name in names:
            if name != "web":
                self._keep(name)
        if "web" in names:
            self._await_page()

    # ------------------------------------------------------------ servers

    def _start_servers(self) -> dict[str, str]:
        """Start the embedded servers that no setting replaces; returns both addresses."""
        home, env = self.found.home, server_environment()
        database_url, redis_url = self.found.database_url, self.found.redis_url
        self._say(f"state is kept in {home}")
        if database_url:
            check_database(database_url)
        else:
            database_url = self._start_server(embedded_postgres(home, env))
        if redis_url:
            check_redis(redis_url)
        else:
            redis_url = self._start_server(embedded_valkey(home, env))
        for child, server in self.servers:
            self._await_server(child, server)
            self.loop.keep(child)
        return {"DATABASE_URL": database_url, "REDIS_URL": redis_url}

    def _start_server(self, server: Server) -> str:
        def make_command() -> Command:
            server.prepare()
            return server.command()

        self._say(f"starting {server.name}")
        child = Child(server.name, make_command, self.leash, lambda: open_log(self.found.home, server.name))
        self.servers.append((child, server))
        child.start()
        return server.url

    def _await_server(self, child: Child, server: Server) -> None:
        if self._answers(child, server):
            return
        aside = server.set_data_aside() if isinstance(server, Valkey) and child.has_ended() else None
        if aside is not None:
            self._say(f"valkey could not read its file, which is kept as {aside}; its content is made anew")
            child.note_end()
            child.start()
        if aside is None or not self._answers(child, server):
            raise SetupError(last_words(server, self.found.home, "did not start"))

    def _answers(self, child: Child, server: Server) -> bool:
        self.loop.wait(lambda: child.has_ended() or server.answers(), SECONDS_TO_ANSWER)
        return not child.has_ended()

    # ------------------------------------------------------------ processes

    def _process_environment(self) -> dict[str, str]:
        return {
            "TRIBUTARY_HOME": str(self.found.home),
            "HOST": self.found.host,
            "PORT": str(self.found.port),
            "BASE_URL": self.found.base_url,
            "GUNICORN_CMD_ARGS": web_address(self.found.env, self.found.host, self.found.port),
            "PATH": f"{Path(sys.executable).parent}:{self.found.env.get('PATH', '')}",
            "PYTHONUNBUFFERED": "1",
            MARK_VARIABLE: self.leash.mark,
        }

    def _settings_for_others(self) -> dict[str, str]:
        names = ["DATABASE_URL", "REDIS_URL", "TRIBUTARY_HOME", "HOST", "PORT", "BASE_URL", "DEMO", "SECRET_KEY"]
        return {name: self.env[name] for name in [*names, "TRIBUTARY_KEY", "TRUSTED_PROXIES"] if self.env.get(name)}

    def _keep(self, name: str) -> None:
        def make_command() -> Command:
            return Command(name, tuple(self.processes[name]), self.env)

        self.loop.keep(Child(name, make_command, self.leash))

    def _run_to_end(self, name: str, argv: list[str]) -> list[str]:
        """Run a command; its lines are shown under the name, or returned if that is empty. Raises SetupError."""
        process = spawn(Command(name, tuple(argv), self.env), self.leash, output=subprocess.PIPE)
        assert process.stdout is not None
        reader = self.loop.read(name, process.stdout)
        try:
            self.loop.wait(lambda: process.poll() is not None and reader.pipe.closed, float("inf"))
        finally:
            bury(process, self.leash)
        if process.returncode:
            said = "see the lines above" if name else "\n".join(reader.lines[-20:])
            raise SetupError(f"`{' '.join(argv)}` failed with status {process.returncode}: {said}")
        return reader.lines

    def _prepare_workspace(self) -> None:
        """Make the first user and the demo workspace where they are missing, and learn how to sign in."""
        self._say("preparing the workspace")
        for line in self._run_to_end("", PREPARE):
            try:
                self.sign_in |= json.loads(line)
            except ValueError:
                self.screen.line("release", line)

    # ------------------------------------------------------------ the first page, the last act

    def _await_page(self) -> None:
        if not self.loop.wait(self._page_is_up, SECONDS_FOR_THE_PAGE):
            self._say("the first page does not answer yet: the lines above may say why")
        rows = {"Open": self.found.base_url, **self.sign_in, "State": str(self.found.home)}
        rows["Stop"] = f"Ctrl-C, or kill {os.getpid()}"
        width = max(map(len, rows))
        body = "\n".join(f"  {name.replace('_', ' ').capitalize():<{width}}  {value}" for name, value in rows.items())
        rule = "─" * 72
        seconds = time.monotonic() - self.began_at
        self.screen.write(f"\n{rule}\n  Tributary is ready after {seconds:.1f} s.\n\n{body}\n{rule}\n\n")

    def _page_is_up(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection(self.found.local_address, timeout=5) as connection:
            connection.sendall(b"GET /up HTTP/1.0\r\nHost: localhost\r\n\r\n")
            return connection.recv(64).split(b" ")[1:2] == [b"200"]
        return False

    def _say(self, text: str) -> None:
        self.screen.line("tributary", text)

    def _stop(self) -> None:
        """Stop the processes, then the servers in the reverse order of their start; nothing is left afterwards."""
        servers = [child for child, _ in self.servers]
        processes = [child for child in self.loop.children if child not in servers]
        asked = self.loop.signals
        for child in processes:
            child.ask_to_stop()
        deadline = time.monotonic() + SECONDS_TO_STOP
        while any(child.is_running() for child in processes) and time.monotonic() < deadline:
            self.loop.show_output(0.1)
            if self.loop.signals > asked:  # asked again: at once
                break
        for child in processes:
            child.bury()
        sweep(self.leash.mark)
        for child, server in reversed(self.servers):
            if child.process is not None:
                stop(child.process, server.command().stop_signal, self.leash, seconds=SECONDS_TO_STOP_A_SERVER)
            server.tidy()
        forget_run(self.found.home)
        self.leash.close()
        self._say("everything has stopped")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m workers.runner", description=__doc__)
    parser.add_argument("--procfile", type=Path, default=ROOT / "Procfile")
    parser.add_argument("--follow-parent", action="store_true", help="stop when the process that started this one ends")
    arguments = parser.parse_args()
    try:
        found = look_around()
        processes = needed(read_procfile(arguments.procfile), found.env)
        Supervisor(found, processes, follow_parent=arguments.follow_parent).run()
    except AppError as error:
        sys.stdout.flush()
        print(error.reason, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
