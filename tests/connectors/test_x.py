"""What goes out to X, what X's calls must prove, and who is told what when it refuses."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connectors._x_api import refusal, retry_after
from connectors._x_length import COUNTING
from connectors.base import Action, OutboundAttachment, OutboundMessage, RemoteFile
from connectors.errors import BadCredentials, Rejected, Transient
from connectors.text_length import length_of
from connectors.x import XConnector
from tests.fakes import x as fake
from tests.fakes.provider import Said
from tests.fakes.x import ACCOUNT, CUSTOMER, KEYS, X, x_service

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
MENTION = "2070000000000000001"
PUBLIC = OutboundMessage(
    "reply-78", (), "Sorry to hear that!", recipient=CUSTOMER, thread_key=MENTION, answers=MENTION, is_public=True
)
PNG = OutboundAttachment("map.png", "image/png", b"\x89PNG" + bytes(2000))
VIDEO = OutboundAttachment("how.mp4", "video/mp4", bytes(range(256)) * 10_000)  # three pieces
DM_PICTURE = "https://ton.twitter.com/1.1/ton/data/dm/1034828552951160836/1034828533812486145/oP5p359h.jpg"
x = XConnector()


@pytest.fixture
def service() -> Any:
    with x_service() as running:
        running.mentions.append(fake.post(int(MENTION)))
        yield running


# ---------------------------------------------------------------- sending


def test_a_public_reply_answers_the_post(service: X) -> None:
    receipt = x.send(service.credentials, PUBLIC)
    assert service.posted == [{"text": "Sorry to hear that!", "reply": {"in_reply_to_tweet_id": MENTION}}]
    assert receipt.external_id == "2080000000000000001"
    assert not service.sent


def test_a_private_reply_to_a_public_post_is_a_direct_message_to_its_author(service: X) -> None:
    receipt = x.send(service.credentials, replace(PUBLIC, is_public=False))
    assert service.sent == [{"text": "Sorry to hear that!", "to": {"person": CUSTOMER}}]
    assert receipt.external_id == "2090000000000000001"
    assert not service.posted


def test_a_direct_message_goes_to_its_conversation_also_to_a_group(service: X) -> None:
    x.send(service.credentials, replace(fake.REPLY, thread_key="dm:1578398451921985538", recipient="944480690"))
    assert service.sent[0]["to"] == {"conversation": "1578398451921985538"}


def test_pictures_are_handed_in_first_and_named_in_the_post(service: X) -> None:
    x.send(service.credentials, replace(PUBLIC, attachments=(PNG, PNG)))
    assert [one["category"] for one in service.uploads.values()] == ["tweet_image", "tweet_image"]
    assert all(one["data"] == PNG.data and one["type"] == "image/png" for one in service.uploads.values())
    assert service.posted[0]["media"]["media_ids"] == list(service.uploads)


def test_a_video_comes_in_pieces_and_is_waited_for(service: X) -> None:
    service.processing = 2  # busy at first, once more, then ready
    x.send(service.credentials, replace(fake.REPLY, attachments=(VIDEO,)))
    (held,) = service.uploads.values()
    assert (held["category"], held["pieces"], held["data"]) == ("dm_video", 3, VIDEO.data)
    assert len(service.heard("GET", "/2/media/upload")) == 2
    assert service.sent[0]["attachments"] == [{"media_id": next(iter(service.uploads))}]


def test_a_video_that_x_cannot_use_is_said(service: X) -> None:
    service.processing = -1
    with pytest.raises(Rejected, match="Unsupported video format"):
        x.send(service.credentials, replace(PUBLIC, attachments=(VIDEO,)))
    assert not service.posted


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (replace(PUBLIC, answers=None), "no post"),
        (replace(PUBLIC, answers="../../2/me"), "no post"),
        (replace(PUBLIC, text="x" * 281), "280 characters and this one has 281"),
        (replace(PUBLIC, attachments=(PNG,) * 5), "four pictures"),
        (replace(PUBLIC, attachments=(PNG, VIDEO)), "four pictures"),
        (replace(PUBLIC, attachments=(replace(PNG, data=bytes(5_000_001)),)), "larger than the 5 MB"),
        (replace(fake.REPLY, attachments=(PNG, PNG)), "one file"),
        (replace(fake.REPLY, thread_key=None, recipient="author-of-77"), "who wrote this"),
        (replace(fake.REPLY, thread_key="dm:../me", recipient="author-of-77"), "who wrote this"),
    ],
)
def test_what_cannot_go_is_refused_before_anything_is_sent(service: X, message: OutboundMessage, words: str) -> None:
    with pytest.raises(Rejected, match=words):
        x.send(service.credentials, message)
    assert not service.posted
    assert not service.sent


def test_an_account_with_long_posts_may_write_them(service: X) -> None:
    x.send({**service.credentials, "long_posts": True}, replace(PUBLIC, text="x" * 281))
    assert len(service.posted[0]["text"]) == 281


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("Hello", 5),
        ("日本", 4),
        ("see https://acme.example/a/very/long/way/to/go?and=more ok", 30),
        ("👨‍👩‍👧 👍🏽", 5),
        ("", 0),
        ("Grüße – “ja”", 12),
    ],
)
def test_a_text_is_as_long_as_x_counts_it(text: str, length: int) -> None:
    assert length_of(text, COUNTING) == length


# ---------------------------------------------------------------- refusals


def test_a_duplicate_post_is_refused_in_x_words(service: X) -> None:
    x.send(service.credentials, PUBLIC)
    with pytest.raises(Rejected, match="duplicate content"):
        x.send(service.credentials, PUBLIC)


def test_a_customer_who_takes_no_messages_is_no_reason_to_pause_the_channel(service: X) -> None:
    service.closed_to_strangers = True
    with pytest.raises(Rejected, match="do not have permission to DM"):
        x.send(service.credentials, replace(PUBLIC, is_public=False))


def test_a_limit_says_when_to_come_again(service: X) -> None:
    service.left["/2/tweets"] = 0
    with pytest.raises(Transient, match="Rate limit exceeded") as caught:
        x.send(service.credentials, PUBLIC)
    assert 500 < (caught.value.retry_after_seconds or 0) <= 600


def test_wrong_keys_are_bad_credentials(service: X) -> None:
    for key in KEYS:
        if key != "bearer_token":
            with pytest.raises(BadCredentials):
                x.send({**service.credentials, key: "other"}, PUBLIC)
            with pytest.raises(BadCredentials, match=key):
                x.send({**service.credentials, key: ""}, PUBLIC)
    assert not service.posted


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_trouble_at_x_passes(service: X, status: int) -> None:
    service.trouble = lambda _: Said(b"<html>Over capacity</html>", status, {"content-type": "text/html"})
    with pytest.raises(Transient):
        x.send(service.credentials, PUBLIC)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"null", b'{"errors": null}', b"[1"])
def test_no_answer_of_a_proxy_breaks_us(service: X, body: bytes) -> None:
    for status in (200, 400, 403, 429, 500):
        service.trouble = lambda _, status=status: Said(body, status, {"x-rate-limit-reset": "soon"})
        with pytest.raises((Transient, Rejected)):
            x.send(service.credentials, PUBLIC)


def test_errors_in_a_good_answer_are_a_refusal(service: X) -> None:
    """docs.x.com/x-api/fundamentals/response-codes-and-errors: partial errors come with status 200."""
    error = {"title": "Not Found Error", "detail": "Could not find user with id: [1].", "resource_id": "1"}
    service.trouble = lambda _: Said({"errors": [error]})
    with pytest.raises(Rejected, match="Could not find user"):
        x.send(service.credentials, fake.REPLY)


def test_a_server_that_is_not_there_passes() -> None:
    with pytest.raises(Transient):
        x.send({**KEYS, "api_url": "http://127.0.0.1:9"}, PUBLIC)


@pytest.mark.parametrize(
    ("status", "body", "kind", "wait"),
    [
        (402, {"title": "CreditsDepleted", "detail": "Your account has no credits."}, BadCredentials, None),
        (403, {"type": "https://api.twitter.com/2/problems/client-forbidden", "detail": "No access."}, BadCredentials, None),
        (403, {"type": "about:blank", "detail": "Not allowed."}, Rejected, None),
        (404, {"title": "Not Found Error"}, Rejected, None),
        (429, {"type": "https://api.twitter.com/2/problems/usage-capped", "title": "UsageCapExceeded"}, Transient, 3600.0),
        (429, None, Transient, 60.0),
        (503, None, Transient, None),
    ],
)  # fmt: skip
def test_each_refusal_has_its_kind(status: int, body: Any, kind: type, wait: float | None) -> None:
    error = refusal(status, {}, body)
    assert isinstance(error, kind)
    assert error.reason.endswith(".")
    if isinstance(error, Transient):
        assert error.retry_after_seconds == wait


def test_the_longest_of_the_limits_that_were_met_counts() -> None:
    soon, tomorrow = int(datetime.now(UTC).timestamp()) + 300, int(datetime.now(UTC).timestamp()) + 50_000
    headers = {
        "x-rate-limit-remaining": "7",
        "x-rate-limit-reset": str(soon),
        "x-user-limit-24hour-remaining": "0",
        "x-user-limit-24hour-reset": str(tomorrow),
    }
    assert 49_000 < retry_after(headers) <= 50_000
    assert 200 < retry_after({"x-rate-limit-reset": str(soon)}) <= 300
    assert retry_after({"retry-after": "17"}) == 17
    assert retry_after({"x-rate-limit-reset": "1"}) == 1  # it has passed already: nearly at once


# ---------------------------------------------------------------- what else an agent does


def test_likes_and_hidden_answers_can_be_taken_back(service: X) -> None:
    for kind in ("like", "hide"):
        x.act(service.credentials, Action(kind, MENTION, CUSTOMER, MENTION))
        x.act(service.credentials, Action(kind, MENTION, CUSTOMER, MENTION))
    assert service.liked == {MENTION}
    assert service.hidden == {MENTION: True}
    x.act(service.credentials, Action("unlike", MENTION))
    x.act(service.credentials, Action("unhide", MENTION))
    assert not service.liked
    assert service.hidden == {MENTION: False}


def test_what_x_does_not_offer_is_refused(service: X) -> None:
    with pytest.raises(Rejected, match="direct message"):
        x.act(service.credentials, Action("like", MENTION, CUSTOMER, f"dm:{ACCOUNT}-{CUSTOMER}"))
    with pytest.raises(Rejected, match="does not offer"):
        x.act(service.credentials, Action("delete", MENTION))
    with pytest.raises(Rejected, match="not allowed to hide"):
        x.act(service.credentials, Action("hide", "123"))


def test_pictures_of_direct_messages_are_fetched_as_the_account(service: X) -> None:
    path = DM_PICTURE.removeprefix("https://ton.twitter.com")
    service.files[path] = b"\xff\xd8jpeg"
    file = x.download(service.credentials, RemoteFile("a.jpg", "image/jpeg", url=DM_PICTURE), lambda _: True)
    assert (file.data, file.content_type, file.filename) == (b"\xff\xd8jpeg", "image/jpeg", "a.jpg")
    with pytest.raises(BadCredentials):
        x.download(
            {**service.credentials, "consumer_secret": "other"}, RemoteFile("a", "", url=DM_PICTURE), lambda _: True
        )


def test_the_keys_are_shown_to_no_other_host(service: X) -> None:
    elsewhere = f"{service.url}/picture.jpg"
    service.on("GET", "/picture.jpg", lambda _: Said(b"jpeg", 200, {"content-type": "image/jpeg"}))
    x.download(service.credentials, RemoteFile("a.jpg", "image/jpeg", url=elsewhere), lambda _: True)
    assert "authorization" not in service.calls[-1].headers
    with pytest.raises(Rejected, match="may not be reached"):
        x.download(service.credentials, RemoteFile("a.jpg", "image/jpeg", url=elsewhere), lambda _: False)


# ---------------------------------------------------------------- settings


def test_check_says_who_signed_in(service: X) -> None:
    assert x.check(service.credentials) == "Signed in as @AcmeSupport, 1,204 followers."
    assert x.address(service.credentials) == "@AcmeSupport"
    with pytest.raises(BadCredentials, match="belong to @AcmeSupport, not to @other"):
        x.check({**service.credentials, "handle": "@other"})


def test_secrets_stand_in_no_error(service: X) -> None:
    service.trouble = lambda call: Said({"detail": "no"}, 401)
    with pytest.raises(BadCredentials) as caught:
        x.check(service.credentials)
    assert not any(secret in caught.value.reason for secret in KEYS.values())


def test_a_folder_of_recordings_is_checked_and_sends_nothing(tmp_path: Path) -> None:
    (tmp_path / "one.json").write_text("{}")
    (tmp_path / "two.txt").write_text("{}")
    assert x.check({"recorded": str(tmp_path)}).startswith("Reading 1 recorded payloads")
    with pytest.raises(Rejected, match="recorded payloads"):
        x.send({**KEYS, "recorded": str(tmp_path)}, PUBLIC)
    with pytest.raises(BadCredentials, match="no folder"):
        x.check({"recorded": str(tmp_path / "missing")})


def test_an_admin_is_told_what_to_tell_x() -> None:
    snippets = dict(x.snippets("https://desk.example", "tok"))
    assert "https://desk.example/webhooks/x/tok" in snippets.values()
    assert any('{"url": "https://desk.example/webhooks/x/tok"}' in text for text in snippets.values())
