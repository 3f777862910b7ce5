"""A message of another language, put into the reader's by the translator's own process, seen live by all who look."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from app.db import reading, transaction
from app.models import Message
from app.services import message_translations
from tests.browser.conftest import Desk, eventually
from tests.tiny_translator import learn
from workers.children import TRANSLATOR, read_procfile
from workers.processes import ROOT

WHO = "Rahul Mehta"


@pytest.fixture
def translator(desk: Desk, tmp_path: Path) -> Iterator[None]:
    """The process of the Procfile, over a model that knows a few sentences."""
    desk.product.env["TRANSLATORS"] = str(learn(tmp_path / "tiny-m2m"))
    desk.product.start(TRANSLATOR, read_procfile(ROOT / "Procfile")[TRANSLATOR])
    try:
        eventually(_is_offered)
        yield
    finally:
        desk.product.kill(TRANSLATOR)
        del desk.product.env["TRANSLATORS"]


def _is_offered() -> bool:
    with reading() as session:
        return message_translations.offered(session).has("de", "en")


def _let_them_write_german(desk: Desk) -> None:
    with transaction() as session:
        home = desk.made.conversations[WHO].id
        message = (
            session.query(Message).filter_by(conversation_id=home, direction="inbound").order_by(Message.id).first()
        )
        assert message
        message.text, message.language = "Wo ist meine Bestellung?", "de"


def _opened(desk: Desk, page: Page) -> None:
    """Open the conversation; the web process looks for translators every ten seconds."""
    button = page.get_by_role("button", name="Translate from German")

    def is_offered() -> bool:
        page.goto(f"{desk.product.url}/inbox/c/{desk.public_id(WHO)}")
        return button.count() == 1

    eventually(is_offered)


@pytest.mark.usefixtures("translator")
def test_a_message_is_translated_by_a_key_and_everybody_who_looks_sees_it(desk: Desk) -> None:
    _let_them_write_german(desk)
    ana, ben = desk.page(), desk.page("ben")
    for page in (ana, ben):
        _opened(desk, page)
    ana.keyboard.press("Shift+L")
    for page in (ana, ben):
        told = page.locator(".translation")
        expect(told.locator("summary")).to_have_text("Translated from German")
        expect(told.locator(".translation-text")).to_have_text("Where is my order?")
        expect(page.locator(".message-text", has_text="Wo ist meine Bestellung?")).to_be_visible()
    ana.locator(".translation summary").click()  # enough of it
    expect(ana.locator(".translation-text")).to_be_hidden()
    desk.note(WHO, "looked at it")
    expect(ana.locator(".message-note", has_text="looked at it")).to_be_visible()
    expect(ana.locator(".translation-text")).to_be_hidden()  # what comes in does not open it again
