"""Connecting a channel by signing in at its provider, as an admin sees it: there, back, and which page it is."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.conftest import Desk
from tests.fakes.graph import APP_SECRET, VERIFY_TOKEN, VERSION
from tests.fakes.sign_in import desk_of
from tests.fakes.sign_in_pages import APP_ID, PAGES, PageDesk

WAY = "/settings/channels/signed-in"


def fill(page: Page, provider: PageDesk) -> None:
    typed = {"app_id": APP_ID, "app_secret": APP_SECRET, "verify_token": VERIFY_TOKEN}
    for key, value in {**typed, "api_url": provider.url, "api_version": VERSION}.items():
        page.fill(f"#setting-{key}", value)


def test_an_admin_signs_in_refuses_first_and_chooses_a_page(desk: Desk) -> None:
    with desk_of(PageDesk) as provider:
        provider.redirects.add(f"{desk.product.url}{WAY}")
        page = desk.page(path="/settings/channels/new/facebook")
        fill(page, provider)
        page.get_by_role("button", name="Connect and sign in").click()
        expect(page.get_by_role("heading", name="Sign in for Facebook page")).to_be_visible()
        page.get_by_role("link", name="Continue to Facebook").click()
        page.get_by_role("link", name="Cancel").click()
        expect(page.get_by_role("alert")).to_contain_text("access was not given")
        page.get_by_role("link", name="Begin again").click()
        page.get_by_role("link", name="Continue to Facebook").click()
        page.get_by_role("link", name="Allow").click()
        expect(page.get_by_role("heading", name="Choose the page")).to_be_visible()  # it pressed itself
        for name, _, _ in PAGES.values():
            expect(page.get_by_label(name)).to_be_visible()
        page.get_by_label("Acme Help").check()
        page.get_by_role("button", name="Use this page").click()
        expect(page.locator("#flashes")).to_contain_text("Signed in as Acme Help.")
        expect(page.locator("#setting-page_id")).to_have_value("106728097004747")
        assert provider.subscribed["106728097004747"]
    # the refusal has a status of its own, and the page that presses itself is left while its socket still opens
    desk.trouble[-1][:] = [said for said in desk.trouble[-1] if " 422 " not in said and "WebSocket" not in said]
