"""What goes out to Reddit through praw, and who is told what when it refuses."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from connectors._reddit_api import refusal, wait_in
from connectors.base import Action, ActionKind, OutboundAttachment, RemoteFile
from connectors.errors import BadCredentials, Rejected, Transient
from connectors.reddit import RedditConnector, communities_of
from tests.fakes.provider import Said
from tests.fakes.reddit import CUSTOMER, KEYS, OWN, REFRESH, REPLY, Reddit, message, reddit_service

OLD = int(time.time()) - 60_000
DONE: tuple[ActionKind, ...] = ("like", "hide")
TAKEN_BACK: tuple[ActionKind, ...] = ("unlike", "unhide")
r = RedditConnector()


@pytest.fixture
def service() -> Iterator[Reddit]:
    with reddit_service() as running:
        yield running


# ---------------------------------------------------------------- sending


def test_a_public_reply_is_a_comment(service: Reddit) -> None:
    receipt = r.send(service.credentials, REPLY)
    assert receipt.external_id == "t1_made1"
    assert service.made == [{"api_type": "json", "text": "Good news", "thing_id": "t1_first"}]


def test_a_private_message_is_answered_where_it_stands(service: Reddit) -> None:
    service.inbox.append(message("m1", OLD))
    receipt = r.send(service.credentials, replace(REPLY, answers="t4_m1", is_public=False))
    assert receipt.external_id == "t4_made1"
    assert service.made[0]["thing_id"] == "t4_m1"


def test_a_private_reply_to_a_comment_is_a_message_to_its_author(service: Reddit) -> None:
    receipt = r.send(service.credentials, replace(REPLY, is_public=False, subject="s" * 300))
    assert not service.made
    assert (service.sent[0]["data"]["dest"], service.sent[0]["data"]["body"]) == (CUSTOMER, "Good news")
    assert receipt.external_id == "t4_sent1"


def test_a_message_whose_name_cannot_be_found_has_still_gone(service: Reddit) -> None:
    service.on("GET", "/never", lambda _: Said())
    service._routes = [(method, path, route) for method, path, route in service._routes if "sent" not in path.pattern]
    receipt = r.send(service.credentials, replace(REPLY, is_public=False))
    assert receipt.external_id == "sent:reply-77"
    assert len(service.sent) == 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"answers": None, "in_reply_to": None}, "no post or comment"),
        ({"answers": "t1_x&api_type=xml"}, "no post or comment"),
        ({"answers": None, "is_public": False, "recipient": "[deleted]"}, "no account"),
        ({"answers": None, "is_public": False, "recipient": "r/gadgets"}, "no account"),
        ({"attachments": (OutboundAttachment("a.png", "image/png", b"x"),)}, "no files"),
        ({"answers": "t1_gone"}, "has been deleted"),
        ({"is_public": False, "recipient": "nobody_here"}, "doesn't exist"),
    ],
)
def test_what_cannot_go_is_refused(service: Reddit, changes: dict[str, Any], words: str) -> None:
    with pytest.raises(Rejected, match=words):
        r.send(service.credentials, replace(REPLY, **changes))
    assert not service.made


def test_being_asked_to_wait_says_how_long(service: Reddit) -> None:
    words = "Looks like you've been doing that a lot. Take a break for 9 minutes before trying again."
    service.errors["Good news"] = ["RATELIMIT", words, "ratelimit"]
    with pytest.raises(Transient, match="Take a break") as caught:
        r.send(service.credentials, REPLY)
    assert caught.value.retry_after_seconds == 541


@pytest.mark.parametrize(
    ("name", "kind"), [("THREAD_LOCKED", Rejected), ("TOO_OLD", Rejected), ("USER_REQUIRED", BadCredentials)]
)
def test_each_refusal_of_reddit_has_its_kind(service: Reddit, name: str, kind: type[Exception]) -> None:
    service.errors["Good news"] = [name, "That is locked", "parent"]
    with pytest.raises(kind, match="That is locked"):
        r.send(service.credentials, REPLY)


def test_a_comment_is_not_posted_again_after_a_bad_gateway(service: Reddit) -> None:
    """Its library would call up to three times; the first call may have been heard."""
    real = service.answer

    def answer(call: Any) -> Said:
        said = real(call)
        return Said(b"", 502) if call.path.startswith("/api/comment") else said

    service.answer = answer  # type: ignore[method-assign]
    with pytest.raises(Transient):
        r.send(service.credentials, REPLY)
    assert len(service.made) == 1


def test_what_was_taken_without_a_name_is_not_sent_again(service: Reddit) -> None:
    real = service.answer

    def answer(call: Any) -> Said:
        said = real(call)
        return Said({"json": {"errors": [], "data": {"things": []}}}) if call.path.startswith("/api/comment") else said

    service.answer = answer  # type: ignore[method-assign]
    assert r.send(service.credentials, REPLY).external_id == "sent:reply-77"


def test_wrong_keys_are_bad_credentials(service: Reddit) -> None:
    for key in KEYS:
        for value in ("other", ""):
            with pytest.raises(BadCredentials) as caught:
                r.send({**service.credentials, key: value}, REPLY)
            assert not any(KEYS[name] in caught.value.reason for name in ("client_secret", "password"))
    assert not service.made


def test_a_refresh_token_signs_in_without_a_password(service: Reddit) -> None:
    known = {key: value for key, value in service.credentials.items() if key not in {"password", "username"}}
    r.send({**known, "refresh_token": REFRESH}, REPLY)
    assert service.calls[0].form == {"grant_type": "refresh_token", "refresh_token": REFRESH}
    with pytest.raises(BadCredentials):
        r.send({**known, "refresh_token": "other"}, REPLY)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"null", b'{"json": {"errors": [7]}}', b"[1"])
def test_no_answer_of_a_proxy_breaks_us(service: Reddit, body: bytes) -> None:
    for status in (200, 302, 400, 403, 404, 429, 500):
        service.trouble = lambda _, status=status: Said(body, status, {"location": "/elsewhere"})
        with pytest.raises((Transient, Rejected, BadCredentials)):
            r.send(service.credentials, REPLY)


def test_a_server_that_is_not_there_passes() -> None:
    with pytest.raises(Transient):
        r.send({**KEYS, "api_url": "http://127.0.0.1:9", "sign_in_url": "http://127.0.0.1:9"}, REPLY)


@pytest.mark.parametrize(
    ("status", "headers", "kind", "wait"),
    [
        (401, {}, BadCredentials, None),
        (403, {}, Rejected, None),
        (404, {}, Rejected, None),
        (429, {"retry-after": "33"}, Transient, 33),
        (429, {"x-ratelimit-reset": "99999"}, Transient, 3600),
        (429, {}, Transient, 60),
        (503, {}, Transient, None),
    ],
)
def test_each_status_has_its_kind(status: int, headers: dict[str, str], kind: type, wait: float | None) -> None:
    error = refusal(status, headers, "")
    assert isinstance(error, kind)
    if isinstance(error, Transient):
        assert error.retry_after_seconds == wait


@pytest.mark.parametrize(
    ("words", "seconds"),
    [
        ("for 5 seconds", 6),
        ("for 120 milliseconds", 1.12),
        ("for 9 minutes", 541),
        ("for 4 hours", 3600),
        ("later", 60),
    ],
)
def test_the_words_of_a_limit_are_read(words: str, seconds: float) -> None:
    assert wait_in(words) == pytest.approx(seconds)


# ---------------------------------------------------------------- the rest


def test_votes_and_removals_can_be_taken_back(service: Reddit) -> None:
    for kind in DONE:
        r.act(service.credentials, Action(kind, "t1_first", CUSTOMER))
    assert (service.votes, service.removed) == ({"t1_first": "1"}, {"t1_first"})
    for kind in TAKEN_BACK:
        r.act(service.credentials, Action(kind, "t1_first", CUSTOMER))
    assert (service.votes, service.removed) == ({"t1_first": "0"}, set())


def test_what_cannot_be_done_is_refused(service: Reddit) -> None:
    with pytest.raises(Rejected, match="Only posts and comments"):
        r.act(service.credentials, Action("like", "t4_m1"))
    with pytest.raises(Rejected, match="does not offer"):
        r.act(service.credentials, Action("delete", "t1_first"))
    with pytest.raises(Rejected):
        r.act(service.credentials, Action("hide", "t1_elsewhere"))


def test_check_says_who_signed_in_and_what_is_watched(service: Reddit) -> None:
    assert r.check(service.credentials) == f"Signed in as u/{OWN}, 1,204 karma."
    watching = r.check({**service.credentials, "communities": "gadgets\nr/cats"})
    assert watching.endswith("Watching r/gadgets, r/cats.")
    assert r.address(service.credentials) == f"u/{OWN}"


def test_a_community_that_cannot_be_watched_is_named(service: Reddit) -> None:
    service.closed.add("secret")
    for name in ("secret", "nowhere_at_all"):
        with pytest.raises(BadCredentials, match=f"r/{name}"):
            r.check({**service.credentials, "communities": name})
    for name in ("a b", "a+b", "../x", "https://reddit.com/r/x"):
        with pytest.raises(BadCredentials, match="is no community"):
            communities_of({"communities": name})


def test_pictures_are_fetched_without_keys(service: Reddit) -> None:
    service.on("GET", "/abcd.jpeg", lambda _: Said(b"jpeg", 200, {"content-type": "image/jpeg"}))
    file = RemoteFile("abcd.jpeg", "image/jpeg", url=f"{service.url}/abcd.jpeg")
    assert r.download(service.credentials, file, lambda _: True).data == b"jpeg"
    assert "authorization" not in service.calls[-1].headers
    with pytest.raises(Rejected, match="may not be reached"):
        r.download(service.credentials, file, lambda _: False)


def test_praw_reads_no_settings_of_its_own(service: Reddit, monkeypatch: Any, tmp_path: Any) -> None:
    """A praw.ini in the folder or a variable of the environment could send the keys elsewhere."""
    monkeypatch.setenv("praw_client_secret", "stolen")
    monkeypatch.setenv("praw_refresh_token", "stolen")
    r.send(service.credentials, REPLY)
    assert len(service.made) == 1
