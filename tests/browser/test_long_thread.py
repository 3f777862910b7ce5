"""A long conversation: older messages come while scrolling up, none twice, nothing moves, and the page stays bounded."""

from __future__ import annotations

from datetime import timedelta

from playwright.sync_api import Page, expect
from sqlalchemy import insert

from app.clock import now
from app.db import transaction
from app.models import Conversation, Direction, Message
from tests.browser.conftest import Desk

WHO, MANY, MOST = "Marta Lindqvist", 700, 500
NUMBERS = """() => [...document.querySelectorAll('.timeline .message-text')].map((one) => one.textContent)
  .filter((one) => one.startsWith('Long ')).map((one) => Number(one.slice(5)))"""
TOP_OF = "(id) => document.getElementById(id).getBoundingClientRect().top"


def _say_much(desk: Desk, many: int) -> None:
    with transaction() as session:
        row = session.get_one(Conversation, desk.made.conversations[WHO].id)
        start = now() - timedelta(minutes=many)
        said = [
            {
                "conversation_id": row.id,
                "channel_id": row.channel_id,
                "contact_id": row.contact_id,
                "direction": Direction.INBOUND,
                "text": f"Long {number}",
                "annotated_at": start,
                "routed_at": start,
                "created_at": start + timedelta(minutes=number),
            }
            for number in range(many)
        ]
        session.execute(insert(Message), said)


def _scroll_up(page: Page, messages: int) -> None:
    page.locator(".timeline").evaluate("(box) => box.scrollTo(0, -box.scrollHeight)")
    expect(page.locator(".timeline .message[data-message]")).not_to_have_count(messages)


def test_older_messages_come_while_scrolling_up(desk: Desk) -> None:
    _say_much(desk, MANY)
    page = desk.page(path=f"/inbox/c/{desk.public_id(WHO)}")
    assert page.evaluate(NUMBERS) == list(range(MANY - 80, MANY))
    first = page.locator(".timeline .message[data-message]").first
    anchor = str(first.get_attribute("id"))
    page.locator(".timeline a.earlier").focus()  # comes into sight, and with it what was said before
    expect(page.locator(".timeline .message[data-message]")).to_have_count(160)
    before = page.evaluate(TOP_OF, anchor)
    page.locator(".timeline a.earlier").evaluate("(link) => link.click()")
    expect(page.locator(".timeline .message[data-message]")).to_have_count(240)
    assert abs(page.evaluate(TOP_OF, anchor) - before) <= 1, "nothing moved"
    for shown in (240, 320, 400):
        _scroll_up(page, shown)
    numbers = page.evaluate(NUMBERS)
    assert numbers == list(range(MANY - len(numbers), MANY)), "none twice, none left out"
    assert len(numbers) <= MOST
    assert page.locator(".timeline .day").count() == len(set(page.locator(".timeline .day").all_inner_texts()))

    desk.note(WHO, "said meanwhile")
    expect(page.locator(".timeline")).to_contain_text("said meanwhile", timeout=60_000)  # 480 messages drawn anew
    page.locator(".timeline a.earlier").click()
    page.wait_for_url("**before=*")  # what is older still has a page of its own
