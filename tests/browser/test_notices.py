"""Notices in a real browser: drawn together, once among all tabs, never of what is looked at, and opened by a press."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from app.db import transaction
from app.models import Conversation, User
from app.services import conversations
from tests.browser.conftest import Desk, eventually

# a headless browser draws no notices: each is written down where the system would be told
NOTED = """
window.noted = [];
window.Notification = class extends EventTarget {
  static permission = "granted";
  constructor(title, options) { super(); window.noted.push({ title, ...options, press: () => this.dispatchEvent(new Event("click")) }); }
  close() {}
};
"""
COUNT = "noted.length"
MARTA, OLIVER, SOPHIE = "Marta Lindqvist", "Oliver Grant", "Sophie Laurent"


def _hand_over(desk: Desk, *contacts: str) -> None:
    """Ben gives conversations to Ana, all in one transaction."""
    with transaction() as session:
        ana, ben = (session.get_one(User, desk.made.users[who].id) for who in ("ana", "ben"))
        for contact in contacts:
            found = session.get_one(Conversation, desk.made.conversations[contact].id, with_for_update=True)
            conversations.assign(session, conversation=found, actor=ben, assignee=None)
            conversations.assign(session, conversation=found, actor=ben, assignee=ana)


def _look_away(page: Page) -> None:
    page.evaluate("document.hasFocus = () => false")


def test_one_tab_tells_once_what_nobody_looks_at(desk: Desk) -> None:
    first = desk.page()
    first.context.add_init_script(NOTED)
    first.reload()
    second = first.context.new_page()
    second.goto(f"{desk.product.url}/contacts")
    for page in (first, second):
        expect(page.locator("#live")).to_have_attribute("data-state", "live")
        _look_away(page)
    _hand_over(desk, MARTA, OLIVER)
    eventually(lambda: first.evaluate(COUNT) + second.evaluate(COUNT) == 1)
    told = first if first.evaluate(COUNT) else second
    assert told.evaluate("noted[0].title") == "2 conversations have news"
    assert MARTA in told.evaluate("noted[0].body")
    first.close() if told is first else second.close()  # who spoke is gone: the other takes over
    left = second if told is first else first
    left.goto(f"{desk.product.url}/inbox")
    expect(left.locator("#live")).to_have_attribute("data-state", "live")
    desk.open(left, MARTA)
    left.bring_to_front()
    left.evaluate("document.hasFocus = () => true")
    _hand_over(desk, MARTA, SOPHIE)  # the first is before her eyes
    eventually(lambda: left.evaluate(COUNT) == 1)
    assert left.evaluate("noted[0].title") == f"Ben Achterberg assigned you {SOPHIE}"
    left.evaluate("noted[0].press()")
    expect(left.locator("conversation-view")).to_have_attribute("data-conversation", desk.public_id(SOPHIE))


def test_permission_is_asked_by_a_press_on_the_settings_page_only(desk: Desk) -> None:
    page = desk.page()
    page.context.add_init_script(
        "window.asked = 0; Object.defineProperty(Notification, 'permission', { get: () => window.asked ? 'denied' : 'default' });"
        "Notification.requestPermission = async () => { window.asked += 1; return 'denied'; };"
    )
    page.goto(f"{desk.product.url}/inbox")
    _hand_over(desk, MARTA)
    expect(page.locator("#live")).to_have_attribute("data-state", "live")
    assert page.evaluate("asked") == 0
    page.goto(f"{desk.product.url}/settings/notices")
    expect(page.locator("[data-permission]")).to_have_text("This device has not been asked yet.")
    page.click("[data-allow]")
    expect(page.locator("[data-permission]")).to_contain_text("This browser refuses notices")
    expect(page.locator("[data-allow]")).to_be_hidden()
    assert page.evaluate("asked") == 1
