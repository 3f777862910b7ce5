"""Ways through the inbox: by keys, on a phone, without scripts, and past hostile mail."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import expect

from app.db import transaction
from app.models import Channel, Inbox
from app.services import recipients
from tests.browser.conftest import Desk, eventually
from tests.seed_files import picture

PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True}


def test_the_list_is_walked_by_keys(desk: Desk) -> None:
    page = desk.page()
    names = page.locator("#rows .row-name").all_inner_texts()
    open_now = page.locator("#rows .row[aria-current] .row-name")
    for key, name in (("j", names[0]), ("j", names[1]), ("j", names[2]), ("k", names[1])):
        page.keyboard.press(key)
        expect(open_now).to_have_text(name)
    page.keyboard.press("r")
    page.keyboard.type("just a jab")
    expect(page.locator(".composer-text")).to_have_value("just a jab")
    expect(open_now).to_have_text(names[1])
    page.fill(".composer-text", "")
    page.keyboard.press("Escape")
    page.keyboard.press("n")
    expect(page.locator("input[name=kind][value=note]")).to_be_checked()
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.locator("dialog#keys")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("f")
    expect(page.locator("#filter-channel")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator(".filter-form")).to_be_hidden()


def test_a_filter_narrows_the_list_and_can_be_taken_off(desk: Desk) -> None:
    page = desk.page()
    everything = page.locator("#rows .row-item").count()
    page.click(".filter-menu summary")
    page.select_option("#filter-sentiment", "negative")
    page.click(".filter-form .filter-foot button")
    expect(page.locator(".narrowed .chip")).to_have_text("Negative")
    expect(page.locator("#rows .chip-negative")).to_have_count(page.locator("#rows .row-item").count())
    assert 0 < page.locator("#rows .row-item").count() < everything
    assert page.url.endswith("?sentiment=negative")
    page.click(".narrowed .chip")
    expect(page.locator("#rows .row-item")).to_have_count(everything)


def test_more_rows_come_by_scrolling_and_stay_after_a_refresh(desk: Desk) -> None:
    page = desk.page(path="/inbox?status=all")
    expect(page.locator("#rows .row-item")).to_have_count(40)
    page.locator("#more").scroll_into_view_if_needed()
    expect(page.locator("#rows .row-item")).to_have_count(desk.made.total)
    desk.note("Carlos Vega", "keeps the list as long as it is")
    expect(page.locator("#rows .row-item").first).to_contain_text("Carlos Vega")
    expect(page.locator("#rows .row-item")).to_have_count(desk.made.total)


def test_details_are_changed_in_the_side_panel(desk: Desk) -> None:
    page = desk.page()
    desk.open(page, "Katarzyna") if page.locator(".row-name", has_text="Katarzyna").count() else desk.open(
        page, "Clara"
    ) if page.locator(".row-name", has_text="Clara").count() else desk.open(page, "Wei Zhang")
    panel = page.locator("#details")
    panel.locator("select[name=priority]").first.select_option("urgent")
    expect(page.locator(".conversation-sub .chip-urgent")).to_be_visible()
    panel.locator(".tag-input").fill("vip")
    panel.locator(".tag-input").press("Enter")
    expect(panel.locator(".tags .chip", has_text="vip")).to_be_visible()
    expect(panel.locator(".tag-input")).to_have_value("")
    panel.locator("summary", has_text="Open a case").click()
    panel.locator("details[id^=new-case] input[name=title]").fill("Parcel lost on the way")
    panel.locator("button", has_text="Open case").click()
    expect(panel.locator(".case", has_text="Parcel lost on the way")).to_be_visible()
    panel.locator("summary", has_text="Edit").click()
    panel.locator("textarea[name=note]").fill("Speaks English too")
    panel.locator("button", has_text="Save").first.click()
    expect(panel.locator(".contact-note")).to_have_text("Speaks English too")


def test_files_are_dropped_in_taken_off_and_sent(desk: Desk, tmp_path: Path) -> None:
    _sign(desk, "Emma Lindgren")
    page = desk.page()
    desk.open(page, "Emma Lindgren")
    page.locator(".composer-signature summary").click()
    expect(page.locator(".composer-signed:visible")).to_have_text("Ana, help@harbourpine.example")
    page.select_option("[name=sender]", "sales@acme.example")
    expect(page.locator(".composer-signed:visible")).to_have_text("Ana, sales@acme.example")
    for name in ("one.png", "two.png"):
        (tmp_path / name).write_bytes(picture(30, 20, 9))
    page.set_input_files("input[name=files]", [tmp_path / "one.png", tmp_path / "two.png"])
    page.click("[aria-label='Take off one.png']")
    expect(page.locator(".composer-files .chip")).to_have_count(1)
    page.click("[data-send=reply]")
    shown = page.locator(".message-out .file-picture", has_text="two.png")
    expect(shown).to_be_visible()
    eventually(lambda: shown.locator("img").evaluate("img => img.naturalWidth") == 30)
    expect(page.locator(".composer-files .chip")).to_have_count(0)


def _sign(desk: Desk, contact: str) -> None:
    """Let the inbox sign its mail, and its channel have a second address."""
    with transaction() as session:
        found = desk.made.conversations[contact]
        session.get_one(Inbox, found.inbox_id).signature = "{{ agent.first_name }}, {{ sender.address }}"
        channel = session.get_one(Channel, found.channel_id)
        recipients.set_senders(session, channel=channel, text="sales@acme.example")


def test_on_a_phone_list_conversation_and_details_are_views_of_their_own(desk: Desk) -> None:
    page = desk.page(**PHONE)
    expect(page.locator("#rows .row").first).to_be_visible()
    expect(page.locator("#pane")).to_be_hidden()
    desk.open(page, "Marta Lindqvist")
    expect(page.locator("#rows .row").first).to_be_hidden()
    expect(page.locator(".composer-text")).to_be_in_viewport()
    page.click(".to-details")
    expect(page.locator("#details .person-name")).to_be_in_viewport()
    page.click(".details-head a")
    expect(page.locator("#details")).to_be_hidden()
    page.click(".conversation-head .back")
    expect(page.locator("#rows .row").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_formatted_mail_fits_its_frame_shows_its_picture_and_runs_nothing(desk: Desk) -> None:
    page = desk.page(is_routed=True)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("dialog", lambda dialog: asked.append(f"dialog {dialog.message}"))
    desk.open(page, "Dorothea Klein")
    page.click("summary:has-text('Formatted mail')")
    frame = page.frame_locator(".html-frame")
    expect(frame.locator("b")).to_have_text("völlig durchnässt")
    inline = frame.locator("img[src*=attachments]")
    eventually(lambda: inline.evaluate("img => img.naturalWidth") == 480)
    eventually(lambda: page.locator(".html-frame").evaluate("frame => parseInt(frame.style.height)") > 380)
    assert not [address for address in asked if "tracker.example" in address or address.startswith("dialog")]
    page.route("https://tracker.example/**", lambda route: route.fulfill(body=b"GIF89a", content_type="image/gif"))
    page.click("text=Load remote images")
    expect(frame.locator("img")).to_have_count(2)


def test_an_opened_fold_stays_open_when_something_new_comes(desk: Desk) -> None:
    page = desk.page()
    desk.open(page, "Dorothea Klein")
    page.click(".fold-mark")
    desk.note("Dorothea Klein", "something new")
    expect(page.locator(".message-note", has_text="something new")).to_be_visible()
    expect(page.locator(".message-quoted").first).to_be_visible()


def test_the_work_can_be_done_without_scripts(desk: Desk) -> None:
    page = desk.page(java_script_enabled=False)
    page.locator("#rows .row", has_text="Chiara Romano").click()
    expect(page.locator("#pane h1")).to_have_text("Corso per baristi")
    page.click("summary[title^='Assign']")
    page.click("button:has-text('Assign to me')")
    expect(page.locator(".line", has_text="assigned this to Ana Duarte")).to_be_visible()
    page.check("input[name=kind][value=note]", force=True)
    page.fill(".composer-text", "Ask the academy first")
    page.click("button[data-send=note]")
    expect(page.locator(".message-note", has_text="Ask the academy first")).to_be_visible()
    page.click(".conversation-head .tool-resolve")
    expect(page.locator(".conversation-sub .chip-resolved")).to_be_visible()
    page.click(".tab-link:has-text('Resolved')")
    expect(page.locator("#rows .row", has_text="Chiara Romano")).to_be_visible()
    page.click(".filter-menu summary")
    page.select_option("#filter-channel", "webform")
    page.click(".filter-form .filter-foot button")
    expect(page.locator(".narrowed .chip")).to_be_visible()
