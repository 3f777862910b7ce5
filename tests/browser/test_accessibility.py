"""WCAG 2.2 AA on every page there is, judged by axe-core: the pages are found by following links, as a person would."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Error, Page, ViewportSize, expect

from tests.browser.conftest import Desk
from workers.processes import ROOT

AXE = (ROOT / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# hands one page to axe and keeps what a person needs in order to mend what it found
JUDGE = """async (options) => {
  const found = await axe.run(document, {resultTypes: ["violations"], ...options});
  return found.violations.map(({id, help, nodes}) =>
    ({id, help, where: nodes.map((node) => `${node.target.join(" ")} ${node.html.slice(0, 160)} ${node.any.map((check) => check.message).join(" ")}`)}));
}"""
EVERYTHING = {"runOnly": {"type": "tag", "values": LEVELS}}
COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast"]}}
# what another width can change: sizes, what scrolls, and controls that stand there only then
NARROW = [
    "target-size",
    "color-contrast",
    "scrollable-region-focusable",
    "aria-hidden-focus",
    "button-name",
    "link-name",
    "label",
]
LAYOUT = {"runOnly": {"type": "rule", "values": NARROW}}
NO_PAGES = ("//", "/attachments/")  # other hosts, and files as the browser itself shows them
PHONE: ViewportSize = {"width": 390, "height": 844}
# pages that must have been found; the others are found beside them
KNOWN = {
    "inbox": {"/inbox", "/inbox/c/*", "/cases", "/contacts", "/reports/sentiment", "/alerts", "/account"},
    "settings": {"/settings", "/settings/channels", "/settings/tags", "/settings/channels/new/*"},
}


def shape(path: str) -> str:
    """Return an address without what differs from row to row, or kind to kind: one page of a sort is judged."""
    path = path.partition("#")[0].partition("?")[0]
    path = re.sub(r"(?<=^/settings/channels/new/)\w+", "*", path)
    return re.sub(r"/(?:[0-9a-f]{8}-[0-9a-f-]{27}|\d+)(?=/|$)", "/*", path)


def pages(page: Page, *starts: str, among: Callable[[str], bool] = lambda _: True) -> Iterator[str]:
    """Open every page that links lead to, one of a shape, `among` those that are asked for."""
    base = page.url.split("/", 3)[:3]
    waiting, seen = list(starts), {shape(path) for path in starts}
    while waiting:
        path = waiting.pop(0)
        try:
            answer = page.goto("/".join(base) + path)
        except Error as stopped:
            if "Download is starting" not in stopped.message:
                raise
            continue  # a file is no page
        if answer is None or "text/html" not in answer.headers.get("content-type", ""):
            continue
        yield path
        for found in page.locator("a[href^='/']:not([download])").evaluate_all(
            "links => links.map((link) => link.getAttribute('href'))"
        ):
            if shape(found) not in seen and not found.startswith(NO_PAGES) and among(found):
                seen.add(shape(found))
                waiting.append(found)


def faults(page: Page, options: dict[str, Any]) -> list[str]:
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    return [f"{one['id']}: {one['help']}: {where}" for one in page.evaluate(JUDGE, options) for where in one["where"]]


def judge(page: Page, path: str) -> list[str]:
    """Judge a page as it stands on a desk, its colours in the dark, and on a phone."""
    found = [f"{path}: {fault}" for fault in faults(page, EVERYTHING)]
    page.emulate_media(color_scheme="dark")
    found += [f"{path} in the dark: {fault}" for fault in faults(page, COLOURS)]
    page.emulate_media(color_scheme="light")
    desk = page.viewport_size
    page.set_viewport_size(PHONE)
    found += [f"{path} on a phone: {fault}" for fault in faults(page, LAYOUT)]
    page.set_viewport_size(desk or PHONE)
    return found


@pytest.mark.parametrize("part", ["inbox", "settings"])
def test_axe_finds_nothing_on_any_page_that_links_lead_to(desk: Desk, part: str) -> None:
    page = desk.page(reduced_motion="reduce")  # no colour is on its way to another
    starts = (
        ["/settings"] if part == "settings" else ["/inbox", f"/inbox/c/{desk.public_id('Marta Lindqvist')}", "/account"]
    )
    found: list[str] = []
    judged: set[str] = set()
    for path in pages(page, *starts, among=lambda path: path.startswith("/settings") == (part == "settings")):
        judged.add(shape(path))
        found += judge(page, path)
        if shape(path) == "/inbox/c/*":
            page.keyboard.press("Control+k")
            expect(page.locator("#commands .bar-item").first).to_be_visible()
            found += judge(page, f"{path} with the command bar")
            page.keyboard.press("Escape")
    print(*found, sep="\n")  # whole, where pytest would shorten it
    assert judged >= KNOWN[part]
    assert found == []


def test_axe_finds_nothing_where_nobody_is_signed_in(desk: Desk) -> None:
    page = desk.new_context(reduced_motion="reduce").new_page()
    page.goto(f"{desk.product.url}/sign-in")
    found: list[str] = []
    judged: set[str] = set()
    for path in pages(page, "/sign-in", "/nothing-here"):
        judged.add(shape(path))
        found += judge(page, path)
    print(*found, sep="\n")
    assert judged >= {"/sign-in", "/nothing-here"}
    assert found == []


@pytest.mark.parametrize(
    ("fault", "rule"),
    [
        ("<img src='data:image/gif;base64,R0lGODlhAQABAAAAACw='>", "image-alt"),
        ("<input name='unnamed'>", "label"),
        ("<p data-pale>pale</p>", "color-contrast"),
    ],
)
def test_axe_would_have_found_it(desk: Desk, fault: str, rule: str) -> None:
    page = desk.page(path="/contacts")
    page.evaluate("(fault) => document.querySelector('main').insertAdjacentHTML('beforeend', fault)", fault)
    page.evaluate("document.querySelectorAll('[data-pale]').forEach((one) => (one.style.color = '#bbb'))")
    assert any(found.startswith(f"{rule}: ") for found in faults(page, EVERYTHING))
