"""The inbox's pages over HTTP, from the real web process, among a million messages: list, conversation, timeline.

    python -m bench.pages [MESSAGES…]

Each page is asked for in turns with a Flask page that does nothing under the same server. With several numbers of
messages the growth follows: what a page costs among the many over what it costs among the few.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from flask.testing import FlaskClient
from sqlalchemy import event, text

from app import db
from app.factory import create_app
from app.models import Role
from app.queries.conversation_order import ORDERS
from app.services import passwords, users
from bench import history
from bench.house import House, house
from bench.measure import cpu_seconds, percentile
from bench.product import EMAIL, PASSWORD
from tests.loops import free_port
from tests.product import Product, running
from workers.children import web_address
from workers.processes import ROOT

MESSAGES = 1_000_000
CLIENTS, TURNS, ASKED_A_TURN = 20, 5, 20
OTHERS = ("relay", "worker", "sender", "webhooks", "annotator", "poller", "clock")
NOTHING = "nothing"
LIST = {"HX-Request": "true", "HX-Target": "div#list"}
MORE = {"HX-Request": "true", "HX-Target": "div#more"}
PANE = {"HX-Request": "true", "HX-Target": "main#pane"}
PLACES = """
SELECT (SELECT public_id FROM conversation ORDER BY id LIMIT 1) AS long_thread,
    (SELECT public_id FROM conversation WHERE status = 'open' ORDER BY last_message_at DESC LIMIT 1) AS newest,
    (SELECT public_id FROM contact ORDER BY id LIMIT 1) AS contact,
    (SELECT extract(epoch FROM last_message_at) || '~' || public_id FROM conversation WHERE status = 'open'
        ORDER BY last_message_at DESC OFFSET (SELECT count(*) / 10 FROM conversation) LIMIT 1) AS deep
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """One address, and the part of its page that a browser asks for ({} for all of it)."""

    path: str
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class Running:
    product: Product
    nothing: str
    pids: list[int]


def run(*sizes: int) -> dict[str, Any]:
    """Measure among each number of messages, in a house of its own; and how cost grows from the first to the others."""
    figures: dict[str, Any] = {}
    cost: dict[int, dict[str, float]] = {}
    for messages in sizes or (MESSAGES,):
        with house() as place:
            told, cost[messages] = _among(place, messages)
            figures |= {f"{messages:,}: {name}": value for name, value in told.items()}
    few, *many = cost
    for messages in many:
        for name, took in cost[messages].items():
            figures[f"growth {few:,} to {messages:,}: {name}"] = round(took / cost[few][name], 2)
    return figures


def _among(place: House, messages: int) -> tuple[dict[str, Any], dict[str, float]]:
    hashed = passwords.hash_password(PASSWORD, email=EMAIL)
    with db.transaction() as session:
        users.add(session, email=EMAIL, name="Admin", role=Role.ADMIN, password_hash=hashed)
    began = time.monotonic()
    history.fill(messages)
    figures: dict[str, Any] = {"rows made, s": round(time.monotonic() - began, 1)}
    pages, cost = _pages(), {}
    figures |= {f"{name}: queries": count for name, count in _queries(pages).items()}
    with _served(place) as served:
        cookies = _sign_in(served.product)
        for name, asked in pages.items():
            told, cost[name] = _measured(served, asked, cookies)
            figures |= {f"{name}: {what}": value for what, value in told.items()}
    return figures, cost


def _pages() -> dict[str, Asked]:
    with db.reading() as session:
        places = session.execute(text(PLACES)).one()
    orders = {f"list, {words.lower()}": Asked(f"/inbox?sort={sort}", LIST) for sort, words in ORDERS.items()}
    return orders | {
        "list, deep": Asked(f"/inbox?after={places.deep}", MORE),
        "list, resolved": Asked("/inbox?status=resolved", LIST),
        "list, all": Asked("/inbox?status=all", LIST),
        "list, mine, priority first": Asked("/inbox?view=mine&sort=priority", LIST),
        "list, an intent": Asked("/inbox?intent=refund", LIST),
        "whole page": Asked("/inbox", {}),
        "conversation": Asked(f"/inbox/c/{places.newest}", PANE),
        "conversation, longest": Asked(f"/inbox/c/{places.long_thread}", PANE),
        "timeline of a contact": Asked(f"/contacts/{places.contact}", {}),
    }


