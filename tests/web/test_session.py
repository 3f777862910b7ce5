"""Signing in and out: fixation, next, cookies, equal answers, limits that hold when many try at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask

from app import db
from app.models import Role
from app.services import passwords, users
from app.web.authz import local_path
from tests.rooms import ADMIN, PASSWORD, Visitor, add_user


def test_a_right_password_leads_to_where_one_wanted_to_go(house: Flask) -> None:
    add_user()
    browser = Visitor(house)
    asked = browser.get("/account?tab=1")
    assert asked.status_code == 303
    assert asked.location == "/sign-in?next=/account%3Ftab%3D1"
    assert 'value="/account?tab=1"' in browser.get(asked.location).text
    answer = browser.post("/sign-in", {"email": " ANA@example.com ", "password": PASSWORD, "next": "/account?tab=1"})
    assert (answer.status_code, answer.location) == (303, "/account?tab=1")
    assert browser.get("/account").status_code == 200


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(house: Flask) -> None:
    add_user()
    answer = Visitor(house).sign_in(keep="on")
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Expires" in cookie
    assert "Expires" not in Visitor(house).sign_in().headers["Set-Cookie"]


def test_nothing_from_before_the_sign_in_stays_in_the_session(house: Flask) -> None:
    add_user()
    browser = Visitor(house)
    browser.get("/sign-in")
    with browser.client.session_transaction() as planted:
        planted["planted"] = "by somebody else"
        before = planted["csrf_token"]
    browser.sign_in()
    with browser.client.session_transaction() as after:
        assert "planted" not in after
        assert after["csrf_token"] != before


def test_unknown_address_wrong_password_and_deactivated_user_get_the_same_answer(house: Flask) -> None:
    add_user()
    gone = add_user("gone@example.com", role=Role.AGENT, name="Gone")
    with db.transaction() as session:
        users.deactivate(session, user=users.get(session, str(gone.public_id)))
    pages = set()
    for email, password in ((ADMIN, "wrong password"), ("who@example.com", PASSWORD), ("gone@example.com", PASSWORD)):
        browser = Visitor(house)
        answer = browser.sign_in(email, password)
        assert answer.status_code == 401
        pages.add(answer.text.replace(email, "EMAIL").replace(browser.token, ""))
    assert len({page.partition("<form")[0].partition("csrf-token")[0] for page in pages}) == 1
    assert all("do not fit together" in page for page in pages)


def test_an_unknown_user_costs_one_verification_too(house: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    verified: list[str] = []
    honest = passwords._verify

    def watched(stored: str, typed: str) -> bool:
        verified.append(stored)
        return honest(stored, typed)

    monkeypatch.setattr(passwords, "_verify", watched)
    Visitor(house).sign_in("who@example.com", "whatever it is")
    assert [stored.startswith("$argon2id$") for stored in verified] == [True]


def test_signing_out_ends_the_session(house: Flask) -> None:
    add_user()
    browser = Visitor(house)
    browser.sign_in()
    assert browser.post("/sign-out").location == "/sign-in"
    assert browser.get("/account").status_code == 303


def test_a_kept_session_is_prolonged_once_a_day_and_never_by_what_a_script_asks(house: Flask) -> None:
    add_user()
    browser = Visitor(house)
    browser.sign_in(keep="on")
    assert "Set-Cookie" not in browser.get("/account").headers  # it would undo a sign-out that overtakes it
    with browser.client.session_transaction() as kept:
        kept["prolonged"] = "2026-01-01"
    assert "Set-Cookie" not in browser.get("/account", **{"Sec-Fetch-Mode": "cors"}).headers
    assert "Expires" in browser.get("/account", **{"Sec-Fetch-Mode": "navigate"}).headers["Set-Cookie"]
    assert "Set-Cookie" not in browser.get("/account").headers


def test_a_form_without_its_token_is_refused_in_words(house: Flask) -> None:
    add_user()
    browser = Visitor(house)
    browser.get("/sign-in")
    browser.token = ""
    answer = browser.post("/sign-in", {"email": ADMIN, "password": PASSWORD})
    assert answer.status_code == 400
    assert "reload it" in answer.text


def test_the_token_may_come_in_a_header(house: Flask) -> None:
    add_user()
    browser = Visitor(house)
    browser.sign_in()
    token, browser.token = browser.token, ""
    assert browser.post("/account/theme", {"theme": "dark"}).status_code == 400
    assert browser.post("/account/theme", {"theme": "dark"}, **{"X-CSRFToken": token}).status_code == 303
    assert 'data-theme="dark"' in browser.get("/account").text


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        ("/inbox?status=open", "/inbox?status=open"),
        ("https://evil.example/", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("/\t/evil.example", "/"),
        ("\n//evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("", "/"),
        (None, "/"),
    ],
)
def test_next_leads_only_to_this_host(asked: str | None, given: str) -> None:
    assert local_path(asked) == given


def test_five_wrong_tries_for_an_address_are_looked_at_even_when_two_hundred_come_at_once(house: Flask) -> None:
    add_user()
    browsers = [Visitor(house, f"10.0.{number // 250}.{number % 250 + 1}") for number in range(200)]
    for browser in browsers:
        browser.get("/sign-in")

    def wrong(browser: Visitor) -> int:
        answer = browser.post("/sign-in", {"email": ADMIN, "password": "wrong password"})
        return answer.status_code

    with ThreadPoolExecutor(40) as pool:
        statuses = list(pool.map(wrong, browsers))
    assert {status: statuses.count(status) for status in set(statuses)} == {401: 5, 429: 195}


def test_after_five_wrong_tries_the_right_password_waits_too_and_the_answer_says_how_long(house: Flask) -> None:
    add_user()
    for number in range(5):
        Visitor(house, f"10.1.0.{number + 1}").sign_in(ADMIN, "wrong password")
    answer = Visitor(house, "10.1.0.99").sign_in()
    assert answer.status_code == 429
    assert "Wait 15 minutes" in answer.text
    assert answer.headers["Retry-After"] == "900"


def test_one_computer_gets_ten_wrong_tries_a_minute_over_all_addresses(house: Flask) -> None:
    statuses = [
        Visitor(house).sign_in(f"user{number}@example.com", "wrong password").status_code for number in range(12)
    ]
    assert statuses == [401] * 10 + [429] * 2


def test_right_passwords_do_not_count(house: Flask) -> None:
    add_user()
    assert [Visitor(house).sign_in().status_code for _ in range(13)] == [303] * 13


def test_a_new_password_ends_every_other_session_and_keeps_this_one(house: Flask) -> None:
    add_user()
    here, elsewhere = Visitor(house), Visitor(house)
    here.sign_in()
    elsewhere.sign_in()
    changed = here.post(
        "/account/password", {"current": PASSWORD, "password": "another long one", "again": "another long one"}
    )
    assert changed.status_code == 303
    assert here.get("/account").status_code == 200
    assert elsewhere.get("/account").status_code == 303
    assert Visitor(house).sign_in(ADMIN, PASSWORD).status_code == 401
    assert Visitor(house).sign_in(ADMIN, "another long one").status_code == 303


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"current": "wrong", "password": "another long one", "again": "another long one"}, "current"),
        ({"current": PASSWORD, "password": "another long one", "again": "different one"}, "again"),
        ({"current": PASSWORD, "password": "short", "again": "short"}, "password"),
        ({"current": PASSWORD, "password": ADMIN, "again": ADMIN}, "password"),
    ],
)
def test_a_password_that_cannot_be_is_refused_beside_its_field(house: Flask, form: dict[str, str], field: str) -> None:
    add_user()
    browser = Visitor(house)
    browser.sign_in()
    answer = browser.post("/account/password", form)
    assert answer.status_code == 422
    assert f'id="{field}-note"' in answer.text
    assert PASSWORD not in answer.text


def test_a_deactivated_user_is_out_at_the_next_request(house: Flask) -> None:
    add_user()
    agent = add_user("bo@example.com", role=Role.AGENT, name="Bo")
    browser = Visitor(house)
    browser.sign_in("bo@example.com")
    assert browser.get("/account").status_code == 200
    with db.transaction() as session:
        users.deactivate(session, user=users.get(session, str(agent.public_id)))
    assert browser.get("/account").status_code == 303
