from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from app.db import transaction
from app.models import Conversation, User
from app.services import replies
from tests.chromium import chromium, new_context, watch
from tests.product import Product
from tests.public_web import cookies_of, eventually
from tests.seed import PASSWORD, Workspace, seed
from tests.standing import Standing

__all__ = ["chromium", "eventually", "new_context"]


@dataclass
class Desk:
    """The product's web process and relay over a seeded workspace, and agents' browsers."""

    product: Product
    made: Workspace
    new_context: Callable[..., BrowserContext]
    trouble: list[list[str]] = field(default_factory=list)

    def page(self, who: str = "ana", path: str = "/inbox", *, is_routed: bool = False, **options: Any) -> Page:
        """Return somebody's page once it is live; the form they sign in by is for tests/browser/test_installed.py.

        `is_routed`: its test holds or breaks requests. Chromium begins to intercept some time after it was told to, and
        lets pass what is asked until then: it is told before the page is there.
        """
        self.product.forget_sign_ins()
        cookies = cookies_of(self.product, f"{who}@harbourpine.example", PASSWORD)
        context = self.new_context(**options)
        if is_routed:
            context.route("https://nobody.invalid/**", lambda route: route.abort())
        context.add_cookies(
            [{"name": name, "value": value, "url": self.product.url} for name, value in cookies.items()]
        )
        page = context.new_page()
        self.trouble.append(watch(page))
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
def stage(standing: Standing) -> Iterator[tuple[Product, Workspace]]:
    with standing.emptied() as product:
        with transaction() as session:
            made = seed(session)
        yield product, made


@pytest.fixture
def desk(stage: tuple[Product, Workspace], new_context: Callable[..., BrowserContext]) -> Iterator[Desk]:
    """Fails its test when a page logged an error."""
    desk = Desk(*stage, new_context=new_context)
    yield desk
    assert [trouble for trouble in desk.trouble if trouble] == []
