"""The sentiment report in a real browser: drawn from its table, live, and leading to the messages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page, expect

from app.clock import now
from app.db import transaction
from app.models import Conversation, Direction, Message
from app.services import predictions
from tests.browser.conftest import Desk

PATH = "/reports/sentiment?range=today"


@dataclass(frozen=True, slots=True)
class Said:
    """One answer of a model, in the shape that is stored."""

    task: str
    label: str
    score: float | None
    confidence: float = 0.9
    labels: tuple[tuple[str, float], ...] = ()
    abstained: bool = False
    abstain_reason: str | None = None
    reasons: tuple[()] = ()
    head_version: int | None = None

    @property
    def probabilities(self) -> dict[str, float]:
        return {self.label: self.confidence}


@dataclass(frozen=True, slots=True)
class Annotated:
    language: str
    predictions: tuple[Said, ...]
    embedding: tuple[float, ...] = ()
    model_id: str = "seed"
    model_version: str = "1"


def hear(desk: Desk, contact: str, label: str, score: float) -> None:
    """Let a customer's message arrive and be understood elsewhere."""
    with transaction() as session:
        conversation = session.get_one(Conversation, desk.made.conversations[contact].id)
        message = Message(
            conversation_id=conversation.id,
            channel_id=conversation.channel_id,
            contact_id=conversation.contact_id,
            direction=Direction.INBOUND,
            text="What a day",
            created_at=now(),
        )
        session.add(message)
        session.flush()
        said = Annotated("en", (Said("sentiment", label, score), Said("intent", "praise_thanks", None)))
        predictions.record(session, annotations={message.id: said})


def messages(page: Page) -> int:
    return int(page.locator(".figure dd").first.inner_text().replace(",", ""))


def test_the_page_counts_what_is_understood_elsewhere(desk: Desk) -> None:
    page = desk.page("ana", PATH)
    before = messages(page)
    page.evaluate("document.body.dataset.kept = 'yes'")
    hear(desk, "Marta Lindqvist", "positive", 0.9)
    expect(page.locator(".figure dd").first).to_have_text(str(before + 1))
    assert page.evaluate("document.body.dataset.kept") == "yes"


def test_the_chart_is_drawn_from_the_table_and_leads_to_the_messages(desk: Desk) -> None:
    hear(desk, "Marta Lindqvist", "negative", -0.9)
    page = desk.page("ana", PATH)
    over = page.locator("sentiment-chart .u-over")
    expect(over).to_be_visible()
    row = page.locator("sentiment-chart tbody tr", has=page.locator("td a")).last
    place = row.evaluate("row => [...row.parentElement.children].indexOf(row)")
    rows = page.locator("sentiment-chart tbody tr").count()
    box = over.bounding_box()
    assert box
    left = box["width"] * (place + 0.6) / (rows - 1 + 1.2)  # half a bucket of air on both sides
    over.hover(position={"x": left, "y": box["height"] - 4})
    name = row.locator("th").inner_text() if row.locator("th").is_visible() else row.locator("th").text_content() or ""
    expect(page.locator(".chart-tip")).to_contain_text(name.strip())
    over.click(position={"x": left, "y": box["height"] - 4})
    page.wait_for_url("**/reports/sentiment/messages?*")
    expect(page.locator(".messages-behind .sheet-row")).not_to_have_count(0)


def test_what_is_chosen_stands_in_the_address_and_comes_back(desk: Desk) -> None:
    page = desk.page("ana", PATH)
    page.locator(".report-bar").get_by_text("7 days").click()
    page.wait_for_url("**/reports/sentiment?range=7")
    page.locator(".box-head .drop").first.locator("summary").click()
    page.get_by_text("By channel").click()
    page.wait_for_url("**/reports/sentiment?by=channel&range=7")
    expect(page.locator("#by-group")).to_have_text("By channel")
    expect(page.locator("sentiment-chart canvas")).to_be_visible()
    page.go_back()
    expect(page.locator("#by-group")).to_have_count(0)
    expect(page.locator("sentiment-chart canvas")).to_be_visible()


def test_a_phone_shows_all_of_it_without_scrolling_sideways(desk: Desk) -> None:
    page = desk.page("ana", PATH, viewport={"width": 390, "height": 844})
    page.locator(".as-table > summary").click()
    for summary in page.locator(".figure .about summary").all():
        summary.click()
        box = summary.locator("xpath=..").locator(".about-card").bounding_box()
        assert box
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
        page.keyboard.press("Escape")
    assert page.evaluate("document.querySelector('.main').scrollWidth <= document.querySelector('.main').clientWidth")


def test_without_scripts_the_same_numbers_stand_in_the_table(desk: Desk, new_context: Callable[..., object]) -> None:
    page = desk.page("ana", PATH, java_script_enabled=False)
    page.locator(".as-table > summary").click()
    expect(page.locator("sentiment-chart table")).to_be_visible()
    expect(page.locator("sentiment-chart .plot")).not_to_be_visible()
