"""Answering where everybody reads along, and where the time to answer is short, in a real browser."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from playwright.sync_api import FilePayload, expect
from sqlalchemy import select

from app.clock import now
from app.db import reading, transaction
from app.models import ChannelTemplate, Direction, Message
from tests.browser.conftest import Desk, eventually
from tests.social import Social, social

MESSENGER, PICTURES = "whatsapp", "bluesky"
PNG: FilePayload = {"name": "a.png", "mimeType": "image/png", "buffer": b"\x89PNG\r\n\x1a\n"}
SECONDS_LEFT = 30
PROGRAM: FilePayload = {"name": "a.exe", "mimeType": "application/x-msdownload", "buffer": b"MZ"}


def _sent(post: Social) -> list[tuple[str, bool, int | None]]:
    """Return (text, whether public, what it answers) of our replies."""
    ours = Message.conversation_id == post.conversation_id, Message.direction == Direction.OUTBOUND
    with reading() as session:
        rows = session.execute(
            select(Message.text, Message.is_public, Message.answers_id).where(*ours).order_by(Message.id)
        )
        return [(text, is_public, answers) for text, is_public, answers in rows]


def test_what_is_public_is_seen_before_it_is_sent_and_can_be_made_private(desk: Desk, tmp_path: Path) -> None:
    post = social(desk.made.inboxes["support"].id, tmp_path, kind=PICTURES)
    quiet = post.say("My address is Main Street 1.")
    loud = post.say("@acme hello?", is_public=True)
    page = desk.page(path=post.path)
    send = page.locator("[data-send=reply]")
    expect(send).to_have_text("Send in public", use_inner_text=True)
    page.click(f"#m-{quiet.public_id} [data-answer]")
    expect(page.locator(".answering-what q")).to_have_text("My address is Main Street 1.")
    expect(send).to_have_text("Send", use_inner_text=True)
    page.keyboard.type("We have it.")
    page.keyboard.press("Control+Enter")
    eventually(lambda: len(_sent(post)) == 1)
    page.click(f"#m-{loud.public_id} [data-answer]")
    expect(send).to_have_text("Send in public", use_inner_text=True)
    page.check("[name=private]")
    expect(page.locator(".if-private")).to_be_visible()
    expect(send).to_have_text("Send", use_inner_text=True)
    page.uncheck("[name=private]")
    page.fill(".composer-text", "x" * 301)
    expect(page.locator(".composer-count")).to_have_text("301 / 300")
    send.click()
    too_long = "Bluesky takes at most 300 characters. Shorten it by 1."
    expect(page.locator(".composer-problem")).to_have_text(too_long)
    with page.expect_response("**/drafts**"):
        page.evaluate("""document.dispatchEvent(new CustomEvent("tributary:poke", { detail:
            { name: "draft.changed", conversation: document.querySelector("conversation-view").dataset.conversation } }))""")
    page.wait_for_timeout(200)
    expect(page.locator(".composer-problem")).to_have_text(too_long)  # whoever looked at the files meanwhile
    page.fill(".composer-text", "Hello!")
    page.set_input_files("[name=files]", [PNG, PROGRAM])
    expect(page.locator(".composer-problem")).to_contain_text("does not take “a.exe”")
    for name in (PROGRAM["name"], PNG["name"]):
        page.get_by_role("button", name=f"Take off {name}").click()
    expect(page.locator(".composer-problem")).to_be_hidden()
    send.click()
    eventually(lambda: len(_sent(post)) == 2)
    assert _sent(post) == [("We have it.", False, quiet.id), ("Hello!", True, loud.id)]
    expect(page.locator(".message-out.message-public .message-text")).to_have_text("Hello!")


def test_when_the_time_is_over_words_give_way_to_templates(desk: Desk, tmp_path: Path) -> None:
    post = social(desk.made.inboxes["support"].id, tmp_path, kind=MESSENGER)
    said = post.say("Where is it?", minutes=24 * 60 - SECONDS_LEFT / 60)
    with transaction() as session:
        text = "Hi {{1}}, order {{2}} has left."
        session.add(ChannelTemplate(channel_id=post.channel_id, name="left", language="en", text=text, synced_at=now()))
    page = desk.page()
    page.clock.install()
    page.goto(desk.product.url + post.path)
    expect(page.locator("#live")).to_have_attribute("data-state", "live")
    expect(page.locator("reply-window")).to_contain_text("less than a minute")
    expect(page.locator("[data-send=reply]")).to_be_visible()
    with transaction() as session:
        session.get_one(Message, said.id).sent_at = now() - timedelta(days=1, seconds=1)
    page.clock.fast_forward(SECONDS_LEFT * 1000)  # less than the socket waits for its server: it is not opened anew
    expect(page.locator(".way")).to_contain_text("approved templates below")  # by itself, once the time is over
    expect(page.locator("[data-send=reply]")).to_have_count(0)
    expect(page.locator("[name=kind][value=note]")).to_be_checked()
    page.click(".template > summary")
    page.fill("input[data-number='1']", "Nora")
    page.fill("input[data-number='2']", "4821")
    expect(page.locator(".template-preview")).to_have_text("Hi Nora, order 4821 has left.")
    page.click("text=Send this template")
    expect(page.locator(".message-out .message-text")).to_have_text("Hi Nora, order 4821 has left.")
    assert [text for text, *_ in _sent(post)] == ["Hi Nora, order 4821 has left."]
    with transaction() as session:
        session.get_one(Message, said.id).sent_at = now() - timedelta(hours=1)
    desk.note("Carlos Vega", "lets the page look again")
    page.reload()
    expect(page.locator("reply-window")).to_contain_text("22 h")
    page.keyboard.press("r")
    expect(page.locator(".composer-text")).to_be_focused()
