"""What goes wrong is said in words: as a page, as a sentence for htmx, as JSON for programs."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from app.errors import Conflict, Forbidden, Invalid, NotFound, SetupError, TooMany
from app.web.authz import public
from tests.rooms import Visitor, add_user


def _raise_at(house: Flask, error: BaseException) -> None:
    @public
    def view() -> str:
        raise error

    house.add_url_rule("/trouble", view_func=view)


@pytest.mark.parametrize(
    ("error", "status", "more"),
    [
        (Invalid("Not like this.", field="name"), 422, {"field": "name"}),
        (NotFound("Not here."), 404, {}),
        (Forbidden("Not you."), 403, {}),
        (Conflict("Too late.", version=7), 409, {"version": 7}),
        (TooMany("Slowly.", retry_after_seconds=30), 429, {}),
        (SetupError("Something is missing."), 503, {}),
    ],
)
def test_our_own_errors_in_three_tongues(house: Flask, error: Exception, status: int, more: dict[str, object]) -> None:
    _raise_at(house, error)
    visitor = Visitor(house)
    page = visitor.get("/trouble", Accept="text/html")
    assert (page.status_code, page.mimetype) == (status, "text/html")
    assert str(error) in page.text
    sentence = visitor.get("/trouble", **{"HX-Request": "true"})
    assert (sentence.status_code, sentence.mimetype, sentence.text) == (status, "text/plain", str(error))
    told = visitor.get("/trouble", Accept="application/json")
    assert (told.status_code, told.get_json()) == (status, {"error": str(error), **more})
    assert (page.headers.get("Retry-After") == "30") is (status == 429)


@pytest.mark.parametrize("path", ["/inbox?sentiment=%00", "/contacts?q=a%00b"])
def test_what_the_database_cannot_hold_is_a_422(house: Flask, path: str) -> None:
    visitor = Visitor(house)
    add_user()
    visitor.enter()
    answer = visitor.get(path)
    assert answer.status_code == 422
    assert "cannot be stored" in answer.text


@pytest.mark.parametrize(
    "error",
    [
        PoolTimeoutError("QueuePool limit of size 10 overflow 10 reached"),
        OperationalError("SELECT 1", {}, Exception("server closed the connection")),
    ],
)
def test_a_database_that_does_not_answer_is_a_503_that_asks_to_come_back(house: Flask, error: Exception) -> None:
    _raise_at(house, error)
    answer = Visitor(house).get("/trouble")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "2"
    assert "QueuePool" not in answer.text
    assert "SELECT" not in answer.text


def test_our_own_fault_shows_no_trace(house: Flask) -> None:
    _raise_at(house, ZeroDivisionError("secret detail"))
    house.testing = False
    answer = Visitor(house).get("/trouble")
    assert answer.status_code == 500
    assert "secret detail" not in answer.text
    assert "Try again" in answer.text


@pytest.mark.parametrize("ask", [lambda v: v.get("/nowhere"), lambda v: v.get("/settings/users/nobody")])
def test_what_is_not_there_looks_the_same_however_it_is_missing(house: Flask, ask: Callable[[Visitor], object]) -> None:
    add_user()
    browser = Visitor(house)
    browser.enter()
    answer = ask(browser)
    assert getattr(answer, "status_code", None) == 404
    assert "There is nothing here, or it is not shared with you." in getattr(answer, "text", "")
    assert "Back to the inbox" in getattr(answer, "text", "")


def test_a_stranger_is_led_to_the_sign_in_page(house: Flask) -> None:
    assert "Go to the sign-in page" in Visitor(house).get("/nowhere").text


def test_too_large_and_wrong_method_are_said(house: Flask) -> None:
    add_user()
    browser = Visitor(house)
    browser.enter()
    house.config["MAX_CONTENT_LENGTH"] = 1000
    answer = browser.post("/account", {"name": "x" * 2000, "file": (BytesIO(b"y" * 2000), "y.bin")})
    assert answer.status_code == 413
    assert "Send a smaller file" in answer.text
    wrong = browser.get("/sign-out")
    assert (wrong.status_code, "POST" in wrong.headers["Allow"]) == (405, True)
