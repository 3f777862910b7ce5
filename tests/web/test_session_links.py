"""One-time links: set up, invite, reset. Single use, 24 hours, only a digest stored."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from app import clock, db
from app.models import Role, TokenPurpose, User, UserToken
from app.services import links, users, workspace
from tests.rooms import ADMIN, PASSWORD, Visitor, add_user

GOOD = {"password": "another long one", "again": "another long one"}


def _invite(role: Role = Role.AGENT) -> str:
    with db.transaction() as session:
        user = users.add(session, email="bo@example.com", name="Bo", role=role)
        return urlsplit(links.make(session, purpose=TokenPurpose.INVITE, user=user)).path


def test_an_invitation_lets_one_choose_a_password_and_signs_in(house: Flask) -> None:
    path = _invite()
    browser = Visitor(house)
    page = browser.get(path)
    assert "Welcome, Bo" in page.text
    assert browser.post(path, GOOD).status_code == 303
    assert browser.get("/account").status_code == 200
    assert Visitor(house).sign_in("bo@example.com", GOOD["password"]).status_code == 303


def test_a_link_works_once_even_when_two_use_it_at_the_same_time(house: Flask) -> None:
    path = _invite()
    browsers = [Visitor(house) for _ in range(8)]
    for browser in browsers:
        browser.get(path)

    def use(browser: Visitor) -> int:
        return browser.post(path, GOOD).status_code

    with ThreadPoolExecutor(8) as pool:
        statuses = sorted(pool.map(use, browsers))
    assert statuses == [303] + [404] * 7


def test_a_link_ends_after_24_hours(house: Flask) -> None:
    path = _invite()
    with time_machine.travel(clock.now() + timedelta(hours=23, minutes=59)):
        assert Visitor(house).get(path).status_code == 200
    with time_machine.travel(clock.now() + timedelta(hours=24, minutes=1)):
        answer = Visitor(house).get(path)
    assert answer.status_code == 404
    assert "Ask an admin for a new one" in answer.text


def test_a_newer_link_ends_the_older_and_a_purpose_cannot_be_swapped(house: Flask) -> None:
    older = _invite()
    with db.transaction() as session:
        newer = links.make(session, purpose=TokenPurpose.INVITE, user=users.get_by_email(session, "bo@example.com"))
    assert Visitor(house).get(older).status_code == 404
    assert Visitor(house).get(urlsplit(newer).path).status_code == 200
    assert Visitor(house).get(urlsplit(newer).path.replace("/invite/", "/reset/")).status_code == 404
    assert Visitor(house).get(urlsplit(newer).path.replace("/invite/", "/setup/")).status_code == 404


def test_only_the_digest_of_a_token_is_stored(house: Flask) -> None:
    token = _invite().rpartition("/")[2]
    with db.reading() as session:
        stored = session.scalars(select(UserToken.token_hash)).one()
    assert token not in stored
    assert len(stored) == 64


def test_a_deactivated_user_cannot_use_a_link(house: Flask) -> None:
    path = _invite()
    with db.transaction() as session:
        users.deactivate(session, user=users.get_by_email(session, "bo@example.com"))
    assert Visitor(house).get(path).status_code == 404


def test_a_reset_ends_every_session_of_the_user(house: Flask) -> None:
    user = add_user()
    old = Visitor(house)
    old.sign_in()
    with db.transaction() as session:
        path = urlsplit(links.make(session, purpose=TokenPurpose.RESET, user=session.get_one(User, user.id))).path
    browser = Visitor(house)
    browser.get(path)
    assert browser.post(path, GOOD).status_code == 303
    assert old.get("/account").status_code == 303
    assert Visitor(house).sign_in(ADMIN, PASSWORD).status_code == 401


@pytest.mark.parametrize(
    "form", [{"password": "short", "again": "short"}, {"password": "long enough one", "again": "something else"}]
)
def test_a_bad_password_does_not_use_the_link_up(house: Flask, form: dict[str, str]) -> None:
    path = _invite()
    browser = Visitor(house)
    browser.get(path)
    assert browser.post(path, form).status_code == 422
    assert browser.post(path, GOOD).status_code == 303


def test_the_set_up_link_makes_the_first_admin_once(house: Flask) -> None:
    with db.transaction() as session:
        workspace.prepare(session)
        link = workspace.open_setup_link(session)
    assert link is not None
    workspace.keep_setup_link(link)
    path = urlsplit(link).path
    first, second = Visitor(house), Visitor(house)
    for browser in (first, second):
        assert browser.get(path).status_code == 200
    form = {"name": "Ana", "email": ADMIN, **GOOD}
    assert first.post(path, form).location == "/first-steps"
    assert first.get("/first-steps").status_code == 200
    assert second.post(path, form | {"email": "eve@example.com"}).status_code == 404
    assert workspace.read_setup_link() == ""
    with db.reading() as session:
        assert [(user.email, user.role) for user in session.scalars(select(User))] == [(ADMIN, Role.ADMIN)]


def test_a_set_up_form_with_a_mistake_says_which(house: Flask) -> None:
    with db.transaction() as session:
        link = workspace.open_setup_link(session)
    browser = Visitor(house)
    path = urlsplit(link or "").path
    browser.get(path)
    answer = browser.post(path, {"name": "Ana", "email": "not an address", **GOOD})
    assert answer.status_code == 422
    assert "ana@example.com" in answer.text
    assert 'value="Ana"' in answer.text
