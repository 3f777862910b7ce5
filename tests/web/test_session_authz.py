"""Every route says who may use it, and the gate keeps to it, for every role."""

from __future__ import annotations

import pytest
from flask import Flask
from werkzeug.routing import Rule

from app.models import Role
from app.web.authz import Authz, authz_of, declare
from tests.rooms import Visitor, add_user

NOBODYS_ID = "01900000-0000-7000-8000-000000000000"


def test_every_route_declares_who_may_use_it(house: Flask) -> None:
    silent = {
        rule.endpoint for rule in house.url_map.iter_rules() if authz_of(house.view_functions[rule.endpoint]) is None
    }
    assert silent == set()


def test_a_route_that_declares_nothing_is_closed_to_everybody(house: Flask) -> None:
    house.add_url_rule("/forgotten", view_func=lambda: "secret")
    add_user()
    admin = Visitor(house)
    admin.enter()
    answer = admin.get("/forgotten")
    assert answer.status_code == 403
    assert "secret" not in answer.text


def test_a_declaration_holds_above_and_below_the_route_decorator(house: Flask) -> None:
    def view() -> str:
        return "open"

    house.add_url_rule("/late", view_func=view)
    declare(view, Authz.PUBLIC)
    assert Visitor(house).get("/late").text == "open"


def _paths(house: Flask, *wanted: Authz) -> list[tuple[str, str]]:
    """Return (method, path) of every route with one of these declarations, with ids that are nobody's."""
    found = []
    for rule in house.url_map.iter_rules():
        if authz_of(house.view_functions[rule.endpoint]) in wanted:
            method = "POST" if "POST" in (rule.methods or ()) else "GET"
            found.append((method, _fill(rule)))
    return found


def _fill(rule: Rule) -> str:
    path = rule.rule
    for part in path.split("/"):
        if part.startswith("<"):
            kind, _, name = part.strip("<>").rpartition(":")
            path = path.replace(part, (rule.defaults or {}).get(name) or ("0" if kind == "int" else NOBODYS_ID))
    return path


def test_without_a_session_every_closed_route_leads_to_the_sign_in_page(house: Flask) -> None:
    visitor = Visitor(house)
    visitor.get("/sign-in")
    open_to_strangers = []
    for method, path in _paths(house, Authz.SIGNED_IN, Authz.SUPERVISOR, Authz.ADMIN):
        answer = visitor.get(path) if method == "GET" else visitor.post(path)
        if answer.status_code not in {401, 303} or not (answer.status_code == 401 or "/sign-in" in answer.location):
            open_to_strangers.append((method, path, answer.status_code))
    assert open_to_strangers == []


@pytest.mark.parametrize(
    ("role", "closed"),
    [
        (Role.AGENT, (Authz.SUPERVISOR, Authz.ADMIN)),
        (Role.BOT, (Authz.SUPERVISOR, Authz.ADMIN)),
        (Role.SUPERVISOR, (Authz.ADMIN,)),
    ],
)
def test_a_role_gets_403_from_every_route_above_it(house: Flask, role: Role, closed: tuple[Authz, ...]) -> None:
    add_user("bo@example.com", role=role, name="Bo")
    browser = Visitor(house)
    browser.enter("bo@example.com")
    answers = {}
    for method, path in _paths(house, *closed):
        answers[path] = (browser.get(path) if method == "GET" else browser.post(path)).status_code
    assert answers
    assert set(answers.values()) == {403}


def test_an_admin_gets_404_for_ids_that_are_nobodys(house: Flask) -> None:
    add_user()
    admin = Visitor(house)
    admin.enter()
    paths = [(method, path) for method, path in _paths(house, Authz.SUPERVISOR, Authz.ADMIN) if NOBODYS_ID in path]
    answers = {path: (admin.get(path) if method == "GET" else admin.post(path)).status_code for method, path in paths}
    assert len(answers) > 10
    assert set(answers.values()) == {404}


def test_scripts_are_told_where_to_sign_in(house: Flask) -> None:
    visitor = Visitor(house)
    answer = visitor.get("/account", **{"HX-Request": "true", "HX-Current-URL": "http://localhost/inbox?status=open"})
    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"] == "/sign-in?next=/inbox%3Fstatus%3Dopen"
    assert visitor.get("/account", Accept="application/json").get_json() == {"error": "Sign in first."}


def test_every_answer_tells_the_browser_what_it_may_do(house: Flask) -> None:
    for path in ("/sign-in", "/nothing-here", "/static/icon.svg"):
        headers = Visitor(house).get(path).headers
        assert "script-src 'self'" in headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert "ws://localhost" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
        assert "Strict-Transport-Security" not in headers


def test_over_https_the_browser_is_told_to_stay_there(house: Flask) -> None:
    answer = house.test_client().get("/sign-in", base_url="https://crm.example")
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
    assert "wss://crm.example" in answer.headers["Content-Security-Policy"]


def test_a_host_header_cannot_write_policy(house: Flask) -> None:
    answer = house.test_client().get("/sign-in", headers={"Host": "x; script-src *"})
    assert "script-src *" not in answer.headers["Content-Security-Policy"]
