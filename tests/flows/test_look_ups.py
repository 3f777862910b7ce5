"""From an event that names somebody by an id to their name on the screen: the real pipeline, a provider on loopback."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from app.clock import now
from app.crypto import new_token, seal
from app.db import reading, transaction
from app.models import Channel, Contact, ContactIdentity, LookUp, LookUpState
from tests.fakes.provider import Said
from tests.fakes.slack import DIRECT, Slack, credentials_for, slack
from tests.pipeline import Pipeline, make_workspace, the

KIM = "U061F7AUR"
PATH = "/api/users.info"


@pytest.fixture
def provider() -> Iterator[Slack]:
    with slack() as running:
        yield running


@pytest.fixture
def channel(pipeline: Pipeline, provider: Slack) -> Channel:
    with transaction() as session:
        inbox = make_workspace(session, folder=Path(pipeline.folder))["inbox"]
        sealed = seal(dict(credentials_for(provider)))
        channel = Channel(inbox_id=inbox.id, kind="slack", name="Slack", token=new_token(), sealed=sealed)
        session.add(channel)
    return channel


def said(number: int, user: str = KIM) -> bytes:
    event = {
        "type": "message",
        "channel": DIRECT,
        "channel_type": "im",
        "user": user,
        "text": f"Hello {number}",
        "ts": f"1795000{number:03}.000100",
    }
    return json.dumps({"type": "event_callback", "event_id": f"Ev{number}", "event": event}).encode()


@pytest.mark.parametrize("twice", [False, True])
def test_an_id_becomes_a_name(pipeline: Pipeline, channel: Channel, provider: Slack, *, twice: bool) -> None:
    pipeline.twice = twice
    pipeline.deliver(channel, said(1))
    pipeline.settle()
    with reading() as session:
        held = the(session, ContactIdentity)
        assert (the(session, Contact).name, held.name, held.handle) == ("Kim", "Kim", "@kim")
        assert held.avatar_url == "https://avatars.slack-edge.com/kim_72.png"
    pipeline.deliver(channel, said(2))
    pipeline.settle()
    assert len(provider.heard("POST", PATH)) == 1


def test_what_redis_forgot_is_asked_for_nevertheless(pipeline: Pipeline, channel: Channel) -> None:
    pipeline.deliver(channel, said(1))
    for _ in range(4):
        pipeline.relay()
        for job in pipeline.jobs():
            if not job[0].endswith("look_up"):
                pipeline.run(job)
    with reading() as session:
        assert the(session, Contact).name == ""
    pipeline.forget_redis()
    pipeline.settle()
    with reading() as session:
        assert the(session, Contact).name == "Kim"


def test_a_provider_in_trouble_is_asked_again_when_it_is_time(
    pipeline: Pipeline, channel: Channel, provider: Slack
) -> None:
    provider.trouble = lambda _: Said({"ok": False, "error": "ratelimited"}, 429, {"retry-after": "900"})
    pipeline.deliver(channel, said(1))
    pipeline.settle()
    pipeline.forget_redis()
    pipeline.settle()
    assert len(provider.heard("POST", PATH)) == 1
    provider.trouble = None
    with transaction() as session:
        row = the(session, LookUp)
        assert row.next_try_at > now() + timedelta(minutes=14)
        row.next_try_at = now()
    pipeline.forget_redis()
    pipeline.settle()
    with reading() as session:
        assert the(session, Contact).name == "Kim"


@pytest.mark.parametrize("error", ["missing_scope", "user_not_found"])
def test_a_refusal_ends_the_question_and_leaves_the_channel_alone(
    pipeline: Pipeline, channel: Channel, provider: Slack, error: str
) -> None:
    provider.trouble = lambda _: Said({"ok": False, "error": error})
    pipeline.deliver(channel, said(1))
    pipeline.settle()
    pipeline.forget_redis()
    pipeline.settle()
    assert len(provider.heard("POST", PATH)) == 1
    with reading() as session:
        row = the(session, LookUp)
        assert row.state is LookUpState.DONE
        assert row.reason
        assert session.get_one(Channel, channel.id).is_active
