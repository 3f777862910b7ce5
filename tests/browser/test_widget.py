"""The chat as people use it: a visitor on a website, an agent in the inbox, two real browsers."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import BrowserContext, FilePayload, FrameLocator, Page, expect
from sqlalchemy import select

from app.db import reading, transaction
from app.models import Channel, ChannelState, ContactIdentity, Message, Presence, User
from tests.chromium import chromium, new_context, watch
from tests.product import Product
from tests.public_channels import answer, open_channel
from tests.public_web import eventually, open_house
from tests.rooms import PASSWORD, add_user
from tests.servers import Servers
from tests.shop import Shop, shop
from workers.children import read_procfile
from workers.processes import ROOT

__all__ = ["chromium", "new_context", "shop"]

PACE_MS = 300  # between two keys: signals of writing are told every few seconds
SECRET = "known to the shop's server"
HEAD = '<!doctype html><meta name="viewport" content="width=device-width"><link rel="icon" href="data:,">'
NewContext = Callable[..., BrowserContext]
expect.set_options(timeout=30_000)  # a lost connection is tried again after up to 15 s


@pytest.fixture(scope="module")
def product(servers: Servers, redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    home = tmp_path_factory.mktemp("home")
    with open_house(servers, redis_url, home, leave_out=("annotator", "poller", "clock")) as product:
        add_user(name="Ana Duarte")
        yield product


@pytest.fixture
def channel(product: Product, shop: Shop) -> Channel:
    channel = open_channel("webchat", origins=shop.origin, title="Northwind", identify_secret=SECRET)
    tag = f'<script src="{product.url}/webchat/{channel.token}.js" async></script>'
    shop.pages["/"] = shop.pages["/boots"] = f"{HEAD}<h1>Boots</h1>{tag}"
    return channel


class Visitor:
    """Somebody on the shop's page with the chat open."""

    def __init__(self, context: BrowserContext, shop: Shop, path: str = "/") -> None:
        self.page: Page = context.new_page()
        self.trouble = watch(self.page)
        self.page.goto(shop.origin + path)
        self.open()

    @property
    def chat(self) -> FrameLocator:
        return self.page.frame_locator("#tributary-chat iframe")

    def open(self) -> None:
        self.page.get_by_role("button", name="Open the chat").click()
        expect(self.chat.get_by_label("Your message")).to_be_focused()

    def say(self, text: str) -> None:
        self.chat.get_by_label("Your message").fill(text)
        self.page.keyboard.press("Enter")

    def sees(self, text: str | re.Pattern[str]) -> None:
        expect(self.chat.get_by_role("log").get_by_text(text)).to_be_visible()

    def has_sent(self, text: str) -> None:
        """Wait until a message is on the timeline, not only stored."""
        expect(self.chat.locator(".row.mine:not(.waiting):not(.sending):not(.sent)", has_text=text)).to_be_visible()


def agent_page(context: BrowserContext, product: Product) -> Page:
    page = context.new_page()
    product.forget_sign_ins()
    page.goto(f"{product.url}/sign-in")
    page.get_by_label("E-mail").fill("ana@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{product.url}/inbox*")
    return page


def messages_of(channel: Channel) -> list[str]:
    with reading() as session:
        query = select(Message.text).where(Message.channel_id == channel.id).order_by(Message.id)
        return list(session.scalars(query))


def test_a_visitor_and_an_agent_talk_and_see_each_other_write(
    product: Product, shop: Shop, channel: Channel, new_context: NewContext
) -> None:
    visitor = Visitor(new_context(), shop)
    agent = agent_page(new_context(), product)
    visitor.say("Do you ship <b>to Norway</b>?")
    visitor.has_sent("Do you ship <b>to Norway</b>?")

    agent.get_by_text("Do you ship <b>to Norway</b>?").first.click()
    words = agent.get_by_label("Your words")
    words.press_sequentially("We do, in four", delay=PACE_MS)
    expect(visitor.chat.locator(".typing")).to_contain_text("Ana Duarte is writing")

    visitor.chat.get_by_label("Your message").press_sequentially("And what if", delay=PACE_MS)
    expect(agent.get_by_text("The customer is typing")).to_be_visible()

    words.press_sequentially(" days.")
    agent.get_by_role("button", name="Send", exact=True).click()
    visitor.sees("We do, in four days.")
    expect(visitor.chat.locator(".who").last).to_have_text("Ana Duarte")
    expect(visitor.chat.locator(".typing")).to_be_hidden()
    assert visitor.trouble == []


