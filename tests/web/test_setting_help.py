"""Help beside every setting: each control of each settings page says what it does, in words tied to it."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Flask
from lxml import html  # type: ignore[import-untyped]  # lxml publishes no types

from app import db
from app.commands.pages import SETTINGS
from app.services import workspace
from connectors.registry import kinds
from tests.rooms import Visitor, add_user

LEAST_WORDS = 3
NOT_SETTINGS = {"hidden", "submit", "button", "search", "image", "reset"}  # types that ask for nothing to be set
SELF_EVIDENT = {  # page → beginnings of controls, and why no words are needed
    "/settings/keyboard": ("text keys-",),  # the label is what the key does; how to write keys is said once above
    "/settings/canned-responses/new": ("text number",),  # asks for a preview, and sets nothing
    "/settings/tags": ("text name", "select colour"),  # the chip beside them shows both
}
DEEPER = (
    "/settings/users/new",
    "/settings/teams/new",
    "/settings/inboxes/new",
    "/settings/rules/new",
    "/settings/webhooks/new",
    "/settings/canned-responses/new",
    "/settings/articles/new",
    "/settings/alerts/new",
    "/settings/tags",
    "/first-steps/mailbox",
    "/first-steps/colleagues",
    "/first-steps/chat",
)


def pages() -> list[str]:
    """Return every settings page, the forms behind them, and the form of every kind of channel."""
    listed = [page.path for group in SETTINGS.values() for page in group]
    return [*listed, *DEEPER, *(f"/settings/channels/new/{kind}" for kind in kinds())]


def test_every_setting_says_what_it_does(house: Flask) -> None:
    add_user()
    with db.transaction() as session:
        workspace.prepare(session)
    browser = Visitor(house)
    browser.enter()
    found = {}
    for path in pages():
        answer = browser.get(path)
        assert answer.status_code == 200, path
        found[path] = [one for one in unexplained(answer.text) if not is_self_evident(path, one)]
    assert {path: missing for path, missing in found.items() if missing} == {}


def test_a_control_without_words_is_found() -> None:
    page = """<main id="main"><form><p id="n">Seconds until it is sent</p>
      <input name="a" aria-describedby="n"><input name="b"><select name="c" aria-describedby="gone"></select>
      <fieldset aria-describedby="n"><input type="checkbox" name="d"></fieldset></form>
      <form method="get"><input name="e"></form></main>"""
    assert list(unexplained(page)) == ["text b", "select c"]


def unexplained(text: str) -> Iterator[str]:
    """Yield the controls of a page's content that no help is tied to."""
    page = html.fromstring(text)
    (main,) = page.xpath('//*[@id="main"]')
    for control in main.xpath(
        "(.//input|.//select|.//textarea)[not(ancestor::form[@method='get'])]"
    ):  # those only look
        kind = control.get("type", "text") if control.tag == "input" else control.tag
        if kind in NOT_SETTINGS or control.get("readonly") is not None or control.get("name") is None:
            continue
        if not is_explained(page, control):
            yield f"{kind} {control.get('name')}"


def is_explained(page: html.HtmlElement, control: html.HtmlElement) -> bool:
    """Tell whether words beyond its label are tied to a control, or to the group it is in."""
    around = [control, *control.iterancestors("fieldset")]
    ids = [one for node in around for one in (node.get("aria-describedby") or "").split()]
    words = " ".join(" ".join(node.text_content().split()) for one in ids for node in page.xpath(f'//*[@id="{one}"]'))
    return len(words.split()) >= LEAST_WORDS


def is_self_evident(path: str, control: str) -> bool:
    return control.startswith(SELF_EVIDENT.get(path, ())) if path in SELF_EVIDENT else False
