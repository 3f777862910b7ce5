"""Hidden data in a real browser: shown by a press, kept while the page lives, hidden again by another."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from app.db import transaction
from app.models import Conversation, Message
from tests.browser.conftest import Desk

CARD, WHO = "4111 1111 1111 1111", "Jonas Weber"


@pytest.fixture
def sensitive(desk: Desk) -> str:
    with transaction() as session:
        conversation = session.get_one(Conversation, desk.made.conversations[WHO].id)
        conversation.preview = f"My card is {CARD}"
        query = select(Message).where(Message.conversation_id == conversation.id, Message.direction == "inbound")
        message = session.scalars(query.order_by(Message.id.desc())).first()
        assert message is not None
        message.text = f"My card is {CARD} 09/28 123 and my password is Hunter2xyz. Please call +1 212 555 2368."
        message.html = f"<p>My card is <b>{CARD}</b>, thanks</p>"
        return str(message.public_id)


def test_a_press_shows_one_message_until_it_is_hidden_again(desk: Desk, sensitive: str) -> None:
    page = desk.page("dev")
    expect(page.locator("#rows")).to_contain_text("My card is [card ••••1111]")
    desk.open(page, WHO)
    message = page.locator(f'[data-message="{sensitive}"]')
    expect(message).to_contain_text("[card ••••1111] 09/28 [CVV ••••]")
    expect(message).to_contain_text("Hidden: CVV, card, password")
    message.get_by_role("button", name="Show", exact=True).click()
    expect(message).to_contain_text(CARD)

    desk.note(WHO, "a poke from elsewhere")
    expect(page.locator("conversation-view")).to_contain_text("a poke from elsewhere")
    expect(message).to_contain_text(CARD)

    message.locator(".html-mail summary").click()
    frame = message.frame_locator("iframe")
    expect(frame.locator("body")).to_contain_text("[card ••••1111]")
    message.get_by_role("button", name="Show it in the formatted mail too").click()
    expect(frame.locator("body")).to_contain_text(CARD)

    message.get_by_role("link", name="Hide again").click()
    expect(page.locator(f'[data-message="{sensitive}"]')).to_contain_text("[card ••••1111]")
    expect(page.locator("conversation-view")).not_to_contain_text(CARD)


def test_it_works_without_scripts(desk: Desk, sensitive: str) -> None:
    page = desk.page("dev", java_script_enabled=False)
    page.goto(f"{desk.product.url}/inbox/c/{desk.public_id(WHO)}")
    page.locator(f'[data-message="{sensitive}"]').get_by_role("button", name="Show", exact=True).click()
    expect(page.locator("main")).to_contain_text(CARD)
    page.get_by_role("link", name="Back to the conversation").click()
    expect(page.locator("main")).not_to_contain_text(CARD)


@pytest.mark.parametrize("look", ["light", "dark", "phone"])
def test_the_log_and_the_rules_fit_their_screens(desk: Desk, sensitive: str, look: str) -> None:
    size = {"width": 390 if look == "phone" else 1440, "height": 844}
    page = desk.page("ana", color_scheme="dark" if look == "dark" else "light", viewport=size)
    for name in ("audit", "privacy"):
        page.goto(f"{desk.product.url}/settings/{name}")
        width = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert width <= 0
    page.goto(f"{desk.product.url}/inbox/c/{desk.public_id(WHO)}")
    expect(page.locator(f'[data-message="{sensitive}"]')).to_contain_text("Hidden: ")
