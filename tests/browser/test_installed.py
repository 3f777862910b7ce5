"""The installed app in a real browser: installable, readable without a connection, and empty after signing out."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from app.db import reading
from app.models import Message
from tests.browser.conftest import Desk, eventually
from tests.seed import PASSWORD

COMPOSER = ".composer-text"
RAHUL, ASTRID, OLIVER = "Rahul Mehta", "Astrid Berg", "Oliver Grant"
KEPT = """async () => {
  const found = [];
  for (const name of await caches.keys())
    if (name.startsWith("kept:")) found.push(...(await (await caches.open(name)).keys()).map((one) => new URL(one.url).pathname));
  return found;
}"""
CONTROLLED = "() => navigator.serviceWorker.controller !== null"


def _sign_in(desk: Desk, *, stays: bool) -> Page:
    page = desk.new_context(service_workers="allow").new_page()
    desk.product.forget_sign_ins()
    page.goto(f"{desk.product.url}/sign-in")
    page.fill("[name=email]", "ana@harbourpine.example")
    page.fill("[name=password]", PASSWORD)
    if stays:
        page.check("[name=keep]")
    page.press("[name=password]", "Enter")
    page.wait_for_url("**/inbox")
    page.wait_for_function(CONTROLLED)
    return page


def _kept(page: Page, kind: str) -> list[str]:
    paths: list[str] = page.evaluate(KEPT)
    return [path.rsplit("/", 1)[1] for path in paths if path.startswith(f"/kept/{kind}/")]


def _is_installable(page: Page) -> None:
    devtools = page.context.new_cdp_session(page)
    found = devtools.send("Page.getAppManifest")
    assert found["errors"] == []
    assert found["url"].endswith("/manifest.webmanifest")
    assert devtools.send("Page.getInstallabilityErrors")["installabilityErrors"] in (
        [],
        [{"errorId": "in-incognito", "errorArguments": []}],
    )


def test_two_conversations_are_read_and_answered_without_a_connection_and_nothing_stays_after_signing_out(
    desk: Desk,
) -> None:
    page = _sign_in(desk, stays=True)
    _is_installable(page)
    for contact in (RAHUL, ASTRID):
        desk.open(page, contact)
    ids = {desk.public_id(contact) for contact in (RAHUL, ASTRID)}
    eventually(lambda: set(_kept(page, "pane")) >= ids and _kept(page, "page") == ["inbox"])

    page.context.set_offline(True)
    page.goto(f"{desk.product.url}{_path(desk, RAHUL)}")
    expect(page.locator("conversation-view")).to_have_attribute("data-conversation", desk.public_id(RAHUL))
    expect(page.locator("#kept-line")).to_contain_text("Offline. You see this conversation as of")
    expect(page.locator("#live")).not_to_have_attribute("data-state", "live")
    desk.open(page, ASTRID)
    expect(page.locator("conversation-view")).to_contain_text(ASTRID)
    page.fill(COMPOSER, "Written in a tunnel.")
    page.press(COMPOSER, "Control+Enter")
    expect(page.locator(".message.is-waiting")).to_have_count(1)
    page.goto(f"{desk.product.url}/contacts")
    expect(page.locator("h1")).to_have_text("No connection")
    page.goto(f"{desk.product.url}/inbox")
    expect(page.locator("#rows .row").first).to_be_visible()

    page.context.set_offline(False)
    expect(page.locator("#live")).to_have_attribute("data-state", "live")
    expect(page.locator("#kept-line")).to_be_hidden()
    eventually(lambda: _written("Written in a tunnel.") == 1)
    desk.open(page, ASTRID)
    expect(page.locator(".message[data-message]", has_text="Written in a tunnel.")).to_have_count(1)

    page.evaluate("""document.querySelector('form[action="/sign-out"]').requestSubmit()""")
    page.wait_for_url("**/sign-in")
    assert page.evaluate(KEPT) == []
    assert page.evaluate("Object.keys(localStorage).filter((key) => /draft|outbox|recent/.test(key))") == []
    page.context.set_offline(True)
    page.goto(f"{desk.product.url}{_path(desk, RAHUL)}")
    expect(page.locator("h1")).to_have_text("No connection")
    expect(page.locator("body")).not_to_contain_text(RAHUL)


def test_nothing_is_kept_where_somebody_does_not_stay_signed_in_nor_what_they_may_see_no_more(desk: Desk) -> None:
    page = _sign_in(desk, stays=False)
    desk.open(page, OLIVER)
    expect(page.locator("#live")).to_have_attribute("data-state", "live")
    page.reload()
    assert page.evaluate(KEPT) == []


def _path(desk: Desk, contact: str) -> str:
    return f"/inbox/c/{desk.public_id(contact)}"


def _written(text: str) -> int:
    with reading() as session:
        return session.query(Message.id).filter(Message.text == text).count()
