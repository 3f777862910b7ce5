"""What is written without a connection: sent when it is back, once, or given back with a reason."""

from __future__ import annotations

from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy import select

from app.db import reading, transaction
from app.models import Conversation, DraftFile, Message, User
from app.services import replies
from tests.browser.conftest import Desk, eventually

COMPOSER = ".composer-text"


def _cut(context: BrowserContext, page: Page) -> None:
    context.set_offline(True)
    page.evaluate("window.dispatchEvent(new Event('offline'))")
    expect(page.locator("#live .live-word")).to_have_text("Offline")


def _waiting_files() -> list[str]:
    with reading() as session:
        return list(session.scalars(select(DraftFile.filename).where(DraftFile.draft_id.is_not(None))))


def _write(page: Page, text: str) -> None:
    page.fill(COMPOSER, text)
    page.press(COMPOSER, "Control+Enter")


def test_replies_and_notes_leave_once_when_the_connection_is_back(desk: Desk) -> None:
    page = desk.page()
    desk.open(page, "Rahul Mehta")
    page.set_input_files("input[name=files]", {"name": "proof.txt", "mimeType": "text/plain", "buffer": b"1"})
    eventually(lambda: _waiting_files() == ["proof.txt"])
    chips = page.locator("form > .composer-files .chip")
    _cut(page.context, page)
    _write(page, "Your data is deleted.")
    expect(chips).to_have_count(0)
    page.get_by_role("button", name="Take back").click()
    expect(chips).to_have_count(1)  # though nobody can be asked what there is
    page.press(COMPOSER, "Control+Enter")
    expect(page.locator(".message.is-waiting")).to_have_count(1)
    page.check("input[name=kind][value=note]", force=True)
    _write(page, "told him offline")
    expect(page.locator(".message.is-waiting")).to_have_count(2)
    expect(page.locator(".message-note.is-waiting")).to_contain_text("told him offline")
    page.context.set_offline(False)
    for text in ("Your data is deleted.", "told him offline"):
        expect(page.locator(".message[data-message]", has_text=text)).to_have_count(1)
    expect(page.locator(".message-out[data-message]", has_text="Your data is deleted.")).to_contain_text("proof.txt")
    expect(page.locator(".is-waiting")).to_have_count(0)
    assert _waiting_files() == []
    page.reload()
    for text in ("Your data is deleted.", "told him offline"):
        expect(page.locator(".message", has_text=text)).to_have_count(1)
    desk.trouble.clear()  # the broken connection is logged


def test_what_waits_survives_the_tab_and_goes_back_to_its_draft_when_a_colleague_was_faster(desk: Desk) -> None:
    page = desk.page(is_routed=True)
    desk.open(page, "Astrid Berg")
    page.route("**/replies**", lambda route: route.abort())
    _write(page, "I will look.")
    expect(page.locator(".message.is-waiting")).to_have_count(1)
    context = page.context
    page.close()
    with transaction() as session:
        found = session.get_one(Conversation, desk.made.conversations["Astrid Berg"].id, with_for_update=True)
        ben = session.get_one(User, desk.made.users["ben"].id)
        replies.queue_reply(session, conversation=found, author=ben, text="Ben answered.", client_key="ben-was-faster")
    other = context.new_page()
    other.goto(f"{desk.product.url}/inbox")
    expect(other.locator(".toast-shelf .flash-error")).to_contain_text("written meanwhile")
    desk.open(other, "Astrid Berg")
    expect(other.locator(COMPOSER)).to_have_value("I will look.")
    expect(other.locator(".is-waiting")).to_have_count(0)
    with reading() as session:
        written = session.query(Message.id).filter(Message.text == "I will look.").count()
    assert written == 0
    desk.trouble.clear()  # the request that we cut


def test_anything_else_says_that_it_was_not_done_and_tries_again(desk: Desk) -> None:
    page = desk.page(is_routed=True)
    desk.open(page, "Oliver Grant")
    page.route("**/status**", lambda route: route.abort())
    page.keyboard.press("e")
    line = page.locator(".toast-shelf .flash-error")
    expect(line).to_contain_text("What you did was not saved")
    page.unroute("**/status**")
    line.get_by_text("Try again").click()
    expect(page.locator(".conversation-sub .chip-resolved")).to_be_visible()
    desk.trouble.clear()  # the request that we cut
