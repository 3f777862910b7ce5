"""A list far longer than the page: rows out of sight leave it, nothing is skipped, and the place is kept."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from app.db import transaction
from app.models import Conversation
from tests.browser.conftest import Desk
from tests.many import add_many

MANY = 700
FILLED = """() => { const box = document.getElementById('rows-scroll').getBoundingClientRect();
  const rows = document.querySelectorAll('#rows .row-item');
  return rows.length && rows[rows.length - 1].getBoundingClientRect().bottom >= box.bottom; }"""


def _subjects(page: Page) -> list[str]:
    return page.locator("#rows .row-subject").all_inner_texts()


def _in_sight(page: Page) -> str:
    """Return the subject of the first row that is wholly in sight."""
    script = """() => { const box = document.getElementById('rows-scroll').getBoundingClientRect();
      const row = [...document.querySelectorAll('#rows .row-item')].find(
        (one) => one.getBoundingClientRect().top >= box.top);
      return row ? row.querySelector('.row-subject').textContent : ''; }"""
    return str(page.evaluate(script))


def _scroll_to_row(page: Page, number: int) -> None:
    """Scroll as a reader does, until a row has come."""
    row = page.locator("#rows .row-subject", has_text=f"Long list {number:06d}")
    for _ in range(60):
        if row.count():
            break
        page.evaluate("document.getElementById('rows-scroll').scrollBy(0, 2400)")
        page.wait_for_function(FILLED)
    row.scroll_into_view_if_needed()


def test_a_long_list_keeps_few_rows_and_every_place(desk: Desk) -> None:
    made = desk.made.conversations["Marta Lindqvist"]
    with transaction() as session:
        add_many(session, of=made.id, many=MANY)
    page = desk.page(path="/inbox?status=pending&sort=oldest")
    expect(page.locator("#rows .row-subject").first).to_have_text(f"Long list {MANY:06d}")
    _scroll_to_row(page, 300)
    numbers = [int(re.sub(r"\D", "", one)) for one in _subjects(page)]
    assert numbers == list(range(numbers[0], numbers[0] - len(numbers), -1)), "no gap, no row twice"
    assert len(numbers) <= 200
    first = page.locator("#rows .row-item").first
    assert first.get_attribute("aria-posinset") == str(MANY - numbers[0] + 1)
    _a_live_change_moves_nothing(desk, page)
    _arrows_walk_and_home_leads_back(page)


def _a_live_change_moves_nothing(desk: Desk, page: Page) -> None:
    seen = _in_sight(page)
    with transaction() as session:
        text = "A line that only a refresh can bring"
        for row in session.query(Conversation).filter(Conversation.subject == seen):
            row.preview = text
    desk.note("Marta Lindqvist", "something else happens")
    expect(page.locator("#rows .row-preview", has_text="only a refresh")).to_have_count(1)
    assert _in_sight(page) == seen


def _arrows_walk_and_home_leads_back(page: Page) -> None:
    page.locator("#rows .row", has_text="Long list 000300").focus()
    for number in (299, 298, 297):
        page.keyboard.press("ArrowDown")
        expect(page.locator("#rows .row", has_text=f"Long list {number:06d}")).to_be_focused()
    page.keyboard.press("Home")
    expect(page.locator("#rows .row").first).to_be_focused()
    expect(page.locator("#rows .row-subject").first).to_have_text(f"Long list {MANY:06d}")
    expect(page.locator("#rows .row-item").first).to_have_attribute("aria-posinset", "1")
