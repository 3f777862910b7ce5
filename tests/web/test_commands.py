"""Navigation, keys and the command bar: one list each, true to the routes, the scripts, a role, and a user's own keys."""

from __future__ import annotations

import json
import re
from html import unescape

import pytest
from flask import Flask

from app.authz import authz_of
from app.commands.keys import holder, is_single, normal, spoken
from app.commands.pages import SECTIONS, SETTINGS
from app.commands.registry import COMMANDS, commands_for
from app.config import ROOT
from app.models import Role
from app.web.authz import ROLES
from tests.inbox_house import Seeded, counted, seeded
from tests.rooms import Visitor, add_user

__all__ = ["seeded"]

ALL = [command for commands in COMMANDS.values() for command in commands]
PAGES = [*SECTIONS, *(page for pages in SETTINGS.values() for page in pages)]


def test_commands_are_many_and_no_keys_begin_like_others() -> None:
    assert len({command.id for command in ALL}) == len(ALL)
    keys = {command.id: command.keys for command in ALL if command.keys}
    assert len(keys) >= 40
    assert [(id_, other) for id_, mine in keys.items() if (other := holder(mine, keys, apart_from=id_))] == []
    assert [one.id for one in ALL if not one.is_fixed and normal(spoken(one.keys)) != one.keys] == []


def test_what_no_control_does_has_a_function() -> None:
    script = (ROOT / "app/static/src/commands/handlers.ts").read_text()
    written = set(re.findall(r'^  "?([a-z-]+)"?: ', script, re.MULTILINE))
    bare = {one.id for one in ALL if not (one.path or one.press or one.focus or one.is_fixed)}
    assert written == bare


def test_pages_and_commands_are_offered_to_whom_the_routes_let_in(house: Flask) -> None:
    routes = house.url_map.bind("localhost")
    offered = [(page.path, page.roles) for page in PAGES]
    offered += [(one.path.partition("?")[0], one.roles) for one in ALL if one.path]
    assert {page.path for page in PAGES} <= {path for path, _ in offered[len(PAGES) :]}, "a page without a command"
    for path, roles in offered:
        authz = authz_of(house.view_functions[routes.match(path)[0]])
        assert authz is not None, path
        assert roles == ROLES[authz], path


@pytest.mark.parametrize("role", [Role.AGENT, Role.SUPERVISOR, Role.ADMIN])
def test_every_page_shows_the_keys_of_the_role(house: Flask, role: Role) -> None:
    browser = _browser(house, role)
    text = browser.get("/settings?q=keyboard tag").text
    shown = re.findall(r'data-command="([a-z-]+)"', text)
    mine = [one for commands in commands_for(role).values() for one in commands]
    assert shown == [one.id for one in mine if one.keys]
    assert ("go-channels" in shown) == (role is Role.ADMIN)
    listed = re.findall(r'data-run="([a-z-]+)"', browser.get("/commands").text)
    assert sorted(listed) == sorted(one.id for one in mine if not one.is_fixed and one.id != "commands")
    assert 'href="/settings/users"' in browser.get("/settings?q=invite").text or role is not Role.ADMIN
    assert "No setting is called that" in browser.get("/settings?q=zzz").text


@pytest.mark.parametrize(
    ("typed", "stored"),
    [("ctrl+shift+k", None), ("Cmd+J", "Mod+j"), ("g  I", "g I"), ("shift+g", "G"), ("alt+F4", "Alt+F4"), ("+", "+"),
     ("Ctrl++", "Mod++"), ("", ""), ("Ctrl+T", None), ("Enter", None), ("hyper+x", None), ("abc", None),
     ("a b c d", None), ("x" * 41, None), ("ctrl+alt+x", None)],
)  # fmt: skip
def test_keys_are_read_as_people_write_them(typed: str, stored: str | None) -> None:
    if stored is None:
        with pytest.raises(ValueError, match=r"\.$"):
            normal(typed)
    else:
        assert normal(typed) == stored == normal(spoken(stored))


def test_keys_are_changed_told_of_conflicts_and_given_back(house: Flask) -> None:
    browser = _browser(house, Role.AGENT)
    clash = browser.post("/settings/keyboard", {"keys-resolve": "g", "keys-reply": "Ctrl+T", "single": "1"})
    said = unescape(clash.text)
    assert clash.status_code == 422
    assert "“Open your menu” has g x." in said
    assert "Your browser keeps Ctrl+T for itself." in said
    assert 'value="Ctrl+T"' in said  # what was typed stays
    assert '"keys": "e"' in _told(browser)
    swap = {"keys-resolve": "r", "keys-reply": "e", "keys-note": "", "keys-light": "Alt+L", "single": "1"}
    assert browser.post("/settings/keyboard", swap).status_code == 303
    assert _keys(browser) == _keys(browser) | {"resolve": "r", "reply": "e", "light": "Alt+l", "note": ""}
    assert browser.post("/settings/keyboard", {"reset": "note", "single": "1"}).status_code == 303
    assert _keys(browser)["note"] == "n"
    taken = browser.post("/settings/keyboard", {"reset": "reply", "single": "1"})
    assert "“Resolve, or reopen” has r." in unescape(taken.text)
    assert browser.post("/settings/keyboard", {"keys-escape": "q q", "keys-nothing": "x"}).status_code == 303
    assert all(not is_single(keys) for keys in _keys(browser).values())  # the switch is off
    assert _keys(browser)["commands"] == "Mod+k"
    assert 'data-command="escape"' in browser.get("/settings").text
    assert browser.post("/settings/keyboard/reset").status_code == 303
    browser.post("/settings/keyboard", {"single": "1"})
    assert _keys(browser)["reply"] == "r"
    other = Visitor(house)
    add_user("cy@example.com", role=Role.AGENT, name="Cy")
    other.enter("cy@example.com")
    assert _keys(other)["resolve"] == "e"


def test_the_bar_finds_what_the_user_may_see(seeded: Seeded) -> None:
    ids = {name: str(one.public_id) for name, one in seeded.made.conversations.items()}
    recent = "&".join(f"recent={id_}" for id_ in [*list(ids.values())[:7], "nonsense"])
    browser = seeded.visitor("ana")
    with counted() as statements:
        text = browser.get(f"/commands?{recent}").text
    assert len(statements) <= 4
    first, second, *_ = ids.values()
    assert text.index(first) < text.index(second)
    with counted() as statements:
        found = browser.get("/commands/found?q=marta lind").text
    assert len(statements) <= 8
    assert "Marta Lindqvist" in found
    assert ids["Marta Lindqvist"] in found
    assert 'href="/search?q=marta' in found.replace("data-href", "href")
    assert "data-href" not in browser.get("/commands/found?q=m").text
    add_user("dee@example.com", role=Role.AGENT, name="Dee")
    stranger = Visitor(seeded.app)
    stranger.enter("dee@example.com")
    assert not [id_ for id_ in ids.values() if id_ in stranger.get(f"/commands?{recent}").text]
    assert "Lindqvist" not in stranger.get("/commands/found?q=marta lind").text.partition("Search everything")[0]


def _browser(house: Flask, role: Role) -> Visitor:
    add_user("bo@example.com", role=role, name="Bo")
    browser = Visitor(house)
    browser.enter("bo@example.com")
    return browser


def _told(browser: Visitor) -> str:
    return unescape(re.findall(r"data-commands='([^']*)'", browser.get("/account").text)[0])


def _keys(browser: Visitor) -> dict[str, str]:
    return {one["id"]: one.get("keys", "") for one in json.loads(_told(browser))}
