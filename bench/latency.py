"""A mail stored in the mailbox → its row in a real browser, then its sentiment: every process running, idle between.

The page itself notes when a row appears and when it shows what was understood (a MutationObserver, same clock).
"""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Page

from bench.house import House, house
from bench.measure import in_ms, resident_mb
from bench.product import signed_in, started
from tests.dovecot import append
from tests.product import Product

MAILS, EVERY_SECONDS, LONGEST_SECONDS = 100, 0.6, 15.0
CLEAR = (
    "This is terrible. I am furious, nobody answers and my parcel is still missing. Worst service ever.",
    "Thank you so much! The new jacket is wonderful, I love it. Great service, I am very happy.",
)
OBSERVE = """() => {
  window.shown = {}; window.understood = {};
  const look = () => {
    for (const row of document.querySelectorAll('#list a.row')) {
      const found = /latency-(\\d+)/.exec(row.textContent);
      if (!found) continue;
      const at = Date.now();
      window.shown[found[1]] ??= at;
      if (row.querySelector('.chip-negative, .chip-positive, .chip-neutral')) window.understood[found[1]] ??= at;
    }
  };
  const all = {subtree: true, childList: true, characterData: true, attributes: true};
  new MutationObserver(look).observe(document.body, all);
}"""


@dataclass
class Times:
    """Seconds since the epoch, by number of the mail."""

    stored: dict[int, float] = field(default_factory=dict)
    shown: dict[int, float] = field(default_factory=dict)
    understood: dict[int, float] = field(default_factory=dict)


def run() -> dict[str, Any]:
    """Measure at idle, one mail at a time; with IDLE (Dovecot announces half a second late) and with `hurry`."""
    return {**_measure(hurry=False), **_measure(hurry=True)}


def _measure(*, hurry: bool) -> dict[str, Any]:
    way = "hurry" if hurry else "IDLE"
    with house() as place, started(place, with_mail=True, hurry=hurry) as product, signed_in(product) as page:
        page.evaluate(OBSERVE)
        times = _send_and_watch(place, page)
        figures = {**_figures(times), **_memory(product)}
    return {f"{way}: {name}": value for name, value in figures.items()}


def _send_and_watch(place: House, page: Page) -> Times:
    times = Times()
    chance = random.Random(7)
    with place.mailbox.session() as imap:
        for number in range(MAILS):
            raw = _letter(number, CLEAR[number % 2])
            append(imap, raw)
            times.stored[number] = time.time()
            page.wait_for_timeout(1000 * EVERY_SECONDS * chance.uniform(0.5, 1.5))
    page.wait_for_function(f"Object.keys(window.understood).length === {MAILS}", timeout=1000 * LONGEST_SECONDS)
    times.shown = {int(n): at / 1000 for n, at in page.evaluate("window.shown").items()}
    times.understood = {int(n): at / 1000 for n, at in page.evaluate("window.understood").items()}
    return times


def _letter(number: int, text: str) -> bytes:
    lines = (
        f"From: Customer {number} <customer{number}@example.com>",
        "To: support@acme.example",
        f"Subject: latency-{number}",
        f"Message-ID: <latency-{number}@example.com>",
        "",
        text,
        "",
    )
    return "\r\n".join(lines).encode()


def _figures(times: Times) -> dict[str, Any]:
    row = [times.shown[n] - stored for n, stored in times.stored.items()]
    understood = [times.understood[n] - stored for n, stored in times.stored.items()]
    return {"mailbox → row in the browser": in_ms(row), "mailbox → sentiment in the browser": in_ms(understood)}


def _memory(product: Product) -> dict[str, Any]:
    return {f"{name}, MB": round(resident_mb([process.pid])) for name, process in product.processes.items()}
