"""Canned responses by a slash and a macro, by the keyboard alone, in a real browser."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from app.db import reading, transaction
from app.models import Conversation, Priority
from app.services import canned_responses, macros
from tests.browser.conftest import Desk, eventually

COMPOSER, LIST, CHOSEN = ".composer-text", "#slash-list", "#slash-list [aria-selected=true]"


@pytest.fixture(scope="module")
def _kept(stage: object) -> None:
    """Two canned responses and a macro, for everybody."""
    with transaction() as session:
        texts = {
            "grinder": "Dear {{ contact.first_name }},\n\nset the **grinder** to 12.",
            "grind-hours": "{{ business_hours }}",
        }
        for shortcut, text in texts.items():
            title = f"About the {shortcut} <i>"
            canned_responses.save(session, canned=None, shortcut=shortcut, title=title, text=text)
        actions = [{"do": "priority", "value": "urgent"}, {"do": "note", "value": "Called {{ contact.first_name }}"}]
        macros.save(session, macro=None, name="Called back", actions=actions)


@pytest.mark.usefixtures("_kept")
def test_a_slash_finds_ranks_and_fills_in_plain_and_formatted(desk: Desk) -> None:
    page = desk.page()
    desk.open(page, "Ingrid Halvorsen")
    page.click("[data-formatting]")  # plain words at first
    page.type(COMPOSER, "and/or /gri")
    expect(page.locator(COMPOSER)).to_have_role("combobox")
    expect(page.locator(CHOSEN)).to_contain_text("/grind-hours")
    page.keyboard.press("ArrowDown")
    expect(page.locator(CHOSEN)).to_contain_text("Dear Ingrid")
    chosen = page.locator(CHOSEN).get_attribute("id")
    expect(page.locator(COMPOSER)).to_have_attribute("aria-activedescendant", chosen or "none")
    page.keyboard.press("Escape")
    expect(page.locator(LIST)).to_be_hidden()
    expect(page.locator(COMPOSER)).to_have_role("textbox")
    page.type(COMPOSER, " /grinder")
    expect(page.locator(CHOSEN)).to_contain_text("/grinder")
    page.keyboard.press("Enter")
    expect(page.locator(COMPOSER)).to_have_value("and/or /gri Dear Ingrid,\n\nset the **grinder** to 12.")
    page.keyboard.press("Control+z")
    expect(page.locator(COMPOSER)).to_have_value("and/or /gri /grinder")
    page.fill(COMPOSER, "")
    _gap_is_selected(page)
    _formatted(page)


def _gap_is_selected(page: Page) -> None:
    page.keyboard.press("Alt+c")  # as a slash does
    page.type(COMPOSER, "grind-h")
    expect(page.locator(CHOSEN)).to_contain_text("/grind-hours")
    page.keyboard.press("Tab")
    expect(page.locator(COMPOSER)).to_have_value("⟦your business hours⟧")
    page.keyboard.type("nine to five")
    expect(page.locator(COMPOSER)).to_have_value("nine to five")
    page.fill(COMPOSER, "")


def _formatted(page: Page) -> None:
    page.click("[data-formatting]")
    editor = page.locator("composer-box [contenteditable=true]")
    editor.press_sequentially("/grinder")
    expect(page.locator(CHOSEN)).to_contain_text("/grinder")
    page.keyboard.press("Enter")
    expect(editor.locator("strong")).to_have_text("grinder")
    expect(editor).to_contain_text("Dear Ingrid,")
    expect(editor).not_to_contain_text("/grinder")
    page.keyboard.press("Escape")  # in the editor these keys are for links
    page.keyboard.press("Control+k")
    page.keyboard.type("insert about the grind-hours")
    expect(page.locator("#bar-list [aria-selected=true]")).to_contain_text(
        "Insert canned response: About the grind-hours"
    )
    page.keyboard.press("Enter")
    expect(editor).to_contain_text("⟦your business hours⟧")


@pytest.mark.usefixtures("_kept")
def test_a_macro_is_chosen_looked_at_run_and_undone_by_keyboard(desk: Desk) -> None:
    page, name = desk.page(), "Leila Haddad"
    desk.open(page, name)
    before = _now(desk, name).priority
    page.keyboard.press("o")
    expect(page.locator(".macro-menu a", has_text="Called back")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("[data-step=priority]")).to_contain_text("urgent")
    expect(page.locator("[data-step=note] .macro-words")).to_have_text("Called Leila")
    expect(page.locator("button", has_text="Run it")).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/inbox/c/"))
    expect(page.locator(".line", has_text="ran the macro “Called back”")).to_be_visible()
    assert _now(desk, name).priority is Priority.URGENT
    page.locator(".line-undo button").last.press("Enter")
    expect(page.locator(".line", has_text="undid the macro “Called back”")).to_be_visible()
    eventually(lambda: _now(desk, name).priority is before)


def _now(desk: Desk, contact: str) -> Conversation:
    with reading() as session:
        return session.get_one(Conversation, desk.made.conversations[contact].id)
