"""The inbox in real browsers: live, together, and through a bad network."""

from __future__ import annotations

from playwright.sync_api import Page, Route, expect

from app.db import transaction
from app.models import Contact
from app.services import contacts
from tests.browser.conftest import Desk, eventually

COMPOSER = ".composer-text"


def _send(page: Page, text: str) -> None:
    page.fill(COMPOSER, text)
    page.press(COMPOSER, "Control+Enter")


def test_a_reply_stands_there_at_once_and_becomes_the_stored_one(desk: Desk) -> None:
    page, held = desk.page(is_routed=True), list[Route]()
    desk.open(page, "Kwame Mensah")
    page.route("**/replies**", lambda route: held.append(route))  # noqa: PLW0108 - Playwright marks the function it is given
    _send(page, "The papers leave today.")
    bubble = page.locator(".message", has_text="The papers leave today.")
    expect(bubble).to_have_class("message message-out message-queued is-pending")
    expect(page.locator(COMPOSER)).to_have_value("")
    page.fill(COMPOSER, "already the next words")
    desk.note("Kwame Mensah", "a note in between")  # its refresh must not take the bubble away
    expect(page.locator(".message-note", has_text="a note in between")).to_be_visible()
    expect(bubble).to_be_visible()
    held[0].continue_()
    expect(page.locator(".message[data-message]", has_text="The papers leave today.")).to_have_count(1)
    expect(bubble).to_have_count(1)
    expect(bubble).not_to_have_class("is-pending")
    expect(page.locator(COMPOSER)).to_have_value("already the next words")


def test_words_wait_until_the_server_can_be_reached_and_are_sent_once(desk: Desk) -> None:
    page = desk.page(is_routed=True)
    desk.open(page, "Sophie Laurent")
    page.route("**/replies**", lambda route: route.abort())  # nothing arrives
    _send(page, "There are 12.40 left.")
    bubble = page.locator(".message", has_text="There are 12.40 left.")
    expect(bubble.locator(".message-waiting")).to_contain_text("leaves when the connection is back")
    expect(page.locator(COMPOSER)).to_have_value("")
    bubble.get_by_text("Take back").click()
    expect(bubble).to_have_count(0)
    expect(page.locator(COMPOSER)).to_have_value("There are 12.40 left.")
    page.unroute("**/replies**")
    page.route("**/replies**", lambda route: (route.fetch(), route.abort()), times=1)  # it arrives, the answer does not
    page.keyboard.press("Control+Enter")
    stored = page.locator(".message[data-message]", has_text="There are 12.40 left.")
    expect(stored).to_have_count(1)  # the poke told
    expect(page.locator(COMPOSER)).to_have_value("")
    eventually(
        lambda: page.evaluate("Object.keys(localStorage).every(key => !key.startsWith('outbox:'))")
    )  # sent again
    _send(page, "Anything else?")
    expect(page.locator(".message[data-message]", has_text="Anything else?")).to_have_count(1)
    expect(stored).to_have_count(1)
    desk.trouble.clear()  # the browser logs the request that we cut


def test_a_refused_reply_returns_with_its_reason(desk: Desk) -> None:
    page = desk.page()
    desk.open(page, "Rahul Mehta")
    page.click(".composer-cc summary")
    page.fill(".composer-cc [name=cc]", "not an address")
    _send(page, "We confirm the deletion.")
    expect(page.locator(".composer-problem")).to_contain_text("Write a whole address")
    expect(page.locator(COMPOSER)).to_have_value("We confirm the deletion.")
    expect(page.locator(".message", has_text="We confirm the deletion.")).to_have_count(0)
    desk.trouble.clear()  # the 422 is logged


def test_two_agents_see_each_other_and_each_others_changes(desk: Desk) -> None:
    ana, ben = desk.page("ana"), desk.page("ben")
    for page in (ana, ben):
        desk.open(page, "Oliver Grant")
    expect(ana.locator(".watcher")).to_have_attribute("title", "Ben Achterberg is looking")
    ben.type(COMPOSER, "I write some")
    expect(ana.locator(".watcher.is-typing")).to_contain_text("Ben Achterberg is typing")
    _send(ana, "Hello Oliver, I look into it.")
    expect(ben.locator(".message-out", has_text="I look into it")).to_be_visible()
    expect(ben.locator(COMPOSER)).to_have_value("I write some")
    ana.press(COMPOSER, "Escape")
    ana.keyboard.press("e")
    expect(ben.locator(".conversation-sub .chip-resolved")).to_be_visible()
    for page in (ana, ben):
        expect(page.locator("#rows .row-name", has_text="Oliver Grant")).to_have_count(0)
        expect(page.locator(".tab-link[aria-current] span")).to_have_text(str(page.locator("#rows .row-item").count()))


