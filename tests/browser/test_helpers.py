"""Help with a reply in a real browser: it comes by itself, goes into the draft by key, and is missed by nobody when
the models are away. The annotator's job runs here, in the test; relay, web process and browser are the real ones.
"""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select, update

from app.clock import now
from app.db import reading, transaction
from app.models import Ask, AskState, Conversation, SuggestionUse
from app.services import asks, canned_responses
from tests.browser.conftest import Desk, eventually
from workers.jobs import ask

COMPOSER = ".composer-text"
PANEL = ".helper-panel"


def answered(desk: Desk, contact: str, kind: str) -> None:
    """Wait until something of a kind was asked about a conversation, and answer all that waits."""
    here = desk.made.conversations[contact].id

    def is_asked() -> bool:
        with reading() as session:
            waiting = select(Ask.id).where(Ask.kind == kind, Ask.conversation_id == here, Ask.state == AskState.WAITING)
            return session.scalar(waiting.limit(1)) is not None

    eventually(is_asked)
    ask.answer(())


@pytest.fixture
def canned(desk: Desk) -> str:
    """One canned response for everybody; returns its words for Ingrid."""
    with transaction() as session:
        found = canned_responses.find_by_shortcut(
            session,
            conversation=session.get_one(Conversation, desk.made.conversations["Ingrid Halvorsen"].id),
            user=desk.made.users["ana"],
            shortcut="beans",
        )
        words = "Hi {{contact.first_name}}, your subscription changes to whole beans with the next box."
        canned_responses.save(session, canned=found, shortcut="beans", title="Subscription: whole beans", text=words)
    return "Hi Ingrid, your subscription changes to whole beans with the next box."


def test_suggestions_come_when_one_begins_to_write_and_go_in_by_key(desk: Desk, canned: str) -> None:
    page = desk.page()
    desk.open(page, "Ingrid Halvorsen")
    expect(page.locator(".composer-rich")).to_be_visible()
    before = page.locator(".composer").bounding_box()
    page.focus(COMPOSER)
    answered(desk, "Ingrid Halvorsen", "suggestions")
    expect(page.locator("[data-helper=suggestions] .helper-count")).to_have_text("1")
    page.keyboard.press("Alt+s")
    expect(page.locator(".suggestion")).to_contain_text("whole beans")
    assert page.locator(".composer").bounding_box() == before  # nothing moved
    page.keyboard.press("Alt+1")
    expect(page.locator(COMPOSER)).to_have_value(canned)
    expect(page.get_by_role("textbox", name="Your words")).to_be_focused()
    expect(page.locator(PANEL)).to_be_hidden()
    eventually(lambda: _uses() > 0)
    page.keyboard.press("Control+z")
    expect(page.locator(COMPOSER)).to_have_value("")


def _uses() -> int:
    with reading() as session:
        return len(session.scalars(select(SuggestionUse.id)).all())


def test_a_shortcut_and_tab_put_a_canned_response_in(desk: Desk, canned: str) -> None:
    page = desk.page()
    desk.open(page, "Leila Haddad")
    page.fill(COMPOSER, "")
    page.type(COMPOSER, "Good news! /beans")
    page.keyboard.press("Tab")
    expect(page.locator(COMPOSER)).to_have_value(f"Good news! {canned.replace('Ingrid', 'Leila')}")
    page.fill(COMPOSER, "")


def test_the_draft_is_looked_at_while_it_is_written_and_a_hint_can_be_dismissed(desk: Desk) -> None:
    page = desk.page()
    desk.open(page, "Paul Schneider")
    page.fill(COMPOSER, "👍 You should have read the label.")
    answered(desk, "Paul Schneider", "tone")
    expect(page.locator("[data-helper=tone] .helper-count")).to_have_text("1")
    page.keyboard.press("Alt+t")
    expect(page.locator(".hint-quote")).to_have_text("You should have read")
    page.click(".hint [data-show]")
    assert _selected(page) == "You should have read"
    page.click(".hint [data-dismiss]")
    expect(page.locator(PANEL)).to_be_hidden()
    expect(page.locator("[data-helper=tone] .helper-count")).to_have_text("")
    page.type(COMPOSER, " Sorry.")
    page.fill(COMPOSER, "👍 You should have read the label. Calm down.")
    answered(desk, "Paul Schneider", "tone")
    expect(page.locator("[data-helper=tone] .helper-count")).to_have_text("1")  # the dismissed one stays away
    page.fill(COMPOSER, "")


