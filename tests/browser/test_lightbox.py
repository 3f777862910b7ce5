"""The pictures and PDF files of a conversation, large: by the keyboard there, on to the next, and back to the first."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import Desk


def test_pictures_are_looked_through_without_a_mouse(desk: Desk) -> None:
    page = desk.page()
    desk.open(page, "Marta Lindqvist")
    first = page.locator("a.file-picture", has_text="burr-carrier.png")
    second = page.locator("a.file-picture", has_text="screw.png")
    first.focus()
    page.keyboard.press("Enter")
    box = page.get_by_role("dialog", name="File")
    expect(box.get_by_role("img", name="burr-carrier.png")).to_be_visible()
    expect(box).to_contain_text("1 of 2")
    expect(box.get_by_role("button", name="Previous file")).to_be_hidden()
    page.keyboard.press("ArrowRight")
    expect(box.get_by_role("img", name="screw.png")).to_be_visible()
    expect(box).to_contain_text("2 of 2")

    desk.note("Marta Lindqvist", "said meanwhile")
    expect(page.locator("conversation-view")).to_contain_text("said meanwhile")
    expect(box.get_by_role("img", name="screw.png")).to_be_visible()

    page.keyboard.press("Escape")
    expect(box).to_be_hidden()
    expect(second).to_be_focused()


def test_a_pdf_is_read_in_the_page(desk: Desk) -> None:
    page = desk.page()
    desk.open(page, "Tomás Herrera")
    with page.expect_event("framenavigated", lambda frame: frame.url.startswith("chrome-extension:")):  # its own reader
        page.get_by_role("link", name="wholesale-2027.pdf").first.click()
    box = page.get_by_role("dialog", name="File")
    expect(box.locator("iframe[title='wholesale-2027.pdf']")).to_be_visible()
    box.get_by_role("button", name="Close").click()
    expect(box).to_be_hidden()
