"""Two people organise one conversation in Chromium: a checklist and a tag both see change, a link, and the button that undoes."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from app.db import transaction
from app.models import Conversation, Tag
from app.services import tags
from tests.browser.conftest import Desk


def test_a_checklist_is_live_for_both_and_what_was_done_is_undone_where_it_is_told(desk: Desk) -> None:
    ana, ben = desk.page(), desk.page("ben")
    for page in (ana, ben):
        page.goto(f"{desk.product.url}/inbox/c/{desk.public_id('Kwame Mensah')}?status=all")
    ana.get_by_placeholder("Something to do").fill("Check the <b>seal</b>")
    ana.get_by_placeholder("Something to do").press("Enter")
    box = ben.get_by_role("checkbox", name="Check the <b>seal</b>")
    expect(box).to_have_attribute("aria-checked", "false")
    box.focus()
    ben.keyboard.press("Space")
    expect(ana.get_by_role("checkbox", name="Check the <b>seal</b>")).to_have_attribute("aria-checked", "true")
    expect(ana.locator(".conversation-sub")).to_contain_text("1/1")
    expect(ana.locator(".item-text")).to_contain_text("Ben Achterberg")
    with transaction() as session:
        kwame = session.get_one(Conversation, desk.made.conversations["Kwame Mensah"].id, with_for_update=True)
        worn = session.get_one(Tag, desk.made.tags["legal"].id, with_for_update=True)
        tags.put(session, conversation=kwame, tag=worn, actor=None)
    shown = ben.locator("#pane .tag", has_text="legal")
    expect(shown.first).to_be_visible()
    with transaction() as session:
        tags.rename(session, tag=session.get_one(Tag, worn.id, with_for_update=True), name="Lawyers", colour="pink")
    for part in ("#pane", "#list"):  # nobody reloads
        expect(ben.locator(f"{part} .tag", has_text="Lawyers").first).to_have_class(re.compile("tag-pink"))
    expect(shown).to_have_count(0)
    with transaction() as session:
        into = tags.create(session, name="Attorneys")
        tags.merge(session, tag=session.get_one(Tag, worn.id, with_for_update=True), into=into)
    expect(ben.locator("#pane .tag", has_text="Attorneys").first).to_be_visible()
    ana.get_by_role("link", name="Link with another…").first.click()
    ana.get_by_label("Number, subject or name").fill("Marta")
    ana.get_by_role("button", name="Find").click()
    ana.locator("input[name=other]").first.check()
    ana.get_by_label("What this conversation is to the other").select_option("blocked_by")
    ana.get_by_role("button", name="Link", exact=True).click()
    expect(ana.locator("#flashes")).to_contain_text("Linked with")
    expect(ben.locator(".links-list")).to_contain_text("Blocked by")
    ana.locator("#flashes").get_by_role("button", name="Undo").click()
    expect(ana.locator("#flashes")).to_contain_text("Undone")
    expect(ben.locator(".links-list")).to_have_count(0)
    ana.locator(".conversation-tools summary[title=More]").click()
    ana.get_by_role("button", name="Mark as spam").click()
    expect(ana.locator("#flashes")).to_contain_text("Marked as spam")
    ana.locator("#flashes").get_by_role("button", name="Undo").click()
    expect(ana.locator("#flashes")).to_contain_text("Taken out of spam")
