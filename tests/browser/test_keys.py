"""The keyboard as an agent uses it: sequences from any page, a sheet that lists them, and no mouse."""

from __future__ import annotations

from playwright.sync_api import Page, expect

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


def test_the_command_bar_reaches_pages_people_and_the_conversation(desk: Desk) -> None:
    page = desk.page()
    desk.open(page, "Dorothea Klein")
    desk.open(page, "Marta Lindqvist")
    words = page.get_by_role("textbox", name="Your words")
    words.focus()
    page.keyboard.press("Control+k")
    text, chosen = page.get_by_role("combobox", name="What do you want"), page.locator(".bar [aria-selected=true]")
    expect(text).to_be_focused()
    expect(page.locator(".bar [role=group]:visible").first).to_contain_text("Dorothea Klein")  # opened lately
    page.keyboard.press("Escape")
    expect(words).to_be_focused()
    page.click("[data-open-commands]")
    text.fill("assign to somebody")
    expect(chosen).to_have_text("Assign to somebodym")
    expect(text).to_have_attribute("aria-activedescendant", "do-assign")
    page.keyboard.press("Enter")
    expect(page.locator("#bar-text")).to_have_attribute("placeholder", "Assign to somebody …")
    page.keyboard.type("ben")
    expect(chosen).to_contain_text("Ben")
    page.keyboard.press("Enter")
    expect(page.locator(".line", has_text="assigned this to Ben")).to_be_visible()
    page.keyboard.press("Control+k")
    expect(page.locator("#do-go-cases")).to_be_visible()
    page.keyboard.type("clara")
    expect(page.locator("[data-bar-found] [role=option]").first).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    expect(chosen).to_have_count(1)
    text.fill("zzzz")
    expect(chosen).to_contain_text("Search everything for")
    text.fill("keyboard")
    expect(chosen).to_contain_text("Keyboard")
    page.keyboard.press("Enter")
    page.wait_for_url("**/settings/keyboard")


def test_keys_are_changed_for_oneself_and_the_phone_has_the_bar_too(desk: Desk) -> None:
    page = desk.page(path="/settings/keyboard")
    press, cases = page.get_by_role("button", name="Press the keys for: Cases"), page.locator("#key-go-cases")
    press.click()
    page.keyboard.press("Escape")
    expect(cases).to_have_value("g k")  # as it was
    press.click()
    page.keyboard.type("gc")
    page.keyboard.press("Enter")
    expect(page.locator("#problem-go-cases")).to_have_text("“Contacts” has g c.")
    expect(cases).to_have_attribute("aria-invalid", "true")
    press.click()
    page.keyboard.press("Control+k")
    expect(page.locator("#problem-go-cases")).to_have_text("“Open the command bar” has Ctrl+K.")
    press.click()
    page.keyboard.press("Alt+y")
    expect(page.locator("#problem-go-cases")).to_be_hidden()
    expect(cases).to_have_value("Alt+Y")
    page.uncheck("[name=single]")
    _submit(page, ".key-save button")
    page.keyboard.type("gc?")
    page.keyboard.press("Alt+y")
    page.wait_for_url("**/cases")
    page.goto(f"{desk.product.url}/settings/keyboard")
    expect(page.locator("dialog#keys")).to_be_hidden()
    _submit(page, "text=Reset all keys")
    page.check("[name=single]")
    _submit(page, ".key-save button")
    page.keyboard.press("?")
    expect(page.locator("dialog#keys [data-command=go-cases]")).to_contain_text("gk")
    phone = desk.page(viewport={"width": 360, "height": 740}, has_touch=True)
    assert phone.evaluate("document.documentElement.scrollWidth") <= 360
    wide = phone.evaluate(
        "[...document.querySelectorAll('.nav-item')].filter(e => e.scrollWidth > e.clientWidth + 1).length"
    )
    assert wide == 0
    phone.tap(".nav [data-phone-commands]")
    phone.fill("#bar-text", "contacts")
    phone.tap("#do-go-contacts")
    phone.wait_for_url("**/contacts")


def test_settings_are_found_and_the_menu_takes_one_line_on_a_phone(desk: Desk) -> None:
    page = desk.page(path="/settings")
    page.fill(".settings-side input", "invite")
    expect(page.locator(".settings-side .settings-link:visible")).to_have_text(["First steps", "Users"])
    phone = desk.page(path="/settings/tags", viewport={"width": 390, "height": 844})
    expect(phone.locator(".settings-side")).to_be_hidden()
    expect(phone.locator(".settings-menu summary")).to_contain_text("Tags")
    phone.click(".settings-menu summary")
    expect(phone.locator(".settings-menu [aria-current=page]")).to_be_visible()
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390


def _submit(page: Page, button: str) -> None:
    """Press a button that leads to the next page, and wait until its scripts hear keys."""
    with page.expect_navigation():
        page.click(button)
    expect(page.locator("#live")).to_have_attribute("data-state", "live")
