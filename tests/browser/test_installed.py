"""The installed app in a real browser: installable, readable without a connection, and empty after signing out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Page, expect

from app import outbox
from app.db import reading, transaction
from app.events import AccessChanged
from app.models import Conversation, Inbox, Message, User
from tests.browser.conftest import Desk, eventually
from tests.seed import PASSWORD

COMPOSER = ".composer-text"
RAHUL, ASTRID, OLIVER, DOROTHEA = "Rahul Mehta", "Astrid Berg", "Oliver Grant", "Dorothea Klein"
KEPT = """async () => {
  const found = [];
  for (const name of await caches.keys())
    if (name.startsWith("kept:")) found.push(...(await (await caches.open(name)).keys()).map((one) => new URL(one.url).pathname));
  return found;
}"""
AGED = """async (days) => {
  const at = new Date(Date.now() - days * 86_400_000).toISOString();
  for (const name of (await caches.keys()).filter((one) => one.startsWith("kept:"))) {
    const cache = await caches.open(name);
    for (const request of await cache.keys()) {
      const was = await cache.match(request), headers = new Headers(was.headers);
      headers.set("X-Kept-At", at);
      await cache.put(request, new Response(await was.blob(), { status: was.status, headers }));
    }
  }
}"""
OF_ANOTHER_BUILD = """async () => {
  for (const name of (await caches.keys()).filter((one) => one.startsWith("kept:"))) {
    const [was, is] = [await caches.open(name), await caches.open(name.replace(/^kept:[^:]*/, "kept:another"))];
    for (const request of await was.keys()) await is.put(request, await was.match(request));
    await caches.delete(name);
  }
}"""
NOTICES = """async () => {
  const found = await (await navigator.serviceWorker.ready).getNotifications();
  return found.map((one) => [one.title, one.body, one.tag]);
}"""
CONTROLLED = "() => navigator.serviceWorker.controller !== null"


def _sign_in(desk: Desk, who: str, *, stays: bool, page: Page | None = None) -> Page:
    """Sign somebody in: in a new browser, or in that of a page."""
    page = page or desk.new_context(service_workers="allow").new_page()
    desk.product.forget_sign_ins()
    page.goto(f"{desk.product.url}/sign-in")
    page.fill("[name=email]", f"{who}@harbourpine.example")
    page.fill("[name=password]", PASSWORD)
    page.set_checked("[name=keep]", stays)
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
    page = _sign_in(desk, "ana", stays=True)
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


def test_only_what_may_be_kept_is_kept(desk: Desk) -> None:
    page = _sign_in(desk, "ben", stays=False)
    desk.open(page, OLIVER)
    page.reload()
    expect(page.locator("#live")).to_have_attribute("data-state", "live")
    assert page.evaluate(KEPT) == []
    page = _sign_in(desk, "ben", stays=True)
    for contact in (OLIVER, ASTRID):
        desk.open(page, contact)
    oliver, astrid = (desk.public_id(contact) for contact in (OLIVER, ASTRID))
    eventually(lambda: {oliver, astrid} <= set(_kept(page, "pane")))
    with _hidden(desk, OLIVER):
        eventually(lambda: astrid in _kept(page, "pane") and oliver not in _kept(page, "pane"))
    with transaction() as session:
        session.get_one(User, desk.made.users["ben"].id).keeps_offline = False
    page.reload()
    eventually(lambda: page.evaluate(KEPT) == [])
    with transaction() as session:
        session.get_one(User, desk.made.users["ben"].id).keeps_offline = True


def test_formatted_mail_is_read_offline_and_nothing_too_old_of_another_build_or_of_another_user(desk: Desk) -> None:
    page, id_ = _sign_in(desk, "ana", stays=True), desk.public_id(DOROTHEA)
    desk.open(page, DOROTHEA)
    _mail_is_shown(page)
    eventually(lambda: id_ in _kept(page, "pane") and _kept(page, "page") != [] and len(_kept(page, "frame")) == 1)

    page.context.set_offline(True)
    for days, is_shown in ((6, True), (8, False)):
        page.evaluate(AGED, days)
        page.goto(f"{desk.product.url}{_path(desk, DOROTHEA)}")
        if is_shown:
            expect(page.locator("conversation-view")).to_have_attribute("data-conversation", id_)
            _mail_is_shown(page)
    _shows_nothing(page)

    page.context.set_offline(False)
    page.goto(f"{desk.product.url}{_path(desk, DOROTHEA)}")
    page.goto(f"{desk.product.url}/inbox")
    desk.open(page, DOROTHEA)
    eventually(lambda: id_ in _kept(page, "pane") and _kept(page, "page") != [])
    page.context.set_offline(True)
    page.evaluate(OF_ANOTHER_BUILD)
    page.goto(f"{desk.product.url}{_path(desk, DOROTHEA)}")
    _shows_nothing(page)
    page.context.set_offline(False)
    page.goto(f"{desk.product.url}/inbox")
    eventually(lambda: id_ in _kept(page, "pane"))  # kept anew, as this build draws it
    assert page.evaluate("async () => (await caches.keys()).some((name) => name.startsWith('kept:another'))") is False

    page.context.clear_cookies()  # the session ended; she never signed out here
    _sign_in(desk, "ben", stays=True, page=page)
    eventually(lambda: id_ not in _kept(page, "pane"))
    page.context.set_offline(True)
    page.goto(f"{desk.product.url}{_path(desk, DOROTHEA)}")
    expect(page.locator("body")).not_to_contain_text("durchnässt")


def _mail_is_shown(page: Page) -> None:
    page.click("summary:has-text('Formatted mail')")
    frame = page.locator(".html-frame")
    expect(frame.content_frame.locator("b")).to_have_text("völlig durchnässt")
    assert "allow-scripts" not in (frame.get_attribute("sandbox") or "allow-scripts")


def _shows_nothing(page: Page) -> None:
    expect(page.locator("h1")).to_have_text("No connection")
    expect(page.locator("body")).not_to_contain_text("Klein")


def test_a_push_is_drawn_while_no_page_of_ours_is_looked_at(desk: Desk) -> None:
    page = _sign_in(desk, "ana", stays=True)
    page.context.grant_permissions(["notifications"], origin=desk.product.url)
    devtools = page.context.new_cdp_session(page)
    ids: list[str] = []
    devtools.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda told: ids.extend(one["registrationId"] for one in told["registrations"]),
    )
    devtools.send("ServiceWorker.enable")
    eventually(lambda: page.evaluate(CONTROLLED) and bool(ids))
    told = {"title": "New message in Support", "text": "Conversation 7", "key": "m:1", "address": "/inbox"}

    def drawn() -> list[list[str]]:
        page.goto("about:blank")
        pushed = {"origin": desk.product.url, "registrationId": ids[-1], "data": json.dumps(told)}
        devtools.send("ServiceWorker.deliverPushMessage", pushed)
        page.goto(f"{desk.product.url}/inbox")
        found: list[list[str]] = page.evaluate(NOTICES)
        return found

    eventually(lambda: drawn() == [["New message in Support", "Conversation 7", "m:1"]])


@contextmanager
def _hidden(desk: Desk, contact: str) -> Iterator[None]:
    """Move a conversation, for a while, to an inbox that nobody but admins sees."""
    with transaction() as session:
        conversation = session.get_one(Conversation, desk.made.conversations[contact].id)
        ben = session.get_one(User, desk.made.users["ben"].id)
        was, elsewhere = conversation.inbox_id, Inbox(name=f"Elsewhere than {contact}")
        session.add(elsewhere)
        session.flush()
        conversation.inbox_id = elsewhere.id
        outbox.record(session, AccessChanged(user_id=ben.id, user=str(ben.public_id)))
    yield
    with transaction() as session:
        session.get_one(Conversation, desk.made.conversations[contact].id).inbox_id = was


def _path(desk: Desk, contact: str) -> str:
    return f"/inbox/c/{desk.public_id(contact)}"


def _written(text: str) -> int:
    with reading() as session:
        return session.query(Message.id).filter(Message.text == text).count()
