"""A draft on the server, in real browsers: read by a colleague, there on another device, never overwritten unseen."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import FilePayload, Page, Route, expect
from sqlalchemy import select

from app.db import reading
from app.models import Draft, DraftFile
from tests.browser.conftest import Desk, eventually
from tests.seed_files import picture

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


def test_files_and_pictures_survive_are_in_the_second_tab_and_leave_once(desk: Desk, tmp_path: Path) -> None:
    page, who = desk.page(is_routed=True), "Emma Lindgren"
    desk.open(page, who)
    for name in ("one.txt", "two.txt", "three.txt"):
        (tmp_path / name).write_text(name)
    words = page.get_by_role("textbox", name="Your words")
    expect(page.locator(".composer-rich")).to_be_visible()
    words.click()
    page.keyboard.type("Look: ")
    parcel: FilePayload = {"name": "parcel.png", "mimeType": "image/png", "buffer": picture(40, 30, 90)}
    page.set_input_files(".composer-format input[type=file]", parcel)
    page.set_input_files("input[name=files]", [tmp_path / "one.txt", tmp_path / "two.txt"])
    eventually(lambda: _files(desk, who) == ["parcel.png", "one.txt", "two.txt"])
    eventually(lambda: "cid:" in "".join(_stored(desk, who)))
    page.reload()
    chips = page.locator("form > .composer-files .chip")
    expect(chips).to_contain_text(["one.txt", "two.txt"])
    expect(words.get_by_role("img", name="parcel.png")).to_have_js_property("naturalWidth", 40)
    tab = desk.page("ana")
    desk.open(tab, who)
    expect(tab.get_by_role("img", name="parcel.png")).to_have_js_property("naturalWidth", 40)
    tab.click("[aria-label='Take off one.txt']")
    expect(chips).to_have_count(1)
    page.context.set_offline(True)
    page.set_input_files("input[name=files]", [tmp_path / "three.txt"])
    expect(chips.nth(1)).to_have_class(re.compile("is-away"))
    page.context.set_offline(False)
    expect(tab.locator("form > .composer-files .chip")).to_contain_text(["two.txt", "three.txt"])
    page.click("[data-send=reply]")
    for each in (page, tab):
        ours = each.locator(".message-out[data-message]", has_text="Look:")
        expect(ours).to_contain_text("three.txt")
        expect(ours).not_to_contain_text("one.txt")
        expect(ours.get_by_role("img", name="parcel.png")).to_have_js_property("naturalWidth", 40)
        expect(each.locator("form > .composer-files .chip")).to_have_count(0)
    assert (_files(desk, who), _stored(desk, who)) == ([], [])
    _send_while_a_large_file_is_stored(page)
    desk.trouble[0][:] = [line for line in desk.trouble[0] if "ERR_INTERNET_DISCONNECTED" not in line]


def _send_while_a_large_file_is_stored(page: Page) -> None:
    """It leaves by itself once the file is there."""
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/draft/files", hold)
    large: FilePayload = {"name": "film.bin", "mimeType": "application/octet-stream", "buffer": b"x" * 400_000}
    page.set_input_files("input[name=files]", large)
    expect(page.get_by_role("progressbar", name="Storing film.bin")).to_be_visible()
    page.click("[data-send=reply]")
    expect(page.locator(".composer-problem")).to_contain_text("this leaves right after")
    held[0].continue_()
    expect(page.locator(".message-out[data-message]", has_text="film.bin")).to_be_visible()


def _files(desk: Desk, contact: str) -> list[str]:
    with reading() as session:
        query = select(DraftFile.filename).join(Draft, Draft.id == DraftFile.draft_id).order_by(DraftFile.id)
        return list(session.scalars(query.where(Draft.conversation_id == desk.made.conversations[contact].id)))


def _write(page: Page, desk: Desk, text: str) -> None:
    page.fill(BOX, text)
    eventually(lambda: _stored(desk) == [text])


def _stored(desk: Desk, contact: str = PERSON) -> list[str]:
    with reading() as session:
        query = select(Draft.text).where(Draft.conversation_id == desk.made.conversations[contact].id)
        return list(session.scalars(query))
