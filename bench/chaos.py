"""1,000 disconnects by chance while customers write and colleagues act: a live page never differs from a fresh one.

The whole web side runs (web and relay); a real browser looks at one conversation and the list, and loses its connection
in three ways (tests/browser/chaos.py). The run ends with the first divergence, saying where both differ.
"""

from __future__ import annotations

import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Page, sync_playwright

from app.db import transaction
from bench.house import house
from tests.browser.chaos import SOCKETS, Chaos
from tests.chromium import FLAGS
from tests.product import Product, running
from tests.seed import PASSWORD, Workspace, seed
from workers.system_programs import find_chromium

DISCONNECTS = 1000
NOT_NEEDED = ("worker", "sender", "webhooks", "annotator", "poller", "clock")
OPENED, OTHERS = "Marta Lindqvist", ("Oliver Grant", "Sophie Laurent", "Rahul Mehta")


def run() -> dict[str, Any]:
    """Break the connection DISCONNECTS times. Raises Diverged."""
    with house() as place:
        with transaction() as session:
            made = seed(session)
        with (
            running(
                database_url=place.database_url, redis_url=place.redis_url, home=place.home, leave_out=NOT_NEEDED
            ) as product,
            sync_playwright() as playwright,
        ):
            browser = playwright.chromium.launch(executable_path=str(find_chromium(Path(sys.executable))), args=FLAGS)
            chaos = _chaos(_page(browser.new_page(), product, made), made)
            chaos.run(DISCONNECTS)
            browser.close()
    return {
        "disconnects": chaos.disconnects,
        "things that happened meanwhile": chaos.acts,
        "divergences": 0,
        "slowest to be equal again (s)": round(chaos.slowest, 2),
    }


def _page(page: Page, product: Product, made: Workspace) -> Page:
    """Sign in, once the product answers, and open a conversation."""
    _wait_for(product)
    page.add_init_script(SOCKETS)
    page.goto(f"{product.url}/sign-in")
    page.fill("[name=email]", "ana@harbourpine.example")
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_url("**/inbox")
    page.goto(f"{product.url}/inbox/c/{made.conversations[OPENED].public_id}")
    page.wait_for_selector("#live[data-state=live]")
    return page


def _wait_for(product: Product) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with suppress(httpx.HTTPError):
            if httpx.get(f"{product.url}/up", timeout=5).status_code == 200:
                return
        time.sleep(0.1)
    raise AssertionError(product.log("web")[-2000:])


def _chaos(page: Page, made: Workspace) -> Chaos:
    opened = made.conversations[OPENED].id
    known = [*(made.conversations[name].id for name in OTHERS), opened]
    colleagues = [made.users["ben"], made.users["dev"]]
    channel = made.channels["support", "mail"]
    return Chaos(page, made.users["ana"], colleagues, channel, known=known, opened=opened)
