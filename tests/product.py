"""The whole product as its users get it: every process of the Procfile, over a database and a Valkey of its own.

    with running(database_url=…, redis_url=…, home=…) as product:
        browser.goto(product.url)

Used by the end-to-end flows and by bench/.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGTERM
from subprocess import Popen
from uuid import uuid4

import httpx
from redis import Redis

from tests.loops import free_port
from workers.children import needed, read_procfile, web_address
from workers.leash import MARK_VARIABLE, Leash
from workers.processes import ROOT, Command, spawn, stop

SECONDS_TO_BE_READY = 90.0


@dataclass
class Product:
    """`processes` by their names in the Procfile; their output is in `<home>/logs/<name>.log`."""

    url: str
    home: Path
    env: dict[str, str]
    leash: Leash
    processes: dict[str, Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str, argv: list[str]) -> None:
        logs = self.home / "logs"
        logs.mkdir(parents=True, exist_ok=True)
        program = argv[0] if os.sep in argv[0] else str(ROOT / ".venv" / "bin" / argv[0])
        command = Command(name=name, argv=(program, *argv[1:]), env=self.env)
        with (logs / f"{name}.log").open("ab") as output:
            self.processes[name] = spawn(command, self.leash, output=output)

    def kill(self, name: str) -> None:
        """End one process the hard way."""
        self.processes[name].kill()
        self.processes[name].wait()

    def forget_sign_ins(self) -> None:
        """Forget how often somebody signed in: tests do it oftener than a person, from one address."""
        with Redis.from_url(self.env["REDIS_URL"]) as redis:
            for key in redis.scan_iter("LIMITS*"):
                redis.delete(key)

    def log(self, name: str) -> str:
        return (self.home / "logs" / f"{name}.log").read_text(errors="replace")

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + SECONDS_TO_BE_READY
        answer = ""
        while time.monotonic() < deadline:
            try:
                response = httpx.get(f"{self.url}/ready", timeout=5)
                answer = response.text
                if response.status_code == 200:
                    return
            except httpx.HTTPError as error:
                answer = str(error)
            time.sleep(0.2)
        logs = "\n".join(f"--- {name}\n{self.log(name)[-2000:]}" for name in self.processes)
        raise AssertionError(f"not ready after {SECONDS_TO_BE_READY:.0f} s: {answer}\n{logs}")


@contextmanager
def running(
    *, database_url: str, redis_url: str, home: Path, leave_out: tuple[str, ...] = (), demo: bool = False
) -> Iterator[Product]:
    """Start every process, wait until all are ready, stop them in the end."""
    port = free_port()
    mark = uuid4().hex
    env = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "COV_"))},
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "TRIBUTARY_HOME": str(home),
        "PORT": str(port),
        "BASE_URL": f"http://127.0.0.1:{port}",
        "DEMO": "1" if demo else "0",
        "PYTHONUNBUFFERED": "1",
        MARK_VARIABLE: mark,
    }
    env["GUNICORN_CMD_ARGS"] = web_address({}, "127.0.0.1", port)
    leash = Leash(mark)
    product = Product(url=env["BASE_URL"], home=home, env=env, leash=leash)
    try:
        for name, argv in needed(read_procfile(ROOT / "Procfile"), env).items():
            if name != "release" and name not in leave_out:
                product.start(name, argv)
        if not leave_out:
            product.wait_until_ready()
        yield product
    finally:
        for process in product.processes.values():
            process.terminate()  # all at once: each may take a while to end what it does
        for process in product.processes.values():
            stop(process, SIGTERM, leash, seconds=10)
        leash.close()
