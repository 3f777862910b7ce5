"""Reddit through praw: what is fetched, what goes out, and who is told what when it refuses."""

from __future__ import annotations

import json
import time
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any, cast

import pytest

from connectors._reddit_api import refusal, wait_in
from connectors._reddit_fetch import Pace, matches
from connectors.base import Action, ActionKind, Batch, Cursor, OutboundAttachment, RawDelivery, RemoteFile
from connectors.errors import BadCredentials, Rejected, Transient
from connectors.reddit import RedditConnector, communities_of
from tests.fakes.provider import Said
from tests.fakes.reddit import CUSTOMER, KEYS, OWN, REFRESH, REPLY, Reddit, comment, message, post, reddit_service

QUICK = Pace(poll_seconds=0.01, heartbeat_seconds=0.0, step_seconds=0.005, again_seconds=0.0)
NOW = int(time.time())
OLD = NOW - 86_000
WATCHING = {"communities": "gadgets", "words": "acme"}
DONE: tuple[ActionKind, ...] = ("like", "hide")
TAKEN_BACK: tuple[ActionKind, ...] = ("unlike", "unhide")
r = RedditConnector(QUICK)


@pytest.fixture
def service() -> Iterator[Reddit]:
    with reddit_service() as running:
        yield running


def since(at: float) -> dict[str, Any]:
    place = {"at": at, "from": at, "names": []}
    return {"listings": {"inbox": place, "new": place, "comments": place}, "watched": {}}


def opened(credentials: Any, cursor: Cursor) -> closing[Generator[Batch, None, None]]:
    return closing(cast("Generator[Batch, None, None]", r.fetch(credentials, cursor)))


def one_round(service: Reddit, cursor: Cursor, **more: Any) -> list[Batch]:
    """Fetch until everything was asked for once and the inbox is asked for again."""
    found = []
    begun = len(inbox_calls(service))
    with opened({**service.credentials, **more}, cursor) as batches:
        for batch in batches:
            found.append(batch)
            if len(inbox_calls(service)) >= begun + 2:
                break
    return found


def inbox_calls(service: Reddit) -> list[Any]:
    return [call for call in service.heard("GET", "/message/inbox") if "after" not in call.query]


def deliveries(batches: list[Batch]) -> list[RawDelivery]:
    return [delivery for batch in batches for delivery in batch.deliveries]


def ids(batches: list[Batch]) -> list[str]:
    return [str(delivery.external_id) for delivery in deliveries(batches)]


def kept(batches: list[Batch], cursor: Cursor) -> Cursor:
    last = [cursor, *(batch.cursor for batch in batches if batch.cursor is not None)][-1]
    return cast("Cursor", json.loads(json.dumps(last)))


# ---------------------------------------------------------------- fetching


def test_a_first_start_begins_now(service: Reddit) -> None:
    service.inbox.append(message("old", NOW - 5))
    batches = one_round(service, {})
    assert ids(batches) == []
    assert abs(kept(batches, {})["listings"]["inbox"]["at"] - NOW) < 60
    service.inbox.append(message("new", time.time() + 2))
    assert ids(one_round(service, kept(batches, {}))) == ["t4_new"]


def test_everything_of_an_outage_comes_oldest_first_over_all_pages(service: Reddit) -> None:
    service.page_size = 2
    service.inbox += [message(f"m{number}", OLD + number) for number in range(1, 8)]
    batches = one_round(service, since(OLD))
    assert ids(batches) == [f"t4_m{number}" for number in range(1, 8)]
    again = one_round(service, kept(batches, {}))
    assert ids(again) == []


def test_pages_are_turned_only_as_far_as_needed(service: Reddit) -> None:
    service.page_size = 2
    service.inbox += [message(f"m{number}", OLD - 10_000 + number) for number in range(20)]
    service.inbox += [message("new", OLD + 1)]
    assert ids(one_round(service, since(OLD))) == ["t4_new"]
    assert {call.query.get("after") for call in service.heard("GET", "/message/inbox")} == {None}


def test_a_thing_that_a_listing_shows_late_is_still_found_and_no_other_comes_twice(service: Reddit) -> None:
    service.inbox += [message("a", OLD + 100), message("c", OLD + 300)]
    batches = one_round(service, since(OLD))
    service.inbox.insert(1, message("b", OLD + 200))
    assert ids(one_round(service, kept(batches, {}))) == ["t4_b"]


def test_of_watched_communities_only_what_holds_a_word_is_taken(service: Reddit) -> None:
    service.posts += [
        post("p1", OLD + 1, "ACME is down", ""),
        post("p2", OLD + 2, "Cats", "nothing else"),
        post("p3", OLD + 3, "Cats", "and acme, too"),
        post("p4", OLD + 4, "Acme elsewhere", subreddit="cats"),
        post("p5", OLD + 5, "Acme says", author=OWN.upper()),
    ]
    service.comments += [comment("c1", OLD + 6, "acmeology"), comment("c2", OLD + 7, "hey, Acme!")]
    service.inbox += [message("m1", OLD + 8, "no word of it, still ours")]
    assert ids(one_round(service, since(OLD), **WATCHING)) == ["t4_m1", "t3_p1", "t3_p3", "t1_c2"]
    assert service.heard("GET", "/r/gadgets/new")