def test_a_visitor_is_the_same_one_after_a_reload_and_on_the_next_page(
    product: Product, shop: Shop, channel: Channel, new_context: NewContext
) -> None:
    context = new_context()
    visitor = Visitor(context, shop)
    visitor.say("Remember me")
    visitor.has_sent("Remember me")
    visitor.page.reload()
    visitor.open()
    visitor.sees("Remember me")
    again = Visitor(context, shop, "/boots")
    again.sees("Remember me")
    stranger = Visitor(new_context(), shop)
    expect(stranger.chat.get_by_role("log")).not_to_contain_text("Remember me")
    assert messages_of(channel) == ["Remember me"]


def test_what_is_written_without_a_connection_is_kept_over_a_reload_and_sent_once(
    product: Product, shop: Shop, channel: Channel, new_context: NewContext
) -> None:
    context = new_context()
    visitor = Visitor(context, shop)
    visitor.say("first")
    visitor.has_sent("first")
    with transaction() as session:
        session.get_one(Channel, channel.id).state = ChannelState.PAUSED  # the server says no to everything
    visitor.say("second")
    expect(visitor.chat.locator(".row.failed", has_text="second")).to_be_visible()
    with transaction() as session:
        session.get_one(Channel, channel.id).state = ChannelState.ACTIVE
    visitor.page.reload()
    visitor.open()
    visitor.has_sent("second")
    assert messages_of(channel) == ["first", "second"]


def test_a_connection_that_breaks_comes_back_by_itself(
    product: Product, shop: Shop, channel: Channel, new_context: NewContext
) -> None:
    context = new_context()
    visitor = Visitor(context, shop)
    visitor.say("before")
    visitor.has_sent("before")
    product.kill("web")
    expect(visitor.chat.get_by_text("No connection.")).to_be_visible()
    visitor.say("while you were gone")
    expect(visitor.chat.locator(".row.waiting", has_text="while you were gone")).to_be_visible()
    product.start("web", read_procfile(ROOT / "Procfile")["web"])
    visitor.has_sent("while you were gone")
    assert messages_of(channel) == ["before", "while you were gone"]


def test_files_travel_both_ways(product: Product, shop: Shop, channel: Channel, new_context: NewContext) -> None:
    visitor = Visitor(new_context(), shop)
    picture = bytes.fromhex(
        "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c626001000000ffff"
        "03000006000557bfabd40000000049454e44ae426082"
    )
    visitor.chat.get_by_label("Your message").fill("Look at this")
    files: list[FilePayload] = [
        {"name": "boot.png", "mimeType": "image/png", "buffer": picture},
        {"name": "a.html", "mimeType": "text/html", "buffer": b"<script>"},
    ]
    visitor.chat.locator("input[type=file]").set_input_files(files)
    visitor.has_sent("Look at this")
    expect(visitor.chat.get_by_role("img", name="boot.png")).to_be_visible()
    assert (
        visitor.chat.get_by_role("img", name="boot.png").evaluate(
            "image => image.decode().then(() => image.naturalWidth)"
        )
        == 1
    )
    with visitor.page.expect_download() as download:
        visitor.chat.get_by_role("link", name=re.compile("a.html")).click()
    assert download.value.path().read_bytes() == b"<script>"
    assert visitor.trouble == []


def test_while_nobody_is_there_an_address_is_asked_for_and_kept(
    product: Product, shop: Shop, channel: Channel, new_context: NewContext
) -> None:
    with transaction() as session:
        for row in session.scalars(select(Presence)):
            session.delete(row)
    visitor = Visitor(new_context(), shop)
    visitor.sees("We are away right now. Leave a message.")
    visitor.say("Call me back")
    visitor.chat.get_by_label("E-mail address").fill("ada@b")
    visitor.chat.get_by_role("button", name="Use this address").click()
    expect(visitor.chat.get_by_role("alert")).to_have_text("This does not look like an e-mail address.")
    visitor.chat.get_by_label("E-mail address").fill("ada@example.com")
    visitor.chat.get_by_role("button", name="Use this address").click()
    expect(visitor.chat.get_by_text("If you leave, we answer to ada@example.com.")).to_be_visible()
    with reading() as session:
        found = session.scalars(select(ContactIdentity).where(ContactIdentity.address == "ada@example.com")).one()
        assert not found.verified


