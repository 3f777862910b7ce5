"""The menu beside Send, copies, and what came in meanwhile, as an agent uses them."""

from __future__ import annotations

from playwright.sync_api import expect

from app.db import transaction
from app.models import Conversation, User
from app.services import replies, sending_rules
from tests.browser.conftest import Desk

PERSON = "Marta Lindqvist"


def test_a_reply_is_scheduled_taken_back_and_sent_past_a_colleague(desk: Desk) -> None:
    with transaction() as session:
        sending_rules.change(session, undo_send_seconds="60")
    page = desk.page()
    desk.open(page, PERSON)
    page.click(".composer-cc summary")
    page.fill("[name=bcc]", "boss@acme.example")
    page.press("[name=bcc]", "Enter")  # sends nothing
    page.fill(".composer-text", "It leaves in the morning.")
    page.click(".send-menu summary")
    page.locator(".send-menu").get_by_role("button", name="Tomorrow 9:00").first.click()
    card = page.locator(".message-scheduled")
    expect(card).to_contain_text("It leaves in the morning.")
    expect(card).to_contain_text("bcc boss@acme.example")
    expect(card).to_contain_text("09:00")
    expect(page.locator(".composer-text")).to_have_value("")
    expect(page.locator("[name=bcc]")).to_have_value("")
    expect(page.locator(".send-menu")).not_to_have_attribute("open", "")
    card.get_by_role("button", name="Edit").click()
    expect(page.locator(".composer-text")).to_have_value("It leaves in the morning.")
    expect(page.locator("[name=bcc]")).to_have_value("boss@acme.example")
    expect(card).to_have_count(0)
    _colleague_answers(desk, "Solved by me already")
    expect(page.locator(".timeline")).to_contain_text("Solved by me already")
    page.press(".composer-text", "Control+Enter")
    news = page.locator(".composer-news")
    expect(news).to_contain_text("Solved by me already")
    expect(news.get_by_role("button", name="Send it anyhow")).to_be_focused()
    expect(page.locator(".composer-text")).to_have_value("It leaves in the morning.")
    expect(page.locator("[name=bcc]")).to_have_value("boss@acme.example")
    page.keyboard.press("Enter")
    sent = page.locator(".message-out", has_text="It leaves in the morning.")
    expect(sent).to_contain_text("Leaves in")
    expect(sent).to_contain_text("bcc boss@acme.example")
    expect(news).to_have_count(0)
    expect(page.locator(".composer-text")).to_have_value("")
    page.fill(".composer-text", "And one more.")
    page.press(".composer-text", "Control+Enter")
    expect(page.locator(".message-out", has_text="And one more.")).to_contain_text("Leaves in")
    (told,) = desk.trouble.pop()
    assert "409" in told  # the browser's own word for the refusal


def _colleague_answers(desk: Desk, text: str) -> None:
    with transaction() as session:
        conversation = session.get_one(Conversation, desk.made.conversations[PERSON].id, with_for_update=True)
        author = session.get_one(User, desk.made.users["ben"].id)
        replies.queue_reply(session, conversation=conversation, author=author, text=text, client_key=text)
