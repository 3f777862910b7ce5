"""The web form as people use it: with and without scripts, alone and inside another website."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from app.models import Channel
from app.web.webform import MAX_BYTES
from tests.chromium import chromium, new_context, watch
from tests.product import Product
from tests.public_channels import deliveries, open_channel, take_in
from tests.public_web import open_house
from tests.servers import Servers
from tests.shop import Shop, shop

__all__ = ["chromium", "new_context", "shop"]

NewContext = Callable[..., BrowserContext]
SLOWER_THAN_A_ROBOT_MS = 2_100


@pytest.fixture(scope="module")
def product(servers: Servers, redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    others = ("relay", "worker", "sender", "annotator", "poller", "clock")
    with open_house(servers, redis_url, tmp_path_factory.mktemp("home"), leave_out=others) as product:
        yield product


@pytest.fixture
def channel(product: Product) -> Channel:
    return open_channel("webform")


def fill_in(page: Page) -> None:
    page.get_by_label("Your name").fill("Ada")
    page.get_by_label("E-mail address").fill("ada@example.com")
    page.get_by_label("How can we help?").fill("Where is my order?")
    page.wait_for_timeout(SLOWER_THAN_A_ROBOT_MS)


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_form_with_a_file_is_sent(product: Product, channel: Channel, new_context: NewContext, scripts: bool) -> None:
    page = new_context(java_script_enabled=scripts).new_page()
    trouble = watch(page)
    page.goto(f"{product.url}/forms/{channel.token}")
    fill_in(page)
    page.locator("#files").set_input_files({"name": "a.txt", "mimeType": "text/plain", "buffer": b"hello"})
    page.get_by_role("button", name="Send").dblclick()
    expect(page.get_by_role("heading", name="Sent")).to_be_visible()
    (message,) = take_in(channel)
    assert (message.sender, message.text) == ("ada@example.com", "Where is my order?")
    assert trouble == []


def test_without_scripts_what_is_wrong_is_said_and_nothing_typed_is_lost(
    product: Product, channel: Channel, new_context: NewContext
) -> None:
    page = new_context(java_script_enabled=False).new_page()
    page.goto(f"{product.url}/forms/{channel.token}")
    fill_in(page)
    page.get_by_label("E-mail address").fill("ada@localhost")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("This does not look like an e-mail address.")).to_be_visible()
    expect(page.get_by_label("E-mail address")).to_have_value("ada@localhost")
    expect(page.get_by_label("How can we help?")).to_have_value("Where is my order?")
    page.get_by_label("E-mail address").fill("ada@example.com")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("heading", name="Sent")).to_be_visible()
    assert len(take_in(channel)) == 1


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_file_that_is_too_large_is_refused_in_words(
    product: Product, channel: Channel, new_context: NewContext, tmp_path: Path, scripts: bool
) -> None:
    page = new_context(java_script_enabled=scripts).new_page()
    page.goto(f"{product.url}/forms/{channel.token}")
    fill_in(page)
    large = tmp_path / "a.bin"
    large.write_bytes(b"x" * (MAX_BYTES + 1))  # the browser reads it from the disk
    page.locator("#files").set_input_files(large)
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text(re.compile("(more|larger) than 25 MB")).first).to_be_visible()
    assert deliveries(channel) == []


def test_on_another_website_the_form_is_as_high_as_what_is_in_it(
    product: Product, shop: Shop, channel: Channel, new_context: NewContext
) -> None:
    shop.pages["/contact"] = f'<h1>Contact</h1><script src="{product.url}/forms/{channel.token}.js" async></script>'
    page = new_context().new_page()
    page.goto(f"{shop.origin}/contact")
    frame = page.frame_locator("iframe")
    expect(frame.get_by_role("button", name="Send")).to_be_visible()
    page.wait_for_function("() => document.querySelector('iframe').clientHeight !== 640")
    inside = frame.locator("html").evaluate("html => [html.scrollHeight, html.clientHeight]")
    assert inside[0] <= inside[1]
    frame.get_by_label("Your name").fill("Ada")
    frame.get_by_label("E-mail address").fill("ada@example.com")
    frame.get_by_label("How can we help?").fill("From the shop")
    page.wait_for_timeout(SLOWER_THAN_A_ROBOT_MS)
    frame.get_by_role("button", name="Send").click()
    expect(frame.get_by_role("heading", name="Sent")).to_be_visible()
    assert [message.text for message in take_in(channel)] == ["From the shop"]


def test_a_website_that_is_not_allowed_cannot_embed_the_form(
    product: Product, shop: Shop, new_context: NewContext
) -> None:
    other = open_channel("webform", origins="https://another.example")
    shop.pages["/stolen-form"] = f'<script src="{product.url}/forms/{other.token}.js" async></script>'
    page = new_context().new_page()
    with page.expect_console_message(lambda message: "frame-ancestors" in message.text):
        page.goto(f"{shop.origin}/stolen-form")


def test_an_allowed_websites_script_may_call_the_json_address_and_others_may_not(
    product: Product, shop: Shop, channel: Channel, new_context: NewContext
) -> None:
    allowed = open_channel("webform", origins=shop.origin)
    shop.pages["/api"] = "<h1>Shop</h1>"
    page = new_context().new_page()
    page.goto(f"{shop.origin}/api")
    call = """async address => {
        const body = JSON.stringify({name: "Ada", email: "ada@example.com", message: "By script"});
        const headers = {"Content-Type": "application/json", "Idempotency-Key": "1"};
        return fetch(address, {method: "POST", headers, body}).then(answer => answer.status, () => "refused");
    }"""
    assert page.evaluate(call, f"{product.url}/api/forms/{allowed.token}") == 202
    assert page.evaluate(call, f"{product.url}/api/forms/{channel.token}") == "refused"
    assert len(deliveries(allowed)) == 1
    assert deliveries(channel) == []
