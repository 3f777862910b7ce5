"""A real Chromium for tests: one per pytest worker, a fresh context (cookies, storage) per test.

Every page fails its test when the page logs an error or an exception goes uncaught in it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

from workers.system_programs import find_chromium

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]
SECONDS = 30

expect.set_options(timeout=SECONDS * 1000)


_running: list[Browser] = []


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Start the browser once, in however many modules this fixture is imported."""
    if _running:
        yield _running[0]
        return
    found = find_chromium(Path(sys.executable))
    assert found, "Chromium is missing: `make test` installs it where it can"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(found), args=FLAGS)
        _running.append(browser)
        yield browser
        _running.clear()
        browser.close()


@pytest.fixture
def new_context(chromium: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """Make browser contexts: each is another person's browser."""
    contexts: list[BrowserContext] = []

    def make(**options: Any) -> BrowserContext:
        # a service worker would answer in front of what a test routes: tests of the installed app ask for theirs
        usual = {"viewport": {"width": 1440, "height": 900}, "service_workers": "block"}
        context = chromium.new_context(**{**usual, **options})
        context.set_default_timeout(SECONDS * 1000)
        contexts.append(context)
        return context

    yield make
    for context in contexts:
        context.close()


def watch(page: Page) -> list[str]:
    """Collect what goes wrong inside a page; a test asserts that the list stays empty."""
    trouble: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        if message.type == "error":
            trouble.append(f"{message.text} {message.location.get('url', '')}".strip())

    page.on("console", hear)
    page.on("pageerror", lambda error: trouble.append(str(error)))
    return trouble
