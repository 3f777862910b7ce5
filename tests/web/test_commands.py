"""Navigation and keys: one list each, true to the routes, to the scripts and to what a role may do."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from app.authz import authz_of
from app.commands.pages import SECTIONS, SETTINGS
from app.commands.registry import COMMANDS, commands_for
from app.config import ROOT
from app.models import Role
from app.web.authz import ROLES
from tests.rooms import Visitor, add_user

ALL = [command for commands in COMMANDS.values() for command in commands]
PAGES = [*SECTIONS, *(page for pages in SETTINGS.values() for page in pages)]


def test_commands_are_many_and_no_keys_begin_like_others() -> None:
    assert len({command.id for command in ALL}) == len(ALL) >= 40
    keys = [f"{command.keys} " for command in ALL]
    assert [
        (one, other)
        for at, one in enumerate(keys)
        for other in keys[at + 1 :]
        if one.startswith(other) or other.startswith(one)
    ] == []


def test_what_no_control_does_has_a_function() -> None:
    script = (ROOT / "app/static/src/commands/handlers.ts").read_text()
    written = set(re.findall(r'^  "?([a-z-]+)"?: ', script, re.MULTILINE))
    bare = {one.id for one in ALL if not (one.path or one.press or one.focus or one.is_fixed)}
    assert written == bare


def test_pages_and_commands_are_offered_to_whom_the_routes_let_in(house: Flask) -> None:
    routes = house.url_map.bind("localhost")
    offered = [(page.path, page.roles) for page in PAGES]
    offered += [(one.path.partition("?")[0], one.roles) for one in ALL if one.path]
    for path, roles in offered:
        authz = authz_of(house.view_functions[routes.match(path)[0]])
        assert authz is not None, path
        assert roles == ROLES[authz], path


@pytest.mark.parametrize("role", [Role.AGENT, Role.SUPERVISOR, Role.ADMIN])
def test_every_page_shows_the_keys_of_the_role(house: Flask, role: Role) -> None:
    add_user("bo@example.com", role=role, name="Bo")
    browser = Visitor(house)
    browser.sign_in("bo@example.com")
    text = browser.get("/settings?q=keyboard tag").text
    shown = re.findall(r'data-command="([a-z-]+)"', text)
    assert shown == [one.id for commands in commands_for(role).values() for one in commands]
    assert ("go-channels" in shown) == (role is Role.ADMIN)
    assert 'href="/settings/users"' in browser.get("/settings?q=invite").text or role is not Role.ADMIN
    assert "No setting is called that" in browser.get("/settings?q=zzz").text
