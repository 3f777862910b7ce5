"""Settings pages for users, teams, inboxes and tags, as a browser without scripts uses them."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest
from flask import Flask
from sqlalchemy import func, select

from app import db
from app.models import Inbox, InboxAccess, OutboxEvent, Role, Tag, Team, User
from app.services import inboxes, teams, users
from tests.rooms import Visitor, add_user


@pytest.fixture
def admin(house: Flask) -> Visitor:
    add_user()
    browser = Visitor(house)
    browser.enter()
    return browser


def _user(email: str) -> User:
    with db.reading() as session:
        user = users.get_by_email(session, email)
        session.expunge(user)
    return user


def _told(name: str) -> int:
    with db.reading() as session:
        return session.scalar(select(func.count()).select_from(OutboxEvent).where(OutboxEvent.name == name)) or 0


def test_an_invitation_is_shown_once_with_a_mail_to_send(house: Flask, admin: Visitor) -> None:
    answer = admin.post("/settings/users/new", {"name": "Bo Berg", "email": "Bo@Example.com", "role": "agent"})
    link = re.search(r'value="(http://localhost/invite/[a-z2-7]+)"', answer.text)
    assert link
    assert "mailto:bo%40example.com" in answer.text
    newcomer = Visitor(house)
    newcomer.get(urlsplit(link.group(1)).path)
    newcomer.post(urlsplit(link.group(1)).path, {"password": "a fine password", "again": "a fine password"})
    assert newcomer.get("/account").status_code == 200
    assert "bo@example.com" in admin.get("/settings/users").text


@pytest.mark.parametrize(
    ("form", "field", "words"),
    [
        ({"name": "Bo", "email": "bo", "role": "agent"}, "email", "whole address"),
        ({"name": " ", "email": "bo@example.com", "role": "agent"}, "name", "what to call"),
        ({"name": "Bo", "email": "ana@example.com", "role": "agent"}, "email", "exists already"),
        ({"name": "Bo", "email": "bo@example.com", "role": "owner"}, "role", "Choose one of"),
    ],
)
def test_an_invitation_with_a_mistake_says_which(admin: Visitor, form: dict[str, str], field: str, words: str) -> None:
    answer = admin.post("/settings/users/new", form)
    assert answer.status_code == 422
    assert words in answer.text.partition(f'id="{field}-note"')[2].partition("</p>")[0]


def test_fields_that_a_form_does_not_have_change_nothing(admin: Visitor) -> None:
    add_user("bo@example.com", role=Role.AGENT, name="Bo")
    bo = Visitor(admin.client.application)
    bo.enter("bo@example.com")
    bo.post("/account", {"name": "Bo", "theme": "dark", "role": "admin", "is_active": "0", "email": "x@example.com"})
    user = _user("bo@example.com")
    assert (user.role, user.is_active, user.theme) == (Role.AGENT, True, "dark")


def test_the_last_admin_cannot_be_demoted_or_deactivated(admin: Visitor) -> None:
    me = f"/settings/users/{_user('ana@example.com').public_id}"
    for path, form in ((me, {"name": "Ana", "role": "agent"}), (f"{me}/deactivate", {})):
        answer = admin.post(path, form)
        assert answer.status_code == 409
        assert "last active admin" in answer.text
    assert _user("ana@example.com").is_admin


def test_two_admins_who_demote_each_other_at_once_leave_one(house: Flask, admin: Visitor) -> None:
    add_user("eve@example.com", role=Role.ADMIN, name="Eve")
    eve = Visitor(house)
    eve.enter("eve@example.com")
    orders = [(admin, "eve@example.com"), (eve, "ana@example.com")]

    def demote(order: tuple[Visitor, str]) -> int:
        browser, email = order
        return browser.post(f"/settings/users/{_user(email).public_id}", {"name": "X", "role": "agent"}).status_code

    with ThreadPoolExecutor(2) as pool:
        statuses = sorted(pool.map(demote, orders))
    assert statuses[0] == 303
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(User).where(User.role == Role.ADMIN)) == 1


def test_a_new_role_and_a_deactivation_reach_open_sockets(admin: Visitor) -> None:
    add_user("bo@example.com", role=Role.AGENT, name="Bo")
    path = f"/settings/users/{_user('bo@example.com').public_id}"
    before = _told("access.changed")
    admin.post(path, {"name": "Bo", "role": "supervisor"})
    admin.post(f"{path}/deactivate")
    assert _told("access.changed") == before + 2
    assert "Deactivated" in admin.get("/settings/users").text
    assert admin.post(f"{path}/link").status_code == 409
    admin.post(f"{path}/activate")
    assert "/reset/" in admin.post(f"{path}/link").text


def test_a_team_is_made_with_members_and_dissolved(admin: Visitor) -> None:
    bo = add_user("bo@example.com", role=Role.AGENT, name="Bo")
    answer = admin.post("/settings/teams/new", {"name": " Night  shift ", "members": [str(bo.public_id)]})
    assert answer.status_code == 303
    page = admin.get("/settings/teams").text
    assert "Night shift" in page
    assert "Bo" in page
    path = re.search(r"/settings/teams/[0-9a-f-]{36}", page)
    assert path
    assert f'value="{bo.public_id}" checked' in admin.get(path.group()).text
    assert admin.post("/settings/teams/new", {"name": "Night shift"}).status_code == 422
    admin.post(path.group(), {"name": "Day shift"})
    assert "Nobody yet" in admin.get("/settings/teams").text
    admin.post(f"{path.group()}/delete")
    assert "No team yet" in admin.get("/settings/teams").text


def test_an_inbox_is_shared_with_teams_and_users_and_both_are_told(admin: Visitor) -> None:
    bo = add_user("bo@example.com", role=Role.AGENT, name="Bo")
    cy = add_user("cy@example.com", role=Role.AGENT, name="Cy")
    with db.transaction() as session:
        team = teams.create(session, name="Support")
        teams.set_members(session, team=team, users=[users.get_by_email(session, "bo@example.com")])
    before = _told("access.changed")
    form = {"name": "Help", "team": str(team.public_id), "teams": [str(team.public_id)], "users": [str(cy.public_id)]}
    assert admin.post("/settings/inboxes/new", form).status_code == 303
    assert _told("access.changed") == before + 2
    page = admin.get("/settings/inboxes").text
    assert "Seen by Cy, Support, and admins" in page
    path = re.search(r"/settings/inboxes/[0-9a-f-]{36}", page)
    assert path
    admin.post(path.group(), {"name": "Help", "signature": "Yours,\r\nthe team", "users": [str(bo.public_id)]})
    with db.reading() as session:
        inbox = session.scalars(select(Inbox)).one()
        assert (inbox.team_id, inbox.auto_assign, inbox.signature) == (None, False, "Yours,\nthe team")
        assert [row.user_id for row in session.scalars(select(InboxAccess))] == [bo.id]
    admin.post(f"{path.group()}/delete")
    assert "No inbox yet" in admin.get("/settings/inboxes").text


def test_a_name_that_is_taken_is_said_beside_the_field_and_nothing_typed_is_lost(admin: Visitor) -> None:
    with db.transaction() as session:
        inboxes.create(session, name="Help")
    answer = admin.post("/settings/inboxes/new", {"name": "Help", "signature": "typed with care"})
    assert answer.status_code == 422
    assert 'id="name-note"' in answer.text
    assert "typed with care" in answer.text


def test_a_supervisor_keeps_the_tags(house: Flask) -> None:
    add_user("su@example.com", role=Role.SUPERVISOR, name="Su")
    browser = Visitor(house)
    browser.enter("su@example.com")
    assert "No tag yet" in browser.get("/settings/tags").text
    browser.post("/settings/tags", {"name": "vip", "colour": "green"})
    assert "VIP" in browser.post("/settings/tags", {"name": "VIP", "colour": "red"}).text
    with db.reading() as session:
        tag = session.scalars(select(Tag.public_id)).one()
    assert browser.post(f"/settings/tags/{tag}", {"name": "gold", "colour": "amber"}).status_code == 303
    assert browser.post(f"/settings/tags/{tag}", {"name": "gold", "colour": "plaid"}).status_code == 422
    assert "tag-amber" in browser.get("/settings/tags").text
    browser.post(f"/settings/tags/{tag}/delete")
    assert "No tag yet" in browser.get("/settings/tags").text


def test_names_are_text_and_nothing_else_on_every_page(admin: Visitor) -> None:
    evil = "<script>alert(1)</script>"
    with db.transaction() as session:
        users.add(session, email="bo@example.com", name=evil, role=Role.AGENT)
        teams.create(session, name=evil)
        inboxes.create(session, name=evil, team=session.scalars(select(Team)).one())
        session.add(Tag(name=evil, colour="red"))
    for path in ("users", "teams", "inboxes", "tags", "teams/new", "inboxes/new", "channels/new"):
        assert "<script>alert" not in admin.get(f"/settings/{path}").text


def test_an_agent_sees_only_their_own_settings(house: Flask) -> None:
    add_user("bo@example.com", role=Role.AGENT, name="Bo")
    browser = Visitor(house)
    browser.enter("bo@example.com")
    landing = browser.get("/settings").text
    assert 'href="/account"' in landing
    assert "/settings/users" not in landing
    page = browser.get("/account").text
    assert "/settings/users" not in page
