"""Two colleagues in one conversation, in real browsers: a mention, its answer, handing over, and one reply at a time."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.conftest import Desk

PERSON = "Priya Raman"
BOX = ".composer-text"


def test_two_colleagues_share_a_conversation(desk: Desk) -> None:
    ana, ben = desk.page("ana"), desk.page("ben")
    desk.open(ana, PERSON)
    _mention(ana)
    mentions = ben.get_by_role("navigation", name="Views").get_by_role("link", name="Mentions")
    expect(mentions).to_contain_text("unread")
    mentions.click()
    desk.open(ben, PERSON)
    expect(ben.locator(".mention-me")).to_have_text("@Ben Achterberg")
    expect(mentions).not_to_contain_text("unread")
    _answer(ben)
    expect(ana.locator(".thread-note", has_text="In the old version.")).to_be_visible()
    _hand_over(ana)
    expect(ben.locator(".message-note", has_text="Please finish this.")).to_be_visible()
    expect(ben.locator("#details select[name='assignee'] option:checked")).to_have_text("Ben Achterberg")
    _reply_at_once(ana, ben)
    for trouble in desk.trouble:
        trouble[:] = [line for line in trouble if "409" not in line]  # the browser's own word for the refusal


def test_two_tabs_of_one_user_stay_the_same(desk: Desk) -> None:
    person = "Dorothea Klein"
    one, two = desk.page("ana"), desk.page("ana")
    desk.open(one, person)
    desk.open(two, person)
    words = one.get_by_role("textbox", name="Your words")
    words.fill("Dear Dorothea,")
    words.blur()
    expect(two.locator("#details select[name='assignee']")).to_be_visible()
    two.reload()
    expect(two.locator(BOX)).to_have_value("Dear Dorothea,")
    words.fill("Dear Dorothea, I am sorry.")
    with one.expect_response("**/draft"):
        words.blur()
    two.evaluate("document.dispatchEvent(new Event('visibilitychange'))")  # as when one changes to this tab
    expect(two.locator(BOX)).to_have_value("Dear Dorothea, I am sorry.")
    words.press("Control+Enter")
    expect(one.locator(".message", has_text="I am sorry.")).to_be_visible()
    expect(two.locator(".message", has_text="I am sorry.")).to_be_visible()
    expect(two.locator(BOX)).to_have_value("")
    expect(two.locator(".draft-conflict")).to_have_count(0)
    two.locator("#details select[name='assignee']").select_option(label="Ben Achterberg")
    expect(one.locator("#details select[name='assignee'] option:checked")).to_have_text("Ben Achterberg")


def _mention(page: Page) -> None:
    page.locator(".composer-tab", has_text="Note").click()
    box = page.locator(BOX)
    box.press_sequentially("Where is this from, @ach")
    option = page.locator("#mention-list").get_by_role("option", name="Ben Achterberg")
    expect(option).to_have_attribute("aria-selected", "true")
    expect(box).to_have_attribute("aria-expanded", "true")
    box.press("Enter")
    expect(box).to_have_value("Where is this from, @Ben Achterberg ")
    expect(option).to_have_count(0)
    box.press("Control+Enter")
    expect(page.locator(".message-note[data-message] .mention")).to_have_text("@Ben Achterberg")


def _answer(page: Page) -> None:
    note = page.locator(".message-note", has_text="Where is this from")
    note.locator("summary", has_text="Answer with a note").click()
    note.locator(".thread-form textarea").fill("In the old version.")
    note.locator(".thread-form button").click()
    expect(note.locator(".thread-note")).to_contain_text("In the old version.")


def _hand_over(page: Page) -> None:
    page.locator("body").press("Escape")
    page.keyboard.press("Shift+H")
    dialog = page.get_by_role("dialog", name="Hand over #")
    dialog.get_by_role("radio", name="Ben Achterberg").check()
    note = dialog.get_by_label("Note", exact=True)
    note.fill("Please finish this.")
    note.press("Escape")
    expect(dialog).to_have_count(0)
    expect(page.locator(".conversation-head details.drop summary:focus")).to_have_count(1)
    page.keyboard.press("Shift+H")
    expect(note).to_have_value("Please finish this.")  # it was not sent: it is not lost
    dialog.get_by_role("button", name="Hand over").click()
    expect(dialog).to_have_count(0)
    expect(page.locator(".message-note", has_text="Please finish this.")).to_be_visible()


def _reply_at_once(ana: Page, ben: Page) -> None:
    """Ben begins; Ana is told, and asked once before hers leaves as well."""
    ben.locator(".composer-tab", has_text="Reply").click()
    ben.locator(BOX).press_sequentially("I will look")
    lock = ana.locator("soft-lock", has_text="Ben Achterberg is writing a reply since")
    expect(lock).to_be_visible()
    ana.locator(".composer-tab", has_text="Reply").click()
    ana.locator(BOX).press_sequentially("It is solved")
    ana.locator(BOX).press("Control+Enter")
    news = ana.locator(".composer-news")
    expect(news).to_contain_text("Ben Achterberg is writing a reply since")
    expect(ana.locator(".message-out[data-message]", has_text="It is solved")).to_have_count(0)
    news.get_by_role("button", name="Send it anyhow").click()
    expect(ana.locator(".message-out[data-message]", has_text="It is solved")).to_be_visible()
