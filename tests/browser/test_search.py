"""The search field: hints that follow what is typed, keys, mistakes, and the same without scripts."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Desk


def names(page: Page) -> list[str]:
    return page.locator("#rows .row-name").all_inner_texts()


def test_a_search_is_put_together_from_hints_by_keys(desk: Desk) -> None:
    page = desk.page(path="/inbox?status=all")
    everything = page.locator("#rows .row-item").count()
    page.keyboard.press("/")
    expect(page.locator(".search-text")).to_be_focused()
    hints = page.locator(".search-hint:visible")
    expect(hints).to_have_count(18)
    page.keyboard.type("sent")
    expect(hints).to_have_count(1)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator(".search-text")).to_have_value("sentiment:")
    expect(hints).to_have_count(3)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator(".search-text")).to_have_value("sentiment:negative ")
    page.keyboard.type("-tag:refund")
    page.keyboard.press("Enter")
    expect(page.locator(".search-hints")).to_be_hidden()
    page.wait_for_url("**/inbox?status=all&search=sentiment%3Anegative+-tag%3Arefund")
    expect(page.locator("#rows .chip-negative")).to_have_count(page.locator("#rows .row-item").count())
    assert 0 < page.locator("#rows .row-item").count() < everything
    page.click("[aria-label='Clear the search']")
    expect(page.locator("#rows .row-item")).to_have_count(everything)


def test_words_find_people_and_stay_over_a_refresh(desk: Desk) -> None:
    page = desk.page(path="/inbox?status=all")
    page.fill(".search-text", "from:lindqvist")
    page.keyboard.press("Enter")
    expect(page.locator("#rows .row-name").first).to_have_text("Marta Lindqvist")
    assert set(names(page)) == {"Marta Lindqvist"}
    page.fill(".search-text", "from:lindqvist and what I am typing")
    desk.note("Marta Lindqvist", "somebody else is at it")
    expect(page.locator("#rows .row-preview", has_text="somebody else")).to_have_count(0)  # a note is no preview
    expect(page.locator(".search-text")).to_have_value("from:lindqvist and what I am typing")
    page.locator("#rows .row").first.click()
    expect(page.locator("conversation-view")).to_be_visible()
    assert "search=from" in page.url


def test_a_mistake_is_said_beside_the_field(desk: Desk) -> None:
    page = desk.page()
    page.fill(".search-text", "moood:<1")
    page.keyboard.press("Enter")
    expect(page.locator("#search-problems")).to_contain_text("Did you mean “mood:”?")
    expect(page.locator("#list .empty")).to_contain_text("could not be understood")
    page.fill(".search-text", "mood:<1")
    page.keyboard.press("Enter")
    expect(page.locator("#search-problems")).to_have_count(0)
    expect(page.locator("#rows .row-item").first).to_be_visible()


def test_it_works_without_scripts(desk: Desk) -> None:
    page = desk.page(path="/inbox", java_script_enabled=False)
    page.click(".search-help summary")
    expect(page.locator(".search-hints")).to_contain_text("mood:<-0.5")
    page.fill(".search-text", "from:lindqvist")
    page.press(".search-text", "Enter")
    page.wait_for_url("**/inbox?*search=from%3Alindqvist")
    assert set(names(page)) == {"Marta Lindqvist"}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_field_fits_a_phone(desk: Desk, scheme: str) -> None:
    page = desk.page(viewport={"width": 390, "height": 844}, color_scheme=scheme)
    page.click(".search-text")
    expect(page.locator(".search-hints")).to_be_visible()
    box = page.locator(".search-hints").bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
