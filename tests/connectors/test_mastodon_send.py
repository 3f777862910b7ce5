"""What leaves through Mastodon: visibility, mentions, files and what a server refuses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from connectors import mastodon
from connectors.base import Action, Credentials, OutboundAttachment
from connectors.errors import BadCredentials, ConnectorError, Rejected, Transient
from tests.fakes.mastodon import REPLY, SCOPE_ERROR, TOKEN, Mastodon, open_server
from tests.fakes.provider import Call, Said

CONNECTOR = mastodon.MastodonConnector()
ANSWERED = "111445823400112233"
PICTURE = OutboundAttachment("torn.png", "image/png", b"\x89PNG\r\n\x1a\n")


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mastodon, "LOOK_SECONDS", 0.01)


@pytest.fixture
def server() -> Iterator[Mastodon]:
    with open_server() as (running, _):
        yield running


def credentials(server: Mastodon, **more: Any) -> Credentials:
    return {"api_url": server.url, "access_token": TOKEN, "streaming": False, **more}


@pytest.mark.parametrize(
    ("is_public", "seen_by", "setting", "wanted"),
    [
        (True, "public", "unlisted", "unlisted"),
        (True, "public", "public", "public"),
        (True, "unlisted", "public", "unlisted"),
        (True, "private", "public", "direct"),
        (True, "direct", "public", "direct"),
        (False, "public", "public", "direct"),
        (False, "direct", "unlisted", "direct"),
    ],
)
def test_a_reply_is_seen_by_no_more_people_than_what_it_answers(
    server: Mastodon, is_public: bool, seen_by: str, setting: str, wanted: str
) -> None:
    server.statuses[ANSWERED]["visibility"] = seen_by
    CONNECTOR.send(credentials(server, public_replies=setting), replace(REPLY, is_public=is_public))
    (posted,) = server.posted
    assert posted["visibility"] == wanted
    assert posted["in_reply_to_id"] == ANSWERED
    assert posted["status"] == "@ana@chaos.example Good news"


def test_a_mention_that_is_there_is_not_put_twice(server: Mastodon) -> None:
    CONNECTOR.send(credentials(server), replace(REPLY, text="Dear @Ana@chaos.example, it is here"))
    assert server.posted[0]["status"] == "Dear @Ana@chaos.example, it is here"


def test_a_first_message_goes_to_the_account(server: Mastodon) -> None:
    CONNECTOR.send(credentials(server), replace(REPLY, answers=None, is_public=False))
    assert server.posted[0]["status"].startswith("@ana@chaos.example ")
    assert server.posted[0]["visibility"] == "direct"


def test_the_longest_reply_fits(server: Mastodon) -> None:
    CONNECTOR.send(credentials(server), replace(REPLY, text="x" * CONNECTOR.capabilities.max_text))
    with pytest.raises(Rejected, match="character limit"):
        CONNECTOR.send(credentials(server), replace(REPLY, text="x" * 500, idempotency_key="other"))


def test_a_file_is_attached_once_the_server_has_processed_it(server: Mastodon) -> None:
    CONNECTOR.send(credentials(server), replace(REPLY, attachments=(PICTURE,)))
    (media_id,) = server.media
    assert server.posted[0]["media_ids[]"] == media_id
    (upload,) = server.heard("POST", "/api/v2/media")
    assert PICTURE.data in upload.body
    assert b'filename="torn.png"' in upload.body


def test_a_file_that_is_never_done_is_tried_later(server: Mastodon, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mastodon, "PROCESSING_SECONDS", -1)
    with pytest.raises(Transient, match=r"torn\.png"):
        CONNECTOR.send(credentials(server), replace(REPLY, attachments=(PICTURE,)))


def test_what_a_server_refuses_is_said(server: Mastodon) -> None:
    with pytest.raises(Rejected, match="not found"):
        CONNECTOR.send(credentials(server), replace(REPLY, answers="404"))
    odd = OutboundAttachment("a.bin", "text/x-unknown", b"x")
    with pytest.raises(Rejected, match="content type is invalid"):
        CONNECTOR.send(credentials(server), replace(REPLY, attachments=(odd,)))
    with pytest.raises(Rejected):
        CONNECTOR.send(credentials(server), replace(REPLY, answers=None, recipient=""))


TROUBLES: list[tuple[Callable[[Call], Said], type[ConnectorError]]] = [
    (lambda _: Said({"error": "The access token is invalid"}, 401), BadCredentials),
    (lambda _: SCOPE_ERROR, BadCredentials),
    (lambda _: Said({"error": "This action is not allowed"}, 403), Rejected),
    (lambda _: Said({"error": "Too many requests"}, 429), Transient),
    (lambda _: Said({"error": "no"}, 500), Transient),
    (lambda _: Said(b"<html>Bad gateway</html>", 502), Transient),
    (lambda _: Said(b"<html>Welcome</html>", 200), Transient),
]


@pytest.mark.parametrize(("trouble", "error"), TROUBLES)
def test_each_refusal_becomes_the_right_error(
    server: Mastodon, trouble: Callable[[Call], Said], error: type[ConnectorError]
) -> None:
    server.trouble = trouble
    for step in (
        lambda known: CONNECTOR.send(known, REPLY),
        lambda known: CONNECTOR.act(known, Action("like", ANSWERED)),
    ):
        with pytest.raises(error) as caught:
            step(credentials(server))
        assert TOKEN not in caught.value.reason


def test_nobody_there_is_transient() -> None:
    with pytest.raises(Transient):
        CONNECTOR.send({"api_url": "http://127.0.0.1:9", "access_token": TOKEN}, REPLY)


def test_an_address_of_a_key_server_is_not_called() -> None:
    with pytest.raises(Rejected, match="may not be reached"):
        CONNECTOR.send({"api_url": "http://169.254.169.254", "access_token": TOKEN}, REPLY)


def test_a_token_that_names_a_file_stays_a_token(server: Mastodon, tmp_path: Any) -> None:
    secret = tmp_path / "secret"
    secret.write_text("s3cret")
    with pytest.raises(BadCredentials):
        CONNECTOR.check(credentials(server, access_token=str(secret)))
    assert {call.bearer for call in server.calls} == {str(secret)}
