"""Undo send as an agent sees it: counted down, and back in the composer with one key."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect

from app.db import transaction
from app.services import sending_rules
from tests.browser.conftest import Desk


def test_a_reply_counts_down_and_comes_back_with_a_key(desk: Desk, tmp_path: Path) -> None:
    with transaction() as session:
        sending_rules.change(session, undo_send_seconds="60")
    (tmp_path / "list.txt").write_text("one")
    page = desk.page()
    desk.open(page, "Marta Lindqvist")
    page.set_input_files("input[name=files]", [tmp_path / "list.txt"])
    page.fill(".composer-text", "It left this morning.")
    page.press(".composer-text", "Control+Enter")
    leaving = page.locator(".message-out reply-leaving")
    expect(leaving).to_contain_text("Leaves in")
    expect(page.locator(".composer-text")).to_have_value("")
    first = leaving.inner_text()
    expect(leaving).not_to_have_text(first)  # it counts
    page.fill(".composer-text", "And one more thing.")
    page.press(".composer-text", "Escape")
    page.keyboard.press("z")
    expect(page.locator(".composer-text")).to_have_value("It left this morning.\n\nAnd one more thing.")
    expect(leaving).to_have_count(0)
    expect(page.locator(".taken-back-files .chip")).to_contain_text("list.txt")
    page.reload()
    expect(page.locator(".composer-text")).to_have_value("It left this morning.\n\nAnd one more thing.")
    page.click("[data-send=reply]")
    expect(leaving).to_have_count(1)
    expect(page.locator(".message:has(reply-leaving)")).to_contain_text("list.txt")
    expect(page.locator(".taken-back")).to_have_count(0)
    page.click("[data-undo]")
    expect(page.locator(".taken-back")).to_be_visible()
    page.click(".taken-back-word button")
    expect(page.locator(".taken-back")).to_have_count(0)
    expect(page.locator(".composer-text")).to_have_value("")
