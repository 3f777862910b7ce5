"""What social channels do, from their bytes to the timeline: files fetched, words changed, states told."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app import blobs, config
from app.clock import now
from app.db import reading, transaction
from app.models import (
    Attachment,
    Channel,
    ChannelState,
    ContactIdentity,
    Conversation,
    FetchState,
    Message,
    MessageChange,
    MessageReaction,
    MessageRevision,
    Prediction,
    RemoteFile,
)
from app.services import remote_files
from tests.fakes.provider import Call, Provider, Said, serving
from tests.pipeline import Pipeline, make_workspace, the
from workers.jobs import housekeeping

ANA = {"kind": "handle", "address": "42", "name": "Ana", "handle": "@ana", "followers": 7}
PICTURE = b"\x89PNG\r\n\x1a\n not much of a picture"


def said(number: int, **more: Any) -> dict[str, Any]:
    return {"id": f"p{number}", "from": ANA, "text": "My parcel is terribly late!", "thread": "t1", **more}


def file(**more: Any) -> dict[str, Any]:
    return {"filename": "tent.png", "content_type": "image/png", **more}


@pytest.fixture
def channel(pipeline: Pipeline) -> Channel:
    (pipeline.folder / "media").mkdir(parents=True)
    (pipeline.folder / "media" / "tent.png").write_bytes(PICTURE)
    with transaction() as session:
        channel: Channel = make_workspace(session, folder=pipeline.folder)["channel"]
    return channel


@pytest.fixture
def server() -> Iterator[Provider]:
    provider = Provider()
    provider.on("GET", "/tent.png", lambda _: Said(PICTURE, headers={"content-type": "image/png"}))
    with serving(provider) as running:
        yield running


def only_file() -> RemoteFile:
    with reading() as session:
        return the(session, RemoteFile)  # type: ignore[no-any-return]  # the helper returns any kind of row


def let_time_pass() -> None:
    with transaction() as session:
        for row in session.scalars(select(RemoteFile)):
            row.next_try_at = row.claimed_until = None
        remote_files.reconcile(session, older_than=timedelta(seconds=-1), limit=10)


@pytest.mark.parametrize("twice", [False, True])
def test_a_file_that_stays_with_the_provider_becomes_an_attachment_once(
    pipeline: Pipeline, channel: Channel, *, twice: bool
) -> None:
    pipeline.twice = twice
    pipeline.deliver(channel, said(1, kind="image", files=[file(media_id="tent.png")]))
    pipeline.settle()
    with reading() as session:
        attachment = the(session, Attachment)
        assert the(session, Message).kind == "image"
    assert (attachment.filename, attachment.content_type) == ("tent.png", "image/png")
    assert blobs.get(attachment.blob_sha256) == PICTURE
    assert (only_file().state, only_file().attachment_id) == (FetchState.FETCHED, attachment.id)


def test_a_file_is_found_again_after_redis_was_emptied(pipeline: Pipeline, channel: Channel) -> None:
    pipeline.deliver(channel, said(1, files=[file(media_id="tent.png")]))
    for _ in range(2):
        pipeline.relay()
        pipeline.forget_redis()
        pipeline.settle()
    assert only_file().state is FetchState.FETCHED


def test_a_file_that_is_gone_says_so_and_can_be_tried_again(pipeline: Pipeline, channel: Channel) -> None:
    pipeline.deliver(channel, said(1, files=[file(media_id="gone.png")]))
    pipeline.settle()
    assert (only_file().state, only_file().reason) == (FetchState.FAILED, "The file is no longer there.")
    (pipeline.folder / "media" / "gone.png").write_bytes(PICTURE)
    with transaction() as session:
        remote_files.retry(session, message=the(session, Message), file=the(session, RemoteFile).public_id)
    pipeline.settle()
    assert only_file().state is FetchState.FETCHED


def test_an_address_inside_the_house_is_not_reached(pipeline: Pipeline, channel: Channel, server: Provider) -> None:
    pipeline.deliver(channel, said(1, files=[file(url=f"{server.url}/tent.png")]))
    pipeline.settle()
    assert only_file().state is FetchState.FAILED
    assert "may not be reached" in only_file().reason
    assert server.calls == []


@pytest.fixture
def private_allowed(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBHOOKS_TO_PRIVATE", "1")
    config.forget()


@pytest.mark.usefixtures("private_allowed")
def test_a_server_that_does_not_answer_is_asked_again_later(
    pipeline: Pipeline, channel: Channel, server: Provider
) -> None:
    server.trouble = lambda _: Said({}, 503)
    pipeline.deliver(channel, said(1, files=[file(url=f"{server.url}/tent.png")]))
    pipeline.settle()
    waiting = only_file()
    assert (waiting.state, waiting.reason) == (FetchState.WAITING, "The file's server answered 503.")
    assert waiting.next_try_at is not None
    assert waiting.next_try_at > now()
    server.trouble = None
    let_time_pass()
    pipeline.settle()
    assert only_file().state is FetchState.FETCHED


@pytest.mark.usefixtures("private_allowed")
@pytest.mark.parametrize("told", [None, remote_files.MOST_BYTES + 1])
def test_a_file_that_is_too_large_is_refused(
    pipeline: Pipeline, channel: Channel, server: Provider, told: int | None
) -> None:
    def large(_: Call) -> Said:
        return Said(b"x" * (remote_files.MOST_BYTES + 1))

    server.trouble = large
    pipeline.deliver(channel, said(1, files=[file(url=f"{server.url}/tent.png", size=told)]))
    pipeline.settle()
    assert only_file().state is FetchState.FAILED
    assert "larger than" in only_file().reason
    assert bool(server.calls) is (told is None)


def test_a_paused_channel_fetches_nothing_until_it_is_resumed(pipeline: Pipeline, channel: Channel) -> None:
    pipeline.deliver(channel, said(1, files=[file(media_id="tent.png")]))
    with transaction() as session:
        session.get_one(Channel, channel.id).state = ChannelState.PAUSED
    pipeline.settle()
    assert only_file().state is FetchState.WAITING
    with transaction() as session:
        session.get_one(Channel, channel.id).state = ChannelState.ACTIVE
    let_time_pass()
    pipeline.settle()
    assert only_file().state is FetchState.FETCHED


# ---------------------------------------------------------------- changes, over all jobs


STORY: tuple[dict[str, Any], ...] = (
    said(1, sent_at="2026-11-20T08:00:00+00:00"),
    {
        "id": "e1",
        "from": ANA,
        "kind": "edit",
        "target": "p1",
        "text": "Thank you, it is wonderful!",
        "sent_at": "2026-11-20T08:01:00+00:00",
    },
    {
        "id": "r1",
        "from": ANA,
        "kind": "reaction",
        "target": "p1",
        "reaction": "👍",
        "sent_at": "2026-11-20T08:02:00+00:00",
    },
)


def state() -> dict[str, Any]:
    with reading() as session:
        message = the(session, Message)
        return {
            "text": message.text,
            "said": sorted(session.execute(select(Prediction.task, Prediction.label)).all()),
            "reactions": session.scalars(select(MessageReaction.reaction)).all(),
            "revisions": session.scalars(select(MessageRevision.text)).all(),
            "annotated": message.annotated_at is not None,
            "routed": message.routed_at is not None,
        }


@pytest.mark.parametrize("seed", range(4))
def test_an_edited_message_is_understood_by_its_new_words_in_any_order_of_jobs(
    pipeline: Pipeline, channel: Channel, seed: int
) -> None:
    pipeline.shuffle = random.Random(seed)
    pipeline.twice = seed % 2 == 1
    told = list(STORY)
    pipeline.shuffle.shuffle(told)
    for payload in told:
        pipeline.deliver(channel, payload)
        if seed > 1:
            pipeline.settle()
    pipeline.settle()
    found = state()
    assert found["text"] == "Thank you, it is wonderful!"
    assert ("sentiment", "positive") in found["said"]
    assert found["reactions"] == ["👍"]
    assert found["revisions"] == ["My parcel is terribly late!"]
    assert found["annotated"]
    assert found["routed"]


def test_an_edit_whose_original_never_comes_becomes_a_message(pipeline: Pipeline, channel: Channel) -> None:
    pipeline.deliver(channel, STORY[1])
    pipeline.settle()
    housekeeping.settle_changes()
    pipeline.settle()
    with reading() as session:
        assert session.scalars(select(Message)).all() == []
    with transaction() as session:
        the(session, MessageChange).created_at = now() - timedelta(minutes=16)
    for _ in range(2):
        housekeeping.settle_changes()
        pipeline.settle()
    with reading() as session:
        message = the(session, Message)
    assert (message.text, message.edited_at is not None) == ("Thank you, it is wonderful!", True)
    pipeline.deliver(channel, STORY[0])
    pipeline.settle()
    with reading() as session:
        assert the(session, Message).text == "Thank you, it is wonderful!"


def test_a_message_without_words_is_named_in_lists(pipeline: Pipeline, channel: Channel) -> None:
    pipeline.deliver(channel, said(1, text="", kind="image", files=[file(media_id="tent.png")]))
    pipeline.settle()
    with reading() as session:
        assert the(session, Conversation).preview == "tent.png"


def test_the_newest_profile_of_the_sender_is_kept(pipeline: Pipeline, channel: Channel) -> None:
    bad = {"profile_url": "javascript:alert(1)", "avatar_url": "https://social.example/ana.png"}
    pipeline.deliver(channel, said(1), minutes=5)
    pipeline.deliver(channel, said(2, **{"from": {**ANA, "handle": "@ana_b", "followers": 9, **bad}}), minutes=6)
    pipeline.deliver(channel, said(3, **{"from": {**ANA, "handle": "@old"}}), minutes=1)
    pipeline.settle()
    with reading() as session:
        ana = the(session, ContactIdentity)
    assert (ana.handle, ana.followers) == ("@ana_b", 9)
    assert (ana.profile_url, ana.avatar_url) == ("", "https://social.example/ana.png")


def test_the_lag_of_the_newest_message_is_kept(pipeline: Pipeline, channel: Channel) -> None:
    pipeline.deliver(channel, json.dumps(said(1, sent_at="2026-11-20T08:59:00+00:00")).encode())
    pipeline.settle()
    with reading() as session:
        assert session.get_one(Channel, channel.id).lag_seconds == 60
