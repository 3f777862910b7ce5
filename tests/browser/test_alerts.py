"""An alert in real browsers: the bell rings by itself, the page shows why, a colleague sees who is on it."""

from __future__ import annotations

from datetime import timedelta

from playwright.sync_api import Page, expect

from app.clock import now
from app.db import transaction
from app.models import AlertKind, Conversation, Direction, Message, User
from app.services import alert_rules, predictions
from app.services.alert_rules import Draft
from tests.annotations import felt
from tests.browser.conftest import Desk
from workers.jobs import alerts as job

NAME = "Far too many letters"


def set_up(desk: Desk) -> None:
    """A rule that any incident like ours meets."""
    with transaction() as session:
        ana = session.get_one(User, desk.made.users["ana"].id)
        draft = Draft(NAME, kind=AlertKind.THRESHOLD, threshold=200.0, window_minutes=60, minimum=5)
        alert_rules.add(session, actor=ana, draft=draft)


def flood(desk: Desk, contact: str) -> None:
    """Two hundred messages about the same trouble arrive and are understood."""
    with transaction() as session:
        conversation = session.get_one(Conversation, desk.made.conversations[contact].id)
        messages = [
            Message(
                conversation_id=conversation.id,
                channel_id=conversation.channel_id,
                contact_id=conversation.contact_id,
                direction=Direction.INBOUND,
                text="The volcano grinder exploded again",
                created_at=now() - timedelta(minutes=1),
            )
            for _ in range(200)
        ]
        session.add_all(messages)
        session.flush()
        predictions.record(session, annotations={message.id: felt(-0.8) for message in messages})
    job.watch()


def bell(page: Page, number: int) -> None:
    if number:
        expect(page.locator("#bell .bell-count")).to_have_text(str(number))
    else:
        expect(page.locator("#bell .bell-count")).to_have_count(0)


def test_the_bell_rings_the_alert_explains_itself_and_somebody_takes_it(desk: Desk) -> None:
    set_up(desk)
    ana, dev = desk.page("ana"), desk.page("dev", "/alerts")
    bell(ana, 0)
    flood(desk, "Priya Raman")
    bell(ana, 1)
    expect(dev.locator("#alerts .sheet-title", has_text=NAME)).to_be_visible()

    ana.click("#bell")
    ana.click(f"#alerts .sheet-row a:has-text('{NAME}')")
    expect(ana.locator(".terms")).to_contain_text("volcano")
    expect(ana.locator("alert-chart canvas")).to_be_visible()
    bell(ana, 0)
    ana.click("alert-chart .as-table summary")
    expect(ana.locator("alert-chart table tbody tr").last).to_contain_text("20")

    dev.click(f"#alerts .sheet-row a:has-text('{NAME}')")
    ana.fill("#note", "The workshop is looking at it.")
    ana.click("text=I am on it")
    expect(ana.locator(".alert-note")).to_have_text("The workshop is looking at it.")
    expect(dev.locator(".alert-note")).to_have_text("The workshop is looking at it.")
    expect(dev.locator("text=I am on it")).to_have_count(0)

    ana.locator("#samples ~ ol a, section[aria-labelledby=samples] ol a").first.click()
    expect(ana.locator("conversation-view")).to_have_attribute("data-conversation", desk.public_id("Priya Raman"))


def test_a_rule_is_tried_and_made_by_hand(desk: Desk) -> None:
    page = desk.page("dev", "/settings/alerts")
    page.click("text=New rule")
    page.fill("#name", "Anger")
    expect(page.locator("#emotion_label")).to_be_hidden()
    page.select_option("#metric", "emotion_volume")
    page.select_option("#emotion_label", "frustration")
    expect(page.locator("#threshold")).to_be_hidden()
    page.check("[name=kind][value=threshold]")
    page.fill("#threshold", "3")
    page.fill("#minimum", "1")
    page.click("text=Try it on the last 4 weeks")
    expect(page.locator("#trial")).to_contain_text("in the last 28 days")
    expect(page.locator("#emotion_label")).to_have_value("frustration")
    page.click("text=Save the rule")
    expect(page.locator("text=Messages with frustration: 3 or more in an hour")).to_be_visible()
