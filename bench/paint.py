"""From a press to the next picture, in a real browser over 100,000 messages: what an agent does all day.

The browser itself measures (Event Timing, https://www.w3.org/TR/event-timing/: in steps of 8 ms, from the event to the
paint after its handlers). For what comes from the server, until it stands there, a second figure is taken in the page.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from playwright.sync_api import Page

from app import db
from app.models import Role
from app.services import passwords, users
from bench import history
from bench.house import house
from bench.measure import in_ms
from bench.product import EMAIL, PASSWORD, signed_in
from tests.product import Product, running
from tests.public_web import eventually, is_up

MESSAGES, ROUNDS, ROWS = 100_000, 5, 8
OTHERS = ("worker", "sender", "webhooks", "annotator", "poller", "clock")
OBSERVE = """() => {
  window.felt = [];
  const keep = (list) => { for (const one of list.getEntries()) if (one.interactionId) window.felt.push(one); };
  new PerformanceObserver(keep).observe({type: "event", durationThreshold: 16});
  window.shown = [];
  let asked = 0;
  addEventListener("click", (event) => { asked = event.timeStamp; }, true);
  new MutationObserver((changes) => {
    const came = changes.some(({addedNodes}) => [...addedNodes].some((one) => one.nodeName === "CONVERSATION-VIEW"));
    const note = (from) => window.shown.push(performance.now() - from);
    if (came && asked) requestAnimationFrame(() => setTimeout(note, 0, asked));
  }).observe(document.getElementById("pane"), {childList: true, subtree: true});
}"""
LONGEST_SINCE = """(from) => {
  const took = window.felt.filter((one) => one.startTime >= from).map((one) => one.duration);
  return took.length ? Math.max(...took) : 8;
}"""
PAINTED = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 30))))"


@dataclass(frozen=True, slots=True)
class Deed:
    """Something an agent does: the presses that are measured, and what puts the page back after them."""

    press: Callable[[], None]
    back: Callable[[], None] = lambda: None


def run(messages: int = MESSAGES) -> dict[str, Any]:
    """Do everything ROUNDS times in turns, and take the longest paint of each deed."""
    with house() as place:
        hashed = passwords.hash_password(PASSWORD, email=EMAIL)
        with db.transaction() as session:
            users.add(session, email=EMAIL, name="Admin", role=Role.ADMIN, password_hash=hashed)
        history.fill(messages)
        with running(
            database_url=place.database_url, redis_url=place.redis_url, home=place.home, leave_out=OTHERS
        ) as product:
            return _measured(product)


def _measured(product: Product) -> dict[str, Any]:
    eventually(lambda: is_up(product))
    felt: dict[str, list[float]] = {}
    with signed_in(product) as page:
        page.evaluate(OBSERVE)
        for _ in range(ROUNDS):
            for name, deeds in _day(page).items():
                felt.setdefault(name, []).extend(_longest(page, deed) / 1000 for deed in deeds)
        shown = [took / 1000 for took in page.evaluate("window.shown")]
    figures = {f"{name}: to the next paint": in_ms(took) for name, took in felt.items()}
    return {**figures, "a conversation opens: until it stands there": in_ms(shown)}


def _day(page: Page) -> dict[str, list[Deed]]:
    """Return what an agent does, by name. Rows are pressed one after the other, a draft is written letter by letter."""
    press, escape = page.keyboard.press, partial(page.keyboard.press, "Escape")
    return {
        "a conversation opens": [Deed(partial(_open, page, row)) for row in range(ROWS)],
        "a letter is written": [Deed(partial(_type, page, letter)) for letter in "Dear Ada"],
        "the command bar opens": [Deed(partial(press, "Control+k"), back=escape)] * 3,
        "the filters open": [Deed(page.locator(".filter-menu > summary").click, back=escape)] * 3,
        "a row is ticked": [Deed(page.locator("#rows .row-check").nth(row).click) for row in (1, 2, 1, 2)],
    }


def _open(page: Page, row: int) -> None:
    before = page.evaluate("window.shown.length")
    page.locator("#rows .row").nth(row).click()
    page.wait_for_function(f"window.shown.length > {before}")


def _type(page: Page, letter: str) -> None:
    page.locator("composer-box .composer-text, composer-box .composer-page").last.focus()
    page.keyboard.press(letter if letter.strip() else "Space")


def _longest(page: Page, deed: Deed) -> float:
    """Return the longest paint of a deed in milliseconds; what is under 16 is not told by the browser, and counts 8."""
    since = page.evaluate("performance.now()")
    deed.press()
    page.evaluate(PAINTED)
    took = float(page.evaluate(LONGEST_SINCE, since))
    deed.back()
    return took
