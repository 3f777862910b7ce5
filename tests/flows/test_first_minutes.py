"""The first minutes as a new admin has them: from the set-up link to a customer who was answered, in a real browser."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, Locator, Page, expect

from app.db import transaction
from app.services import workspace
from tests.chromium import watch
from tests.dovecot import Dovecot, Mailbox
from tests.flows.test_mail_to_browser import letter
from tests.product import Product
from tests.rooms import PASSWORD
from tests.smtp import SmtpServer


def set_up(product: Product, page: Page) -> None:
    with transaction() as session:
        workspace.prepare(session)
        link = workspace.open_setup_link(session)
    assert link
    page.goto(product.url + urlsplit(link).path)
    page.fill("[name=name]", "Kim Berg")
    page.fill("[name=email]", "kim@acme.example")
    page.fill("[name=password]", PASSWORD)
    page.fill("[name=again]", PASSWORD)
    page.click("button:has-text('Create the workspace')")
    page.wait_for_url("**/first-steps")


def connect_mailbox(page: Page, mailbox: Mailbox, smtp: SmtpServer) -> None:
    page.click("a.btn:has-text('Connect a mailbox')")
    page.fill("[name=setting-address]", mailbox.user)
    page.click("button:has-text('Find its servers')")
    expect(page.locator(".alert-warning")).to_contain_text("No servers are known for this address")
    page.fill("[name=setting-imap_password]", mailbox.password)
    page.fill("[name=setting-imap_host]", mailbox.host)
    page.fill("[name=setting-imap_port]", str(mailbox.port))
    page.select_option("[name=setting-imap_security]", "none")
    page.fill("[name=setting-smtp_host]", "localhost")
    page.fill("[name=setting-smtp_port]", str(smtp.port))
    page.select_option("[name=setting-smtp_security]", "none")
    page.click("button:has-text('Sign in and connect')")
    expect(state(page, "mailbox")).to_have_attribute("data-state", "done")


def try_the_chat(page: Page) -> None:
    page.click("a.btn:has-text('Set up the chat')")
    page.click("button:has-text('Make the chat')")
    with page.expect_popup() as opened:
        page.click("a:has-text('Open the test page')")
    shop = opened.value
    shop.get_by_role("button", name="Chat with us").click()
    chat = shop.frame_locator("iframe")
    chat.get_by_role("textbox").first.fill("Do you ship to Norway?")
    chat.get_by_role("textbox").first.press("Enter")
    expect(page.locator("#first-visit")).to_contain_text("The first visitor has written")
    shop.close()
    page.click("a:has-text('First steps') >> nth=0")
    expect(state(page, "chat")).to_have_attribute("data-state", "done")


def answer_the_demo(page: Page) -> None:
    page.click("a.btn:has-text('Start the demo')")
    page.click("button:has-text('Let the customer write')")
    page.click("#demo-stage a:has-text('Open the conversation')")
    expect(page.locator("#pane")).to_contain_text("this customer is made up")
    expect(page.locator("#list a.row .chip-negative")).to_be_visible()  # the real models have read it
    page.fill(".composer-text", "I am sorry. It leaves today and is with you on Friday.")
    page.click("button[data-send=reply]")
    expect(page.locator("#pane .message-in", has_text="now I am happy again")).to_be_visible()
    page.click("#pane a:has-text('First steps')")
    page.click("summary:has-text('Remove the demo')")
    page.click("button:has-text('Yes, remove it')")
    expect(state(page, "demo")).to_have_attribute("data-state", "done")


def learn_the_keys(page: Page) -> None:
    page.click("a.btn:has-text('Try the keys')")
    page.wait_for_url("**/keys")
    expect(page.locator("#live")).to_have_attribute("data-state", "live")
    for key, what in (("?", "sheet"), ("Control+k", "bar")):
        page.keyboard.press(key)
        expect(page.locator("dialog[open]")).to_be_visible()
        expect(page.locator(f"[data-tried={what}]")).to_have_text("Done")
        page.keyboard.press("Escape")


def state(page: Page, step: str) -> Locator:
    return page.locator(f"[data-step={step}]")


def test_from_the_set_up_link_to_answered_customers(
    product: Product, dovecot: Dovecot, smtp_server: SmtpServer, new_context: Callable[..., BrowserContext]
) -> None:
    page = new_context().new_page()
    trouble = watch(page)
    set_up(product, page)
    expect(page.locator("#first-steps")).to_contain_text("0 of 5")
    mailbox = dovecot.new_mailbox()
    connect_mailbox(page, mailbox, smtp_server)
    try_the_chat(page)
    answer_the_demo(page)
    learn_the_keys(page)
    page.click("a:has-text('First steps') >> nth=0")
    expect(page.locator("#first-steps")).to_contain_text("4 of 5")

    mailbox.append(letter("Hello, is the blue tent in stock?", Message_ID="<first@example.com>"))
    page.click("a.btn:has-text('Go to the inbox')")
    page.click("#list a.row:has-text('Where is my parcel?')")
    expect(page.locator("#list a.row")).to_have_count(2)  # the chat and the mail: nothing is left of the demo
    page.fill(".composer-text", "Yes, it is.")
    page.click("button[data-send=reply]")
    assert smtp_server.wait_for(1)[0].mail["In-Reply-To"] == "<first@example.com>"
    assert trouble == []
