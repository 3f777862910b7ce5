"""What leaves through Bluesky: replies, private answers, images, likes, and what a server refuses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from connectors import _bluesky_client
from connectors._http import reachable
from connectors.base import Action, Credentials, OutboundAttachment, RemoteFile
from connectors.bluesky import MAX_IMAGE_BYTES, BlueskyConnector
from connectors.errors import BadCredentials, ConnectorError, Rejected, Transient
from tests.fakes.bluesky import ANA, ANSWER, ASKED, ME, PASSWORD, REPLY, Bluesky, open_server, refused
from tests.fakes.provider import Said

CONNECTOR = BlueskyConnector()
IMAGE = OutboundAttachment("torn.png", "image/png", b"\x89PNG\r\n\x1a\n")
Running = tuple[Bluesky, Credentials]


@pytest.fixture(autouse=True)
def signed_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_bluesky_client, "_sessions", {})  # a port may be used again


@pytest.fixture
def bluesky() -> Iterator[Running]:
    with open_server() as running:
        yield running


def test_a_reply_names_what_it_answers_and_where_the_thread_began(bluesky: Running) -> None:
    server, credentials = bluesky
    first = CONNECTOR.send(credentials, REPLY)
    second = CONNECTOR.send(credentials, replace(REPLY, answers=ANSWER))
    at_root, deeper = (record["reply"] for record in server.records)
    assert at_root["root"] == at_root["parent"] == {"uri": ASKED, "cid": server.posts[ASKED]["cid"]}
    assert deeper["root"]["uri"] == f"at://{ME}/app.bsky.feed.post/3kroot"
    assert deeper["parent"]["uri"] == ANSWER
    assert [first.external_id, second.external_id] == [record["uri"] for record in server.records]
    assert first.detail == "https://bsky.app/profile/acme.example/post/3k0"


def test_links_mentions_and_hashtags_are_facets_in_bytes(bluesky: Running) -> None:
    server, credentials = bluesky
    text = "Grüße 🙂 @ana.bsky.social, see https://acme.example/ä or #returns, not @nobody.example"
    CONNECTOR.send(credentials, replace(REPLY, text=text))
    raw, facets = text.encode(), server.records[0]["facets"]
    cut = {
        facet["features"][0]["$type"].rpartition("#")[2]: raw[
            facet["index"]["byteStart"] : facet["index"]["byteEnd"]
        ].decode()
        for facet in facets
    }
    assert cut["mention"] == "@ana.bsky.social"
    assert cut["link"].startswith("https://acme.example/")
    assert cut["tag"] == "#returns"
    assert [f["features"][0]["did"] for f in facets if "did" in f["features"][0]] == [ANA]


def test_images_are_blobs_and_the_documented_limits_hold(bluesky: Running) -> None:
    server, credentials = bluesky
    CONNECTOR.send(credentials, replace(REPLY, attachments=(IMAGE, IMAGE)))
    embed = server.records[0]["embed"]
    assert embed["$type"] == "app.bsky.embed.images"
    assert [image["image"]["mimeType"] for image in embed["images"]] == ["image/png"] * 2
    assert list(server.blobs.values()) == [IMAGE.data] * 2
    large = replace(IMAGE, data=b"x" * (MAX_IMAGE_BYTES + 1))
    for files in ((IMAGE,) * 5, (large,), (replace(IMAGE, content_type="video/mp4"),)):
        with pytest.raises(Rejected):
            CONNECTOR.send(credentials, replace(REPLY, attachments=files))
    assert len(server.records) == 1


def test_a_private_answer_to_a_post_is_a_direct_message(bluesky: Running) -> None:
    server, credentials = bluesky
    receipt = CONNECTOR.send(credentials, replace(REPLY, is_public=False))
    assert server.records == []
    assert server.sent[0]["convoId"] == "3l7xconvo"
    assert receipt.external_id == "message:3l7xconvo:3l7xours1"
    CONNECTOR.send(
        credentials, replace(REPLY, is_public=False, thread_key="convo:3lother", answers="message:3lother:1")
    )
    assert server.sent[1]["convoId"] == "3lother"
    with pytest.raises(Rejected, match="takes no files"):
        CONNECTOR.send(credentials, replace(REPLY, is_public=False, attachments=(IMAGE,)))


def test_what_is_too_long_or_gone_is_refused_with_the_reason(bluesky: Running) -> None:
    _, credentials = bluesky
    CONNECTOR.send(credentials, replace(REPLY, text="x" * (CONNECTOR.capabilities.max_public_text or 0)))
    with pytest.raises(Rejected, match="300 graphemes"):
        CONNECTOR.send(credentials, replace(REPLY, text="x" * 301))
    with pytest.raises(Rejected, match="no longer there"):
        CONNECTOR.send(credentials, replace(REPLY, answers=f"{ASKED}x"))


TROUBLES: list[tuple[Said, type[ConnectorError], float | None]] = [
    (refused("AccountTakedown", "Account has been taken down", 401), BadCredentials, None),
    (refused("AuthenticationRequired", "Invalid identifier or password", 401), BadCredentials, None),
    (
        Said({"error": "RateLimitExceeded", "message": "Rate Limit Exceeded"}, 429, {"ratelimit-reset": "4102444800"}),
        Transient,
        3600,
    ),
    (Said({"error": "RateLimitExceeded"}, 429, {"retry-after": "30"}), Transient, 30),
    (refused("InternalServerError", "Internal Server Error", 500), Transient, None),
    (Said(b"<html>Bad gateway</html>", 502), Transient, None),
    (Said(b"<html>Welcome</html>", 200), Transient, None),
    (refused("InvalidRequest", "No"), Rejected, None),
]


@pytest.mark.parametrize(("said", "error", "seconds"), TROUBLES)
def test_each_refusal_becomes_the_right_error(
    bluesky: Running, said: Said, error: type[ConnectorError], seconds: float | None
) -> None:
    server, credentials = bluesky
    server.trouble = lambda _: said
    for step in (CONNECTOR.check, lambda known: CONNECTOR.send(known, REPLY)):
        with pytest.raises(error) as caught:
            step(credentials)
        assert PASSWORD not in caught.value.reason
        if isinstance(caught.value, Transient):
            assert caught.value.retry_after_seconds == seconds


def test_nobody_there_is_transient_and_a_key_server_is_not_called() -> None:
    known = {"handle": "acme.example", "app_password": PASSWORD}
    with pytest.raises(Transient):
        CONNECTOR.check({**known, "api_url": "http://127.0.0.1:9"})
    with pytest.raises(Rejected, match="may not be reached"):
        CONNECTOR.check({**known, "api_url": "http://169.254.169.254"})
    with pytest.raises(BadCredentials):
        CONNECTOR.check({**known, "api_url": "bluesky"})


def test_a_like_can_be_taken_back_and_twice_is_once(bluesky: Running) -> None:
    server, credentials = bluesky
    for kind, likes in (("like", 1), ("like", 1), ("unlike", 0), ("unlike", 0)):
        CONNECTOR.act(credentials, Action(kind, ASKED))  # type: ignore[arg-type]  # both are kinds
        assert len(server.records) == likes
    for action in (Action("hide", ASKED), Action("like", "message:a:b")):
        with pytest.raises(Rejected):
            CONNECTOR.act(credentials, action)


def test_a_blob_is_fetched_from_its_authors_own_server_guarded(bluesky: Running) -> None:
    server, credentials = bluesky
    server.blobs["bafkreid2"] = IMAGE.data
    file = RemoteFile("a.jpg", "image/jpeg", media_id=f"{ANA}/bafkreid2")
    assert CONNECTOR.download(credentials, file, reachable).data == IMAGE.data
    with pytest.raises(Rejected, match="may not be reached"):
        CONNECTOR.download(credentials, file, lambda _: False)
    for media_id in (f"{ANA}/gone", "did:plc:unknown/x", "did:web:a:b/c", "did:plc:../../x", "", "did:key:z/x"):
        with pytest.raises(Rejected):
            CONNECTOR.download(credentials, replace(file, media_id=media_id), reachable)
