"""Searching everything in a browser: from the side to a conversation, people while typing, and what was looked for."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import Desk


def test_what_is_looked_for_is_found_marked_and_remembered(desk: Desk) -> None:
    page = desk.page()
    page.get_by_role("navigation", name="Sections").get_by_role("link", name="Search").click()
    field = page.get_by_label("Search everything")
    expect(field).to_be_focused()
    page.keyboard.type("lindq")
    people = page.get_by_role("list", name="Contacts that begin like this")
    expect(people.get_by_role("link")).to_contain_text("Marta Lindqvist")
    field.fill("refund*")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?q=refund*")
    rows = page.get_by_role("region", name="Conversations").get_by_role("listitem")
    expect(rows.first.locator("mark").first).to_contain_text("efund")
    page.get_by_role("link", name="Newest first").click()
    expect(page.get_by_role("link", name="Newest first")).to_have_attribute("aria-current", "true")
    page.get_by_role("navigation", name="What was found").get_by_role("link", name="Conversations").click()
    name = rows.first.locator("bdi").first.inner_text()
    rows.first.get_by_role("link").click()
    expect(page.locator("conversation-view")).to_contain_text(name)
    page.goto(f"{desk.product.url}/search")
    again = page.get_by_role("region", name="Recent searches")
    expect(again.get_by_role("link", name="refund*")).to_be_visible()
    again.get_by_role("button", name="Remove “refund*”").click()
    expect(again.get_by_role("link", name="refund*")).to_have_count(0)


def test_it_fits_a_phone_and_works_without_scripts(desk: Desk) -> None:
    page = desk.page(path="/search", java_script_enabled=False, viewport={"width": 390, "height": 844})
    page.fill("#found-text", "warranty nonsense")
    page.get_by_role("button", name="Search", exact=True).click()
    expect(page.get_by_role("heading", name="Nothing found")).to_be_visible()
    page.fill("#found-text", "refund")
    page.get_by_role("button", name="Search", exact=True).click()
    expect(page.locator("mark.found").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
