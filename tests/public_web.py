"""A real web process with visitors before it; what the other processes would do is done by the test, or by them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.product import Product, running
from tests.rooms import PASSWORD, surroundings
from tests.servers import Servers, database, fresh_name
from tests.socket_client import SocketClient
from workers import realtime


@contextmanager
def open_house(servers: Servers, redis_url: str, home: Path, *, leave_out: tuple[str, ...]) -> Iterator[Product]:
    """Start the product without some of its processes, and look at the same database and Valkey from here."""
    with (
        database(servers, fresh_name()) as url,
        pytest.MonkeyPatch.context() as patch,
        surroundings(patch, database_url=url, redis_url=redis_url, home=home),
        running(database_url=url, redis_url=redis_url, home=home, leave_out=leave_out) as product,
    ):
        realtime._emitter.cache_clear()
        eventually(lambda: is_up(product))
        yield product
        realtime._emitter.cache_clear()


def is_up(product: Product) -> bool:
    try:
        return httpx.get(f"{product.url}/up", timeout=5).status_code == 200
    except httpx.HTTPError:
        return False


def eventually(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < deadline, "it did not become so"
        time.sleep(0.05)


def sign_in(product: Product, email: str) -> SocketClient:
    """Open the socket of an agent's page."""
    cookies = "; ".join(f"{name}={value}" for name, value in cookies_of(product, email, PASSWORD).items())
    return SocketClient(product.url, "/", origin=product.url, headers={"Cookie": cookies})


def cookies_of(product: Product, email: str, password: str) -> dict[str, str]:
    """Sign in as a browser would; return the cookies it would keep, by name."""
    with httpx.Client(base_url=product.url) as browser:
        page = browser.get("/sign-in").text
        csrf_token = page.split('name="csrf-token" content="')[1].split('"')[0]
        form = {"csrf_token": csrf_token, "email": email, "password": password}
        answer = browser.post("/sign-in", data=form)
        assert answer.is_redirect, answer.text
        return dict(browser.cookies)
