"""The keyboard as an agent uses it: sequences from any page, a sheet that lists them, and no mouse."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import Desk


def test_sequences_reach_pages_and_keys_reach_fields(desk: Desk) -> None:
    page = desk.page()
    page.keyboard.type("gc")
    page.wait_for_url("**/contacts")
    page.keyboard.press("/")
    expect(page.locator("main input[type=search]")).to_be_focused()
    page.keyboard.type("gi?")
    expect(page.locator("main input[type=search]")).to_have_value("gi?")  # nothing fires in a field
    page.locator("main input[type=search]").blur()
    page.keyboard.press("?")
    expect(page.locator("dialog#keys [data-command=go-inbox]")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.type("gi")
    page.wait_for_url("**/inbox")
    desk.open(page, "Marta Lindqvist")
    page.keyboard.press("l")
    expect(page.locator("#details .tag-input")).to_be_focused()
    page.locator("#details .tag-input").blur()
    page.keyboard.press("b")
    expect(page.locator(".conversation-head button[name=for]").first).to_be_focused()


def test_settings_are_found_and_the_menu_takes_one_line_on_a_phone(desk: Desk) -> None:
    page = desk.page(path="/settings")
    page.fill(".settings-side input", "invite")
    expect(page.locator(".settings-side .settings-link:visible")).to_have_text(["Users"])
    phone = desk.page(path="/settings/tags", viewport={"width": 390, "height": 844})
    expect(phone.locator(".settings-side")).to_be_hidden()
    expect(phone.locator(".settings-menu summary")).to_contain_text("Tags")
    phone.click(".settings-menu summary")
    expect(phone.locator(".settings-menu [aria-current=page]")).to_be_visible()
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