def _selected(page: Page) -> str:
    said = page.evaluate("getSelection().toString()")
    return str(said)


def test_a_reply_is_sent_at_once_and_looked_at_afterwards(desk: Desk) -> None:
    page = desk.page()
    desk.open(page, "Kwame Mensah")
    page.fill(COMPOSER, "You forgot to tell us the size.")
    page.press(COMPOSER, "Control+Enter")
    expect(page.locator(".message[data-message]", has_text="You forgot to tell us")).to_have_count(1)
    answered(desk, "Kwame Mensah", "tone")
    expect(page.locator(".helper-word")).to_have_text("Look again at what you just sent")


def test_notes_are_not_looked_at(desk: Desk) -> None:
    page = desk.page(path=f"/inbox/c/{desk.public_id('Hugo Andersson')}")
    page.keyboard.press("n")
    page.type(COMPOSER, "You should have read the manual, internal only.")
    page.wait_for_timeout(1500)  # longer than the pause after which a reply is looked at
    with reading() as session:
        here = desk.made.conversations["Hugo Andersson"].id
        assert session.scalars(select(Ask.id).where(Ask.conversation_id == here, Ask.kind == "tone")).all() == []
    page.fill(COMPOSER, "")


def test_open_questions_are_ticked_off_by_the_draft(desk: Desk) -> None:
    page = desk.page()
    desk.open(page, "Julia Nowak")
    page.focus(COMPOSER)
    answered(desk, "Julia Nowak", "questions")
    expect(page.locator("[data-helper=questions] .helper-count")).to_have_text("1")
    page.keyboard.press("Alt+q")
    expect(page.locator(".open-questions li")).to_contain_text("By when would we have to order")
    page.fill(COMPOSER, "You would have to order by 10 December, and there is a discount of ten percent.")
    answered(desk, "Julia Nowak", "tone")
    answered(desk, "Julia Nowak", "questions")
    expect(page.locator(".open-questions .is-in-draft")).to_have_count(1)
    expect(page.locator("[data-helper=questions] .helper-count")).to_have_text("")
    page.fill(COMPOSER, "")


def test_a_long_conversation_is_summed_up_on_click_and_leads_to_its_messages(desk: Desk) -> None:
    for number in range(14):
        desk.note("Sophie Laurent", f"We have checked gift card number {number} and the balance was wrong again.")
    page = desk.page()
    desk.open(page, "Sophie Laurent")
    page.click("conversation-summary .helper")
    answered(desk, "Sophie Laurent", "summary")
    first = page.locator(".excerpt").first
    expect(first).to_contain_text("How much is left on gift card")
    first.click()
    expect(page.locator(".message.is-pointed-at")).to_have_count(1)


def test_without_the_models_the_strip_says_so_and_writing_goes_on(desk: Desk) -> None:
    page = desk.page()
    desk.open(page, "Rahul Mehta")
    page.click("[data-helper=suggestions]")
    expect(page.locator(PANEL)).to_contain_text("The models are reading")
    with transaction() as session:
        session.execute(update(Ask).where(Ask.state == AskState.WAITING).values(created_at=now() - asks.GIVE_UP / 2))
    expect(page.locator(".helper-word")).to_have_text("Models are away")
    expect(page.locator(PANEL)).to_contain_text("Writing and sending work as always")
    page.keyboard.press("Escape")
    page.fill(COMPOSER, "We confirm it tomorrow.")
    page.press(COMPOSER, "Control+Enter")
    expect(page.locator(".message[data-message]", has_text="We confirm it tomorrow.")).to_have_count(1)
    answered(desk, "Rahul Mehta", "suggestions")  # they are back


def test_everything_can_be_reached_on_a_phone(desk: Desk) -> None:
    here = f"/inbox/c/{desk.public_id('Zoe Papadopoulou')}"
    page = desk.page(path=here, viewport={"width": 390, "height": 844}, has_touch=True)
    page.tap("[data-helper=questions]")
    answered(desk, "Zoe Papadopoulou", "questions")
    expect(page.locator(".open-questions")).to_be_visible()
    panel = page.locator(PANEL).bounding_box()
    assert panel
    assert panel["x"] >= 0
    assert panel["x"] + panel["width"] <= 390
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
