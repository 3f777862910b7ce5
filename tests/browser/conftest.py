from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from app.db import transaction
from app.models import Conversation, User
from app.services import replies
from tests.chromium import chromium, new_context, watch
from tests.product import Product, running
from tests.rooms import surroundings
from tests.seed import PASSWORD, Workspace, seed
from tests.servers import Servers, database, fresh_name

__all__ = ["chromium", "new_context"]  # fixtures

NOT_NEEDED = ("worker", "sender", "webhooks", "annotator", "poller", "clock")


@dataclass
class Desk:
    """The product's web process and relay over a seeded workspace, and agents' browsers."""

    product: Product
    made: Workspace
    new_context: Callable[..., BrowserContext]
    trouble: list[list[str]] = field(default_factory=list)

    def page(self, who: str = "ana", path: str = "/inbox", **options: Any) -> Page:
        """Sign in and return the page once it is live."""
        page = self.new_context(**options).new_page()
        self.trouble.append(watch(page))
        self.product.forget_sign_ins()
        page.goto(f"{self.product.url}/sign-in")
        page.fill("[name=email]", f"{who}@harbourpine.example")
        page.fill("[name=password]", PASSWORD)
        page.press("[name=password]", "Enter")
        page.wait_for_url("**/inbox")
        if path != "/inbox":
            page.goto(self.product.url + path)
        if options.get("java_script_enabled", True):
            expect(page.locator("#live")).to_have_attribute("data-state", "live")
        return page

    def open(self, page: Page, contact: str) -> None:
        page.locator("#rows .row", has=page.locator(".row-name", has_text=contact)).click()
        expect(page.locator("conversation-view")).to_have_attribute("data-conversation", self.public_id(contact))

    def public_id(self, contact: str) -> str:
        return str(self.made.conversations[contact].public_id)

    def note(self, contact: str, text: str, who: str = "ben") -> None:
        """Write a note elsewhere, as a colleague's browser would."""
        with transaction() as session:
            conversation = session.get_one(Conversation, self.made.conversations[contact].id, with_for_update=True)
            author = session.get_one(User, self.made.users[who].id)
            replies.write_note(session, conversation=conversation, author=author, text=text, client_key=text[:90])


@pytest.fixture(scope="module")
def stage(
    servers: Servers, redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Product, Workspace]]:
    home = tmp_path_factory.mktemp("home")
    with (
        database(servers, fresh_name()) as url,
        pytest.MonkeyPatch.context() as patch,
        surroundings(patch, database_url=url, redis_url=redis_url, home=home),
    ):
        with transaction() as session:
            made = seed(session)
        with running(database_url=url, redis_url=redis_url, home=home, leave_out=NOT_NEEDED) as product:
            eventually(lambda: _is_up(product))
            yield product, made


def _is_up(product: Product) -> bool:
    try:
        return httpx.get(f"{product.url}/up", timeout=5).status_code == 200
    except httpx.HTTPError:
        return False


def eventually(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < deadline, "it did not become so"
        time.sleep(0.05)


@pytest.fixture
def desk(stage: tuple[Product, Workspace], new_context: Callable[..., BrowserContext]) -> Iterator[Desk]:
    """Fails its test when a page logged an error."""
    desk = Desk(*stage, new_context=new_context)
    yield desk
    assert [trouble for trouble in desk.trouble if trouble] == []