def test_what_changes_while_a_conversation_is_being_opened_is_shown(desk: Desk) -> None:
    """The answer was read before the change, and the poke came while nothing was open yet."""
    page = desk.page(is_routed=True)
    page.evaluate("document.addEventListener('tributary:poke', () => document.body.dataset.poked = '1')")

    def late(route: Route) -> None:
        answer = route.fetch()
        desk.note("Kwame Mensah", "written while it was opening")
        eventually(lambda: page.locator("body").get_attribute("data-poked") == "1")
        route.fulfill(response=answer)

    page.route("**/inbox/c/*", late, times=1)
    desk.open(page, "Kwame Mensah")
    expect(page.locator(".message-note", has_text="written while it was opening")).to_be_visible()
    with transaction() as session:  # and who is renamed is called so in everybody's list
        contact = session.get_one(Contact, desk.made.conversations["Astrid Berg"].contact_id)
        contacts.edit(
            session, contact=contact, actor=desk.made.users["ben"], version=contact.version, name="Astrid Holm"
        )
    expect(page.locator("#rows .row-name", has_text="Astrid Holm")).to_be_visible()
    with transaction() as session:
        contact = session.get_one(Contact, contact.id)
        contacts.edit(
            session, contact=contact, actor=desk.made.users["ben"], version=contact.version, name="Astrid Berg"
        )
    expect(page.locator("#rows .row-name", has_text="Astrid Berg")).to_be_visible()


def test_the_late_one_is_told_who_was_faster(desk: Desk) -> None:
    ana = desk.page("ana")
    desk.open(ana, "Eleanor Byrne")
    ana.locator("#pane form[action$='/assignment'] input[name=was]").first.evaluate("field => field.value = 'somebody'")
    ana.keyboard.press("a")
    expect(ana.locator(".toast-shelf .flash-error")).to_contain_text("somebody was faster")
    desk.trouble.clear()  # the 409 is logged


def test_what_is_read_loses_its_dot_and_the_title_counts(desk: Desk) -> None:
    page = desk.page("chloe")
    row = page.locator("#rows .row-unread").first
    name = row.locator(".row-name").inner_text()
    before = int(page.title().split("(")[1].split(")")[0]) if page.title().startswith("(") else None
    row.click()
    expect(page.locator("#rows .row-unread .row-name", has_text=name)).to_have_count(0)
    unread = page.locator("#unread").get_attribute("data-unread", timeout=5000)
    assert before is None or int(unread or 0) < before
    expect(page).to_have_title(
        f"({unread}) {page.locator('conversation-view').get_attribute('data-title')} · All conversations · Tributary"
    )


def test_a_reader_further_up_keeps_the_place_and_gets_a_pill(desk: Desk) -> None:
    page = desk.page()
    desk.open(page, "Marta Lindqvist")
    timeline = page.locator(".timeline")
    timeline.evaluate("box => { box.scrollTop = -box.scrollHeight }")
    first = page.locator(".message").first
    before = first.bounding_box()
    desk.note("Marta Lindqvist", "a new note at the end")
    expect(page.locator(".new-below")).to_be_visible()
    after = first.bounding_box()
    assert before
    assert after
    assert abs(before["y"] - after["y"]) < 2
    page.click(".new-below")
    expect(page.locator(".message", has_text="a new note at the end")).to_be_in_viewport()
    expect(page.locator(".new-below")).to_be_hidden()


def test_what_happened_while_offline_is_there_afterwards(desk: Desk) -> None:
    page = desk.page()
    desk.open(page, "Zoe Papadopoulou") if page.locator(".row-name", has_text="Zoe").count() else desk.open(
        page, "Ali Yilmaz"
    )
    page.context.set_offline(True)
    page.evaluate("window.dispatchEvent(new Event('offline'))")
    expect(page.locator("#live")).to_have_attribute("data-state", "offline")
    desk.note("Ali Yilmaz", "written while nobody listened")
    page.context.set_offline(False)
    expect(page.locator("#live")).to_have_attribute("data-state", "live")
    expect(page.locator(".message-note", has_text="written while nobody listened")).to_be_visible()
    desk.trouble.clear()  # the broken connection is logged


def test_drafts_stay_with_their_conversation(desk: Desk) -> None:
    page = desk.page()
    desk.open(page, "Lena Hoffmann")
    page.fill(COMPOSER, "Nein, keine Nüsse")
    desk.open(page, "Astrid Berg")
    expect(page.locator(COMPOSER)).to_have_value("")
    desk.open(page, "Lena Hoffmann")
    expect(page.locator(COMPOSER)).to_have_value("Nein, keine Nüsse")
    page.reload()
    expect(page.locator(COMPOSER)).to_have_value("Nein, keine Nüsse")


def test_back_and_forward_show_what_was_open(desk: Desk) -> None:
    page = desk.page()
    desk.open(page, "Lena Hoffmann")
    desk.open(page, "Astrid Berg")
    page.go_back()
    expect(page.locator("conversation-view")).to_have_attribute("data-conversation", desk.public_id("Lena Hoffmann"))
    expect(page.locator("#rows .row[aria-current] .row-name")).to_have_text("Lena Hoffmann")
    page.go_back()
    expect(page.locator(".pane-empty")).to_be_visible()
    page.go_forward()
    expect(page.locator("conversation-view")).to_have_attribute("data-conversation", desk.public_id("Lena Hoffmann"))
    expect(page.locator("#live")).to_have_attribute("data-state", "live")
