"""Correcting what was understood in a real browser: by pointer, by keys, without scripts; seen by colleagues at once."""

from __future__ import annotations

from playwright.sync_api import Page, expect
from sqlalchemy import select

from app import db
from app.models import Message, User
from app.services import corrections, learning, workspace_intents
from app.services.light_heads import Fitted
from tests.browser.conftest import Desk, chromium, desk, new_context, stage

__all__ = ["chromium", "desk", "new_context", "stage"]  # fixtures


def newest_foot(page: Page) -> str:
    """Return the selector of the labels of the customer's newest message."""
    id_ = page.locator(".message-in:has(.message-foot)").last.get_attribute("id")
    return f"#{id_} .message-foot"


def test_a_key_opens_the_sheet_a_digit_corrects_and_a_colleague_sees_it(desk: Desk) -> None:
    ana, ben = desk.page("ana"), desk.page("ben")
    for page in (ana, ben):
        desk.open(page, "Jonas Weber")
    foot = newest_foot(ana)
    ana.keyboard.press("c")
    sheet = ana.locator(f"{foot} .correct-sheet")
    expect(sheet.locator("[aria-label=Sentiment] [aria-pressed=true]")).to_be_focused()
    ana.keyboard.press("ArrowUp")
    ana.keyboard.press("1")
    for page in (ana, ben):
        expect(page.locator(f"{foot} .chip-negative").first).to_contain_text("Negative")
        expect(page.locator(f"{foot} .spoken")).to_have_text("Ana")
    expect(sheet).to_be_hidden()
    ana.locator(f"{foot} details.correct > summary").click()
    sheet.get_by_text("Take back").click()
    expect(ana.locator(f"{foot} .spoken")).to_have_count(0)


def test_one_press_confirms_and_the_sheet_stays_open_while_others_write(desk: Desk) -> None:
    ana = desk.page("ana")
    desk.open(ana, "Priya Raman")
    foot = newest_foot(ana)
    ana.keyboard.press("c")
    sheet = ana.locator(f"{foot} .correct-sheet")
    expect(sheet.locator(".correct-task").first).to_be_visible()
    desk.note("Priya Raman", "a note that comes meanwhile")
    expect(ana.locator(".message-note").last).to_contain_text("a note that comes meanwhile")
    expect(sheet.locator(".correct-task").first).to_be_visible()
    ana.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    ana.keyboard.press("y")
    expect(ana.locator(f"{foot} .spoken")).to_have_text("Ana")
    expect(ana.locator(f"{foot} [data-key=y]")).to_have_count(0)


def test_it_works_without_scripts(desk: Desk) -> None:
    page = desk.page("ben", java_script_enabled=False)
    page.goto(f"{desk.product.url}/inbox/c/{desk.public_id('Dorothea Klein')}")
    foot = newest_foot(page)
    page.locator(f"{foot} details.correct > summary").click()
    page.locator(f"{foot} .correct-sheet a").click()
    expect(page.locator("h1")).to_have_text("Correct what was understood")
    page.get_by_role("button", name="Positive").click()
    expect(page.locator(f"{foot} .chip-positive").first).to_contain_text("Positive")


def test_the_slider_says_what_a_threshold_would_change(desk: Desk) -> None:
    with db.transaction() as session:
        messages = session.scalars(select(Message).where(Message.direction == "inbound").limit(20)).all()
        user = session.scalars(select(User).where(User.email.startswith("dev"))).one()
        for message in messages:
            if corrections.said_of(session, message, "sentiment"):
                corrections.confirm(session, message=message, task="sentiment", actor=user)
    page = desk.page("dev", path="/settings/accuracy")
    slider, effect = page.locator("input[type=range]"), page.locator("#effect")
    slider.fill("0.9")
    expect(effect).to_contain_text("At 0.90:")
    assert page.locator(".curve-here").get_attribute("x1") == "540"
    slider.press("ArrowRight")
    expect(effect).to_contain_text("At 0.92:")
    page.get_by_role("button", name="Use this threshold").click()
    expect(page.locator("#threshold")).to_contain_text("In force: 0.92, set here")
    page.get_by_role("button", name="Back to the model's own").click()
    expect(page.locator("#threshold")).to_contain_text("the model's own threshold")


def test_the_intents_page_shows_news_when_training_ends(desk: Desk) -> None:
    with db.transaction() as session:
        user = session.scalars(select(User).where(User.email.startswith("dev"))).one()
        for title in ("Late", "Broken"):
            intent = workspace_intents.create(session, title=title)
            texts = [f"{title} in way {number}" for number in range(8)]
            workspace_intents.add_examples(session, intent=intent, texts=texts, actor=user)
    page = desk.page("dev", path="/settings/intents")
    page.get_by_role("button", name="Train").click()
    expect(page.locator("#training progress")).to_be_visible()
    metrics = {"accuracy": 0.9, "per_label": {"late": {"n": 8, "recall": 0.875}}}
    with db.transaction() as session:
        while claim := learning.claim(session):  # other tests of this module have left something to learn
            learning.keep(session, claim, Fitted(b"weights", ["broken", "late"], 16, metrics, [], "1"))
    expect(page.locator("#training")).to_contain_text("is in use")
    expect(page.locator("main")).to_contain_text("88% recognised")
