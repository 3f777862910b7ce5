"""Photograph the main screens of a running workspace into docs/screens: light, dark and phone.

    python -m tests.browser.screens http://127.0.0.1:8000 ana@harbourpine.example PASSWORD docs/screens

Looks best over the workspace that `python -m tests.seed_history` makes: that of tests.seed, and its past.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import sync_playwright

from tests.chromium import FLAGS
from workers.system_programs import find_chromium

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, StorageState, ViewportSize

DESK: ViewportSize = {"width": 1440, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}


@dataclass(frozen=True, slots=True)
class Screen:
    """`opens` names the contact whose conversation is opened first, in the list of the status given by `path`."""

    name: str
    path: str
    opens: str = ""
    size: ViewportSize | None = None
    theme: str = "light"
    click: str = ""


SCREENS = (
    Screen("sign-in", "/sign-in"),
    Screen("list", "/inbox"),
    Screen("conversation", "/inbox", opens="Marta Lindqvist"),
    Screen("conversation-dark", "/inbox", opens="Marta Lindqvist", theme="dark"),
    Screen("formatted-mail", "/inbox", opens="Dorothea Klein", click="text=Formatted mail"),
    Screen("failed-reply", "/inbox", opens="Stefan Ionescu", theme="dark"),
    Screen("filter", "/inbox?sentiment=negative", click=".filter-menu summary"),
    Screen("all-channels", "/inbox", opens="Marta Lindqvist", click="text=All channels"),
    Screen("search", "/search?q=grinder"),
    Screen("command-bar", "/inbox", opens="Marta Lindqvist", click="[data-open-commands]"),
    Screen("settings", "/settings"),
    Screen("cases", "/cases"),
    Screen("contacts", "/contacts"),
    Screen("sentiment", "/reports/sentiment"),
    Screen("sentiment-dark", "/reports/sentiment?by=channel&range=90&bucket=week", theme="dark"),
    Screen("accuracy", "/settings/accuracy"),
    Screen("learning", "/settings/learning", theme="dark"),
    Screen("channel-kinds", "/settings/channels/new"),
    Screen("phone-accuracy", "/settings/accuracy", size=PHONE),
    Screen("phone-list", "/inbox", size=PHONE),
    Screen("phone-conversation", "/inbox", opens="Marta Lindqvist", size=PHONE),
    Screen("phone-sentiment", "/reports/sentiment", size=PHONE),
    Screen("phone-dark", "/inbox", opens="Jonas Weber", size=PHONE, theme="dark"),
)


def photograph(base: str, email: str, password: str, folder: Path, *, only: str = "") -> list[str]:
    """Write one PNG a screen; return what the pages complained about."""
    folder.mkdir(parents=True, exist_ok=True)
    complaints: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(find_chromium(Path(sys.executable))), args=FLAGS)
        state = _signed_in(browser, base, email, password)
        for screen in SCREENS:
            if only and only not in screen.name:
                continue
            context = browser.new_context(
                viewport=screen.size or DESK,
                color_scheme="dark" if screen.theme == "dark" else "light",
                storage_state=None if screen.path == "/sign-in" else state,
                timezone_id="Europe/Berlin",
                has_touch=screen.size == PHONE,
            )
            page = context.new_page()
            page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
            page.on("pageerror", lambda error: complaints.append(str(error)))
            _take(page, base, screen, folder)
            context.close()
        browser.close()
    return complaints


def _signed_in(browser: Browser, base: str, email: str, password: str) -> StorageState:
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{base}/sign-in")
    page.fill('[name="email"]', email)
    page.fill('[name="password"]', password)
    page.keyboard.press("Enter")
    page.wait_for_url("**/inbox")
    state = context.storage_state()
    context.close()
    return state


def _take(page: Page, base: str, screen: Screen, folder: Path) -> None:
    page.goto(base + screen.path)
    if screen.opens:
        page.click(f'.row:has(.row-name:text-is("{screen.opens}"))')
        page.wait_for_selector("conversation-view")
    page.wait_for_load_state("networkidle")
    if screen.click:
        page.click(screen.click)
    page.wait_for_timeout(500)
    page.screenshot(path=folder / f"{screen.name}.png")


if __name__ == "__main__":
    address, who, word, target, *rest = sys.argv[1:]
    for complaint in photograph(address.rstrip("/"), who, word, Path(target), only=rest[0] if rest else ""):
        print(complaint)
