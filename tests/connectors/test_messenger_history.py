"""Direct messages that no webhook brought are looked up: once, oldest first, and from where the last look ended."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

import pytest

from connectors.base import Batch, Credentials, Cursor
from connectors.errors import BadCredentials, Transient
from connectors.registry import connector_for
from tests.fakes.facebook import ANA, MessagingApi, serving_facebook
from tests.fakes.facebook import PAGE as PAGE_ID
from tests.fakes.graph import refusal
from tests.fakes.instagram import ACCOUNT, serving_instagram
from tests.fakes.provider import Said

Server = tuple[MessagingApi, Credentials]
every_kind = pytest.mark.parametrize("kind", ["facebook", "instagram"])


@contextmanager
def serving(kind: str) -> Iterator[Server]:
    with serving_facebook() if kind == "facebook" else serving_instagram() as running:
        yield running


def ago(minutes: float) -> str:
    return (datetime.now(UTC) - timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%S+0000")


def since(minutes: float) -> Cursor:
    return {"since": int((datetime.now(UTC) - timedelta(minutes=minutes)).timestamp())}


def said(mid: str, minutes: float, sender: str = ANA, **more: Any) -> dict[str, Any]:
    return {
        "id": mid,
        "created_time": ago(minutes),
        "from": {"id": sender, "name": "Ana Lopez"},
        "message": f"text {mid}",
        **more,
    }


def conversation(*messages: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": "t_1",
        "updated_time": max(message["created_time"] for message in messages),
        "messages": {"data": list(messages)},
    }


def look(kind: str, credentials: Credentials, cursor: Cursor) -> list[Batch]:
    """The batches of one look: up to the one that moves the cursor."""
    batches = []
    for batch in connector_for(kind).fetch(credentials, cursor):
        batches.append(batch)
        if batch.cursor:
            break
    return batches


def heard(kind: str, batches: list[Batch]) -> list[str]:
    found = [message for batch in batches for raw in batch.deliveries for message in connector_for(kind).parse(raw)]
    return [message.external_id for message in found]


@every_kind
def test_a_first_look_begins_now(kind: str) -> None:
    with serving(kind) as (api, credentials):
        api.conversations = [conversation(said("m_old", 600))]
        first, second = islice(connector_for(kind).fetch(credentials, {}), 2)
    assert first.deliveries == second.deliveries == ()
    assert first.cursor
    assert abs(first.cursor["since"] - datetime.now(UTC).timestamp()) < 600


@every_kind
def test_what_was_missed_comes_once_and_oldest_first_over_all_pages(kind: str) -> None:
    own = PAGE_ID if kind == "facebook" else ACCOUNT
    with serving(kind) as (api, credentials):
        api.conversations = [
            conversation(
                said(f"m_{n}", 10 + n), said(f"m_own_{n}", 10.5 + n, sender=own), said(f"m_before_{n}", 90 + n)
            )
            for n in range(8)
        ]
        batches = look(kind, credentials, since(60))
        assert heard(kind, batches) == [f"m_{n}" for n in reversed(range(8))]
        assert len(api.heard("GET", r".*/conversations")) == 3
        assert batches[2].deliveries[0].external_id == "missed:m_7"
        cursor = batches[-1].cursor
        assert cursor
        assert heard(kind, look(kind, credentials, cursor)) == []


@every_kind
def test_older_conversations_are_not_paged_through(kind: str) -> None:
    with serving(kind) as (api, credentials):
        api.conversations = [conversation(said(f"m_{n}", 50 + 30 * n)) for n in range(9)]
        assert heard(kind, look(kind, credentials, since(60))) == ["m_0"]
        assert len(api.heard("GET", r".*/conversations")) == 1


@every_kind
def test_what_is_only_just_said_is_left_to_the_webhook(kind: str) -> None:
    with serving(kind) as (api, credentials):
        api.conversations = [conversation(said("m_now", 0.2), said("m_then", 10))]
        assert heard(kind, look(kind, credentials, since(60))) == ["m_then"]


def test_a_message_looked_up_reads_as_the_webhook_would_have_told_it() -> None:
    files = [
        {
            "id": "1",
            "mime_type": "image/jpeg",
            "name": "a.jpg",
            "size": 9,
            "image_data": {"url": "https://scontent.xx.fbcdn.net/a.jpg"},
        },
        {
            "id": "2",
            "mime_type": "application/pdf",
            "name": "b.pdf",
            "size": 9,
            "file_url": "https://cdn.fbsbx.com/b.pdf",
        },
    ]
    raw = json.dumps({"missed": said("m_1", 9, attachments={"data": files})}).encode()
    with serving("facebook") as (api, credentials):
        api.conversations = [conversation(said("m_1", 9, attachments={"data": files}))]
        ((delivery,), *_) = [batch.deliveries for batch in look("facebook", credentials, since(60)) if batch.deliveries]
    assert json.loads(delivery.raw) == json.loads(raw)
    (message,) = connector_for("facebook").parse(delivery)
    assert (message.sender.address, message.sender.name, message.thread_key) == (ANA, "Ana Lopez", ANA)
    assert [file.content_type for file in message.remote_files] == ["image/jpeg", "application/pdf"]
    assert message.sent_at


@every_kind
def test_a_token_that_may_not_look_back_pauses_nothing(kind: str) -> None:
    with serving(kind) as (api, credentials):
        follow = connector_for(kind).fetch(credentials, since(60))
        api.refused = refusal(200, "(#200) Requires pages_read_engagement permission", status=403)
        assert next(follow).deliveries == ()


@every_kind
@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (refusal(190, "Error validating access token", status=401), BadCredentials),
        (refusal(613, "(#613) Calls to this API have exceeded the rate limit."), Transient),
        (Said([]), Transient),
    ],
)
def test_a_refusal_ends_the_look_and_nothing_is_skipped(kind: str, answer: Said, error: type[Exception]) -> None:
    with serving(kind) as (api, credentials):
        api.conversations = [conversation(said("m_1", 9))]
        api.refused = answer
        with pytest.raises(error):
            look(kind, credentials, since(60))
        api.refused = None
        assert heard(kind, look(kind, credentials, since(60))) == ["m_1"]
