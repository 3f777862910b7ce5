"""Why the model says what it says: the words light up in the message, and one line leaves only its own."""

from __future__ import annotations

from tests.browser.conftest import Desk

BACKGROUND = "mark => getComputedStyle(mark).backgroundColor"
CLEAR = "rgba(0, 0, 0, 0)"


def test_why_marks_the_words_and_stays_open_when_the_page_is_refreshed(desk: Desk) -> None:
    page = desk.page()
    desk.open(page, "Marta Lindqvist")
    card = page.locator(".message-card", has=page.locator("mark.reason")).last
    mark = card.locator("mark.reason").first
    assert mark.evaluate(BACKGROUND) == CLEAR
    card.locator(".why > summary").click()
    assert mark.evaluate(BACKGROUND) != CLEAR
    desk.note("Marta Lindqvist", "A note that refreshes the page")
    page.get_by_text("A note that refreshes the page").last.wait_for()
    assert card.locator(".why").get_attribute("open") is not None
    assert mark.evaluate(BACKGROUND) != CLEAR


def test_a_line_that_is_pointed_at_leaves_only_its_own_words_marked(desk: Desk) -> None:
    page = desk.page()
    desk.open(page, "Marta Lindqvist")
    card = page.locator(".message-card", has=page.locator("mark.reason")).last
    card.locator(".why > summary").click()
    marked = card.locator("mark.reason").first
    assert "sentiment" in (marked.get_attribute("data-for") or "")
    card.locator('.why-list > [data-for="sentiment"]').hover()
    assert marked.evaluate(BACKGROUND) != CLEAR
    marked.evaluate('mark => mark.setAttribute("data-for", "intent")')
    assert marked.evaluate(BACKGROUND) == CLEAR


def test_the_order_by_mood_is_chosen_from_a_menu_and_kept_in_the_address(desk: Desk) -> None:
    page = desk.page()
    newest = page.locator(".rows .row").first.get_attribute("data-row")
    page.locator('summary[aria-label^="Order"]').click()
    page.get_by_role("link", name="Worst mood first").click()
    page.wait_for_url("**sort=worst**")
    page.locator('summary[aria-label="Order: Worst mood first"]').wait_for()
    worst = page.locator(".rows .row").first.get_attribute("data-row")
    assert worst != newest
    page.reload()
    assert page.locator(".rows .row").first.get_attribute("data-row") == worst