def test_a_customer_is_known_by_the_shops_signature_and_forgotten_after_signing_out(
    product: Product, shop: Shop, channel: Channel, new_context: NewContext
) -> None:
    user = {"id": "42", "email": "kim@example.com", "name": "Kim"}
    signature = hmac.new(SECRET.encode(), b"42|kim@example.com", hashlib.sha256).hexdigest()
    tag = shop.pages["/"]
    shop.pages["/"] = (
        f"<script>window.TributaryChat = {json.dumps({'user': user, 'signature': signature})}</script>{tag}"
    )
    context = new_context()
    visitor = Visitor(context, shop)
    visitor.say("It is me")
    visitor.has_sent("It is me")
    elsewhere = Visitor(new_context(), shop)
    elsewhere.sees("It is me")
    visitor.page.evaluate("TributaryChat.identify(null)")
    expect(visitor.chat.get_by_role("log")).not_to_contain_text("It is me")
    with reading() as session:
        found = session.scalars(select(ContactIdentity).where(ContactIdentity.address == "kim@example.com")).one()
        assert found.verified


def test_a_wrong_signature_shows_nothing_of_anybody(
    product: Product, shop: Shop, channel: Channel, new_context: NewContext
) -> None:
    forged = {"user": {"id": "42", "email": "kim@example.com"}, "signature": "0" * 64}
    shop.pages["/"] = f"<script>window.TributaryChat = {json.dumps(forged)}</script>{shop.pages['/']}"
    page = new_context().new_page()
    page.goto(shop.origin)
    page.get_by_role("button", name="Open the chat").click()
    chat = page.frame_locator("#tributary-chat iframe")
    expect(chat.get_by_text("the website could not say who you are")).to_be_visible()
    expect(chat.get_by_label("Your message")).to_be_hidden()
    expect(chat.get_by_role("log")).to_be_hidden()


def test_a_website_that_is_not_allowed_cannot_show_the_chat(
    product: Product, shop: Shop, new_context: NewContext
) -> None:
    elsewhere = open_channel("webchat", origins="https://another.example")
    shop.pages["/stolen"] = f'<script src="{product.url}/webchat/{elsewhere.token}.js" async></script>'
    page = new_context().new_page()
    page.goto(f"{shop.origin}/stolen")
    with page.expect_console_message(lambda message: "frame-ancestors" in message.text):
        page.get_by_role("button", name="Open the chat").click()
    expect(page.frame_locator("#tributary-chat iframe").get_by_label("Your message")).to_have_count(0)


def test_an_answer_is_counted_on_the_bubble_while_the_chat_is_closed_and_escape_closes_it(
    product: Product, shop: Shop, channel: Channel, new_context: NewContext
) -> None:
    visitor = Visitor(new_context(), shop)
    visitor.say("Tell me later")
    visitor.has_sent("Tell me later")
    visitor.page.keyboard.press("Escape")
    bubble = visitor.page.get_by_role("button", name="Open the chat")
    expect(bubble).to_be_focused()
    answer(ana(), "Now is later", channel=channel, deliver=False)
    expect(visitor.page.get_by_role("button", name="Open the chat: Northwind (1 new message)")).to_be_visible()
    bubble.click()
    visitor.sees("Now is later")
    expect(visitor.page.locator(".badge")).to_be_hidden()


def ana() -> User:
    with reading() as session:
        user = session.scalars(select(User)).one()
        session.expunge(user)
    return user


def test_on_a_phone_the_chat_fills_the_screen(
    product: Product, shop: Shop, channel: Channel, new_context: NewContext
) -> None:
    visitor = Visitor(new_context(viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True), shop)
    frame = visitor.page.locator("#tributary-chat iframe")
    eventually(lambda: frame.bounding_box() == {"x": 0, "y": 0, "width": 390, "height": 844})  # it slides in
    visitor.chat.get_by_role("button", name="Close the chat").click()
    expect(visitor.page.get_by_role("button", name="Open the chat")).to_be_visible()
