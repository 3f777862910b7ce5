"""A draft on the server, in real browsers: read by a colleague, there on another device, never overwritten unseen."""

from __future__ import annotations

from playwright.sync_api import Page, expect
from sqlalchemy import select

from app.db import reading
from app.models import Draft
from tests.browser.conftest import Desk, eventually

PERSON = "Marta Lindqvist"
BOX = ".composer-text"


def test_a_draft_is_read_taken_over_and_never_overwritten_unseen(desk: Desk) -> None:
    ana, ben = desk.page("ana"), desk.page("ben")
    desk.open(ana, PERSON)
    desk.open(ben, PERSON)
    _write(ana, desk, "It leaves on Monday.")
    told = ben.locator(".draft-of", has_text="Ana Duarte is drafting a reply")
    told.locator("summary").click()
    expect(told).to_contain_text("It leaves on Monday.")
    device = desk.page("ana")
    desk.open(device, PERSON)
    expect(device.locator(BOX)).to_have_value("It leaves on Monday.")
    told.get_by_role("button", name="Take over").click()
    expect(ben.locator(BOX)).to_have_value("It leaves on Monday.")
    ana.fill(BOX, "It leaves on Monday, I hope.")
    clash = ana.locator(".draft-conflict")
    expect(clash).to_contain_text("Ben Achterberg took over your draft.")
    expect(ana.locator(BOX)).to_have_value("It leaves on Monday, I hope.")
    clash.get_by_role("button", name="Empty the box").click()
    expect(ana.locator(BOX)).to_have_value("")
    expect(ana.locator(".draft-of")).to_contain_text("Ben Achterberg is drafting a reply")
    ben.press(BOX, "Control+Enter")
    expect(ana.locator(".message-out", has_text="It leaves on Monday.")).to_be_visible()
    expect(ana.locator(".draft-of")).to_have_count(0)
    expect(ben.locator(".message-out[data-message]", has_text="It leaves on Monday.")).to_be_visible()
    expect(ben.locator(".is-pending")).to_have_count(0)
    ben.reload()
    expect(ben.locator(".message-out", has_text="It leaves on Monday.")).to_be_visible()
    expect(ben.locator(BOX)).to_have_value("")
    assert _stored(desk) == []
    for trouble in desk.trouble:
        trouble[:] = [line for line in trouble if "409" not in line]  # the browser's own word for the refusal


def _write(page: Page, desk: Desk, text: str) -> None:
    page.fill(BOX, text)
    eventually(lambda: _stored(desk) == [text])


def _stored(desk: Desk) -> list[str]:
    with reading() as session:
        query = select(Draft.text).where(Draft.conversation_id == desk.made.conversations[PERSON].id)
        return list(session.scalars(query))