@contextmanager
def _served(place: House) -> Iterator[Running]:
    """Run the web process alone, and beside it the page that does nothing."""
    with ExitStack() as stack:
        product = stack.enter_context(
            running(database_url=place.database_url, redis_url=place.redis_url, home=place.home, leave_out=OTHERS)
        )
        port = free_port()
        product.env["GUNICORN_CMD_ARGS"] = web_address({}, "127.0.0.1", port)
        server = ["gunicorn", "-k", "gevent", "-w", "1", "--worker-connections", "4000", "--no-control-socket"]
        product.start(NOTHING, [str(ROOT / ".venv/bin/gunicorn"), *server[1:], "bench.nothing:create_app()"])
        nothing = f"http://127.0.0.1:{port}/"
        for address in (f"{product.url}/sign-in", nothing):
            _wait_for(address)
        yield Running(product, nothing, [product.processes["web"].pid, *place.server_pids()])


def _wait_for(address: str) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            if httpx.get(address).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError(f"{address} does not answer")


def _sign_in(product: Product) -> dict[str, str]:
    with httpx.Client(base_url=product.url, follow_redirects=True) as browser:
        csrf_token = browser.get("/sign-in").text.split('name="csrf-token" content="')[1].split('"')[0]
        form = {"csrf_token": csrf_token, "email": EMAIL, "password": PASSWORD}
        browser.post("/sign-in", data=form).raise_for_status()
        return dict(browser.cookies)


def _measured(served: Running, asked: Asked, cookies: dict[str, str]) -> tuple[dict[str, Any], float]:
    """Ask for a page and for nothing in turns: by one client, then by many at once. Returns CPU milliseconds a page."""
    address, floor = f"{served.product.url}{asked.path}", Asked(served.nothing, {})
    floor_pids = [served.product.processes[NOTHING].pid]
    wall: list[float] = []
    beside: list[float] = []
    cpu = cpu_beside = 0.0
    with httpx.Client(cookies=cookies, timeout=60) as client:
        _ask(client, address, asked.headers, 5)
        for _ in range(TURNS):
            took, used = _turn(client, address, asked.headers, served.pids)
            wall, cpu = [*wall, *took], cpu + used
            took, used = _turn(client, floor.path, floor.headers, floor_pids)
            beside, cpu_beside = [*beside, *took], cpu_beside + used
    crowded = _crowd(address, asked.headers, cookies)
    each, nothing = cpu / len(wall) * 1000, cpu_beside / len(beside) * 1000
    figures = {
        "p50, p95, p99 ms": _percentiles(wall),
        f"{CLIENTS} clients, p50, p95, p99 ms": _percentiles(crowded),
        "CPU ms": round(each, 1),
        "median over that of nothing": round(percentile(wall, 0.5) / percentile(beside, 0.5), 1),
        "CPU over that of nothing": round(each / max(nothing, 0.01), 1),
    }
    return figures, each


def _turn(client: httpx.Client, address: str, headers: dict[str, str], pids: list[int]) -> tuple[list[float], float]:
    before = cpu_seconds(pids)
    took = _ask(client, address, headers, ASKED_A_TURN)
    return took, cpu_seconds(pids) - before


def _ask(client: httpx.Client, address: str, headers: dict[str, str], times: int) -> list[float]:
    took = []
    for _ in range(times):
        began = time.perf_counter()
        response = client.get(address, headers=headers)
        took.append(time.perf_counter() - began)
        assert response.status_code == 200, f"{address}: {response.status_code}"
    return took


def _crowd(address: str, headers: dict[str, str], cookies: dict[str, str]) -> list[float]:
    def one(_: int) -> list[float]:
        with httpx.Client(cookies=cookies, timeout=60) as client:
            return _ask(client, address, headers, ASKED_A_TURN // 4)

    with ThreadPoolExecutor(CLIENTS) as crowd:
        return [took for each in crowd.map(one, range(CLIENTS)) for took in each]


def _percentiles(seconds: list[float]) -> str:
    return ", ".join(f"{percentile(seconds, share) * 1000:.1f}" for share in (0.5, 0.95, 0.99))


def _queries(pages: dict[str, Asked]) -> dict[str, int]:
    """Count the statements that each page takes, who asks included."""
    app = create_app()
    app.config["SESSION_COOKIE_SECURE"] = False
    browser = app.test_client()
    csrf_token = browser.get("/sign-in").text.split('name="csrf-token" content="')[1].split('"')[0]
    browser.post("/sign-in", data={"csrf_token": csrf_token, "email": EMAIL, "password": PASSWORD})
    return {name: _counted(browser, asked) for name, asked in pages.items()}


def _counted(browser: FlaskClient, asked: Asked) -> int:
    said: list[str] = []

    def note(_conn: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if not statement.startswith("SET TRANSACTION"):
            said.append(statement)

    event.listen(db.engine(), "before_cursor_execute", note)
    try:
        assert browser.get(asked.path, headers=asked.headers).status_code == 200
    finally:
        event.remove(db.engine(), "before_cursor_execute", note)
    return len(said)


if __name__ == "__main__":
    for label, value in run(*map(int, sys.argv[1:])).items():
        print(f"{label:<64}{value}")
