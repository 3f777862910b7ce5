"""The running product with one admin, one inbox and, where asked, one mail channel; and a browser signed in to it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from app.db import transaction
from app.models import Role
from app.services import channels, inboxes, passwords, users
from bench.house import House
from connectors.mail import MailConnector
from tests.chromium import FLAGS
from tests.product import Product, running
from workers.system_programs import find_chromium

EMAIL, PASSWORD = "admin@acme.example", "correct horse battery"


@contextmanager
def started(place: House, *, with_mail: bool = False, hurry: bool = False) -> Iterator[Product]:
    """Start every process over the house's servers; `hurry` is the mail channel's setting of that name."""
    hashed = passwords.hash_password(PASSWORD, email=EMAIL)
    with transaction() as session:
        users.add(session, email=EMAIL, name="Admin", role=Role.ADMIN, password_hash=hashed)
        inbox = inboxes.create(session, name="Support", team=None)
        if with_mail:
            credentials = json.loads(json.dumps(dict(place.mailbox.credentials(hurry=hurry))))
            channels.connect(session, inbox=inbox, kind=MailConnector.kind, name="Mail", credentials=credentials)
    with running(database_url=place.database_url, redis_url=place.redis_url, home=place.home) as product:
        yield product


@contextmanager
def signed_in(product: Product) -> Iterator[Page]:
    """Open the inbox in a real browser and wait until it is live."""
    found = find_chromium(Path(sys.executable))
    assert found, "Chromium is missing: `make test` installs it where it can"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(found), args=FLAGS)
        page = browser.new_page(
            viewport={"width": 1440, "height": 900}, bypass_csp=True
        )  # the page is measured from inside
        page.goto(f"{product.url}/sign-in")
        page.fill("input[name=email]", EMAIL)
        page.fill("input[name=password]", PASSWORD)
        page.click("button:has-text('Sign in')")
        page.wait_for_url("**/inbox**")
        page.wait_for_selector("#live[data-state=live]")
        yield page
        browser.close()