def test_what_was_passed_over_is_not_looked_at_forever(service: Reddit) -> None:
    service.posts += [post("p1", OLD + 50, "Cats", "")]
    assert kept(one_round(service, since(OLD), **WATCHING), {})["listings"]["new"]["at"] == OLD + 50


def test_without_words_everything_of_a_community_is_taken(service: Reddit) -> None:
    service.posts += [post("p1", OLD + 1, "Cats", "")]
    assert ids(one_round(service, since(OLD), communities=["r/Gadgets"])) == ["t3_p1"]


@pytest.mark.parametrize(
    ("said", "words", "is_ours"),
    [
        ("Acme's support", ("acme",), True),
        ("ACME", ("acme",), True),
        ("acmes", ("acme",), False),
        ("the Acme  Cloud\nis down", ("acme cloud",), True),
        ("cloud acme", ("acme cloud",), False),
        ("Straße gesperrt", ("STRASSE",), True),
        ("anything", (), True),
        ("anything", ("?!",), False),
    ],
)
def test_words_are_found_as_whole_words_in_any_case(said: str, words: tuple[str, ...], is_ours: bool) -> None:
    assert matches(said, words) is is_ours


def test_what_is_edited_or_deleted_later_is_told(service: Reddit) -> None:
    service.comments = [
        comment("c1", OLD + 1, "acme one"),
        comment("c2", OLD + 2, "acme two"),
        comment("c3", OLD + 3, "acme three"),
    ]
    cursor = kept(one_round(service, since(OLD), **WATCHING), {})
    service.comments[0]["data"].update(body="acme one, corrected", edited=float(NOW))
    service.comments[1]["data"].update(body="[deleted]", author="[deleted]")
    batches = one_round(service, cursor, **WATCHING)
    edited, deleted = (r.parse(delivery)[0] for delivery in deliveries(batches))
    assert (edited.kind, edited.target, edited.text) == ("edit", "t1_c1", "acme one, corrected")
    assert (deleted.kind, deleted.target, deleted.sender.kind) == ("delete", "t1_c2", "provider")
    assert edited.external_id != "t1_c1"
    assert ids(one_round(service, kept(batches, cursor), **WATCHING)) == []


def test_private_messages_are_not_looked_up_again(service: Reddit) -> None:
    service.inbox.append(message("m1", OLD + 1))
    one_round(service, kept(one_round(service, since(OLD)), {}))
    assert not service.heard("GET", "/api/info")


def test_a_delivery_holds_the_thing_as_reddit_gave_it(service: Reddit) -> None:
    given = comment("c1", OLD + 1, "Grüße & <acme>")
    service.comments.append(given)
    (delivery,) = deliveries(one_round(service, since(OLD), **WATCHING))
    assert json.loads(delivery.raw) == given
    assert service.heard("GET", "/r/gadgets/comments")[0].query["raw_json"] == "1"
    assert r.parse(delivery)[0].text == "Grüße & <acme>"


def test_many_come_in_small_batches_and_only_the_last_moves_the_cursor(service: Reddit) -> None:
    service.inbox += [message(f"m{number}", OLD + number) for number in range(1, 121)]
    full = [batch for batch in one_round(service, since(OLD)) if batch.deliveries]
    assert [len(batch.deliveries) for batch in full] == [50, 50, 20]
    assert [batch.cursor is not None for batch in full] == [False, False, True]


def test_a_used_up_limit_is_waited_for_with_signs_of_life(service: Reddit) -> None:
    service.left = 1  # for who we are; the headers then say that none is left
    with opened(service.credentials, since(OLD)) as batches:
        for _ in range(30):
            assert next(batches).deliveries == ()
    assert inbox_calls(service) == []


@pytest.mark.parametrize(
    "odd", [{}, {"listings": 7}, {"listings": {"inbox": {"at": "x"}}, "watched": {"a": 1, "b": ["x", 2]}}]
)
def test_an_odd_cursor_begins_now(service: Reddit, odd: Any) -> None:
    service.inbox.append(message("old", OLD))
    assert ids(one_round(service, odd)) == []


def test_a_closed_community_pauses_the_channel_and_says_which(service: Reddit) -> None:
    service.closed.add("gadgets")
    with pytest.raises(BadCredentials, match="r/gadgets/new is closed"):
        one_round(service, since(OLD), **WATCHING)


def test_trouble_at_reddit_passes(service: Reddit) -> None:
    service.trouble = lambda _: Said(b"<html>", 500)
    with opened(service.credentials, since(OLD)) as batches, pytest.raises(Transient):
        list(batches)


@pytest.mark.parametrize(("failures", "works"), [(1, True), (2, False)])
def test_a_question_is_asked_twice_and_not_more(service: Reddit, failures: int, works: bool) -> None:
    real, left = service.answer, [failures]

    def answer(call: Any) -> Said:
        if call.path == "/api/v1/me" and left[0]:
            left[0] -= 1
            service.calls.append(call)
            return Said(b"", 502)
        return real(call)

    service.answer = answer  # type: ignore[method-assign]
    if works:
        assert r.check(service.credentials)
    else:
        with pytest.raises(Transient):
            r.check(service.credentials)
    assert len(service.heard("GET", "/api/v1/me")) == 2


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
