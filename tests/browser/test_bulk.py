"""Ticking rows by mouse and keys, doing one thing to the whole result, watching it, and taking it back."""

from __future__ import annotations

from playwright.sync_api import expect
from sqlalchemy import select

from app.db import transaction
from app.models import BulkAction, Conversation, User
from app.services import bulk_actions, checklists
from tests.browser.conftest import Desk
from tests.many import add_many


def _work() -> None:
    """Do one chunk, as a worker would."""
    with transaction() as session:
        newest = session.scalars(select(BulkAction.id).order_by(BulkAction.id.desc()).limit(1)).one()
        bulk_actions.run_chunk(session, bulk_id=newest)


def test_rows_are_ticked_done_watched_and_put_back(desk: Desk) -> None:
    with transaction() as session:
        add_many(session, of=desk.made.conversations["Marta Lindqvist"].id, many=160, status="pending")
    page = desk.page(path="/inbox?status=pending&sort=oldest")
    boxes = page.locator("#rows .row-check")
    boxes.nth(1).check()
    boxes.nth(4).click(modifiers=["Shift"])
    expect(page.locator("[data-bulk-count]")).to_have_text("4 selected")
    page.locator("#rows .row").nth(6).focus()
    page.keyboard.press("x")
    expect(page.locator("[data-bulk-count]")).to_have_text("5 selected")
    desk.note("Marta Lindqvist", "the list is fetched again, and what is ticked stays")
    expect(page.locator("#rows .row-check:checked")).to_have_count(5)
    page.locator("[data-bulk-all]").check()
    expect(page.locator("[data-bulk-count]")).to_have_text("All in this result")
    page.select_option("#bulk-do", "priority:urgent")
    page.locator(".bulk-do button").click()
    expect(page.locator(".bulk-line")).to_contain_text("0 of")
    _work()
    expect(page.locator(".bulk-line b")).to_have_text("100")
    page.reload()
    expect(page.locator(".bulk-line b")).to_have_text("100")
    _work()
    expect(page.locator(".bulk-line")).to_contain_text("set to urgent priority")
    page.locator(".bulk-line button", has_text="Undo").click()
    expect(page.locator(".bulk-line")).to_contain_text("Undoing")
    _work()
    _work()
    expect(page.locator(".bulk-line")).to_contain_text("put back")


def test_resolving_what_is_unfinished_asks_first_and_stays_selected_until_answered(desk: Desk) -> None:
    ids = [desk.made.conversations[name].id for name in ("Kwame Mensah", "Marta Lindqvist")]
    with transaction() as session:
        kwame = session.get_one(Conversation, ids[0], with_for_update=True)
        checklists.add(session, actor=session.get_one(User, desk.made.users["ana"].id), place=kwame, texts=["Call"])
    page = desk.page(path="/inbox?status=all")
    for name in ("Kwame Mensah", "Marta Lindqvist"):
        page.locator(f".row-check[value='{desk.public_id(name)}']").check()
    for answer, left in (("Cancel", 2), ("Resolve only the others (1)", 0)):
        page.select_option("#bulk-do", "status:resolved")
        page.locator(".bulk-do button").click()
        expect(page.locator("[data-bulk-asks]")).to_contain_text("1 of the conversations selected")
        page.get_by_role("button", name=answer).click()
        expect(page.locator("[data-bulk-asks]")).to_have_count(0)
        expect(page.locator("#rows .row-check:checked")).to_have_count(left)
    expect(page.locator(".bulk-line")).to_contain_text("1 set to resolved")
