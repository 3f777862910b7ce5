"""Signing in while Redis or the database is away."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.factory import create_app
from app.web.limits import limiter
from tests.rooms import ADMIN, Visitor, add_user, surroundings

NOBODY_LISTENS = "redis://127.0.0.1:1/0"


def test_without_redis_one_signs_in_and_the_limit_still_holds(
    monkeypatch: pytest.MonkeyPatch, fresh_database_url: str, tmp_path: Path
) -> None:
    with surroundings(monkeypatch, database_url=fresh_database_url, redis_url=NOBODY_LISTENS, home=tmp_path):
        app = create_app()
        add_user()
        try:
            assert Visitor(app).sign_in().status_code == 303
            statuses = [Visitor(app).sign_in(ADMIN, "wrong password").status_code for _ in range(7)]
        finally:
            limiter._storage_dead = False
    assert statuses == [401] * 5 + [429] * 2


def test_without_a_database_the_sign_in_page_answers_503_in_words(
    monkeypatch: pytest.MonkeyPatch, redis_url: str, tmp_path: Path
) -> None:
    away = "postgresql+psycopg://nobody@127.0.0.1:1/nothing"
    with surroundings(monkeypatch, database_url=away, redis_url=redis_url, home=tmp_path):
        app = create_app()
        app.testing = True
        browser = Visitor(app)
        assert browser.get("/sign-in").status_code == 200
        answer = browser.post("/sign-in", {"email": ADMIN, "password": "whatever it is"})
    assert answer.status_code == 503
    assert "nothing is lost" in answer.text
