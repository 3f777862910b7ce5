"""SDKs that speak through `requests` keep to what our HTTP client promises."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from connectors import _http, _sdk_http
from connectors._sdk_http import moved_to, session
from connectors.errors import Rejected, Transient
from tests.fakes.provider import Call, Provider, Said, serving


def echo(call: Call) -> Said:
    return Said({"body": call.body.decode(), "headers": dict(call.headers), "query": dict(call.query)})


@pytest.fixture
def provider() -> Iterator[Provider]:
    provider = Provider()
    provider.on("POST", "/echo", echo)
    provider.on("GET", "/echo", echo)
    with serving(provider) as running:
        yield running


def test_a_call_arrives_as_the_sdk_made_it(provider: Provider) -> None:
    calls = session()
    said = calls.post(f"{provider.url}/echo", json={"a": "ü"}, params={"q": "x y"}, headers={"X-Mine": b"1"}).json()
    assert (said["body"], said["query"]) == ('{"a": "\\u00fc"}', {"q": "x y"})
    assert (said["headers"]["x-mine"], said["headers"]["content-type"]) == ("1", "application/json")
    assert said["headers"]["accept-encoding"] == "identity"
    assert calls.post(f"{provider.url}/echo", data={"k": "v"}).json()["body"] == "k=v"
    assert 'name="f"' in calls.post(f"{provider.url}/echo", files={"f": ("a.txt", b"abc")}).json()["body"]


def test_a_status_is_an_answer_and_not_an_error(provider: Provider) -> None:
    answer = session().get(f"{provider.url}/nothing")
    assert (answer.status_code, answer.reason, answer.ok) == (404, "Not Found", False)
    assert answer.json() == {"error": "nothing at GET /nothing"}


@pytest.mark.parametrize(
    ("url", "asked"),
    [
        ("https://api.example/2/x?y=1", "http://here:1/2/x?y=1"),
        ("https://api.example", "http://here:1"),
        ("https://api.example.evil.test/2", "https://api.example.evil.test/2"),
        ("https://api.example@evil.test/2", "https://api.example@evil.test/2"),
        ("https://other.example/2", "https://other.example/2"),
        ("https://api.example/up/2", "http://there/2"),
    ],
)
def test_only_the_host_itself_is_asked_for_elsewhere(url: str, asked: str) -> None:
    moved = {"https://api.example": "http://here:1/", "https://api.example/up": "http://there"}
    assert moved_to(url, moved) == asked


def test_a_moved_host_is_asked_there(provider: Provider) -> None:
    moved = {"https://api.example": provider.url}
    assert session(moved).get("https://api.example/echo?a=1").json()["query"] == {"a": "1"}


def test_an_address_that_may_not_be_reached_is_refused() -> None:
    with pytest.raises(Rejected, match="may not be reached"):
        session().get("http://169.254.169.254/latest/meta-data")


def test_nobody_there_is_transient() -> None:
    with pytest.raises(Transient):
        session().get("http://127.0.0.1:9/")


def test_an_answer_without_end_is_cut_and_said(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_sdk_http, "MOST_BYTES", 1000)
    provider.on("GET", "/large", lambda _: Said(b"x" * 5000))
    with pytest.raises(Transient, match="larger than"):
        session().get(f"{provider.url}/large")


def test_an_answer_that_does_not_come_ends(monkeypatch: pytest.MonkeyPatch, provider: Provider) -> None:
    """The time of one call is handed to the client that keeps it (test_http.py)."""
    given: dict[str, Any] = {}
    real = _http.request

    def request(method: str, url: str, **more: Any) -> Any:
        given.update(more)
        return real(method, url, **more)

    monkeypatch.setattr(_http, "request", request)
    session(seconds=3.5).get(f"{provider.url}/echo")
    assert given["seconds"] == 3.5


def test_a_proxy_of_the_environment_is_not_used(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert session().get(f"{provider.url}/echo").ok


def test_redirects_do_not_go_round_forever(provider: Provider) -> None:
    provider.on("GET", "/round", lambda _: Said(b"", 302, {"location": "/round"}))
    with pytest.raises(OSError, match="redirects"):
        session().get(f"{provider.url}/round")
    assert len(provider.calls) == 4
