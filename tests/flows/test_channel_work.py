"""What is done at a provider besides fetching and sending: likes and hidings, templates; and how a channel does."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app.clock import now
from app.db import reading, transaction
from app.errors import Invalid
from app.models import ActionState, Channel, ChannelState, ChannelTemplate, Message, MessageAction, User
from app.services import channel_templates, channels, message_actions, reconcile
from tests.pipeline import Pipeline, make_workspace, the
from workers import doctor
from workers.jobs import channel_templates as template_jobs

POST = {
    "id": "p1",
    "from": {"kind": "handle", "address": "ana"},
    "text": "Look!",
    "is_public": True,
    "sent_at": "2026-11-20T08:58:00+00:00",
}


@pytest.fixture
def channel(pipeline: Pipeline) -> Channel:
    pipeline.folder.mkdir()
    with transaction() as session:
        channel: Channel = make_workspace(session, folder=pipeline.folder)["channel"]
    pipeline.deliver(channel, POST)
    pipeline.settle()
    return channel


def trouble(pipeline: Pipeline, error: str = "", reason: str = "") -> None:
    path = pipeline.folder / "trouble.json"
    if error:
        path.write_text(json.dumps({"error": error, "reason": reason}))
    else:
        path.unlink()


def want(kind: str) -> None:
    with transaction() as session:
        ana = session.scalars(select(User).where(User.name == "Ana")).one()
        message_actions.queue(session, message=the(session, Message), actor=ana, kind=kind)


def actions() -> list[tuple[str, str, str]]:
    with reading() as session:
        rows = session.scalars(select(MessageAction).order_by(MessageAction.id)).all()
    return [(row.kind, row.state.value, row.reason) for row in rows]


def done_in(pipeline: Pipeline) -> list[str]:
    return sorted(json.loads(path.read_text())["kind"] for path in (pipeline.folder / "out").glob("action-*.json"))


@pytest.mark.parametrize("twice", [False, True])
def test_a_message_is_liked_and_then_hidden(pipeline: Pipeline, channel: Channel, *, twice: bool) -> None:
    pipeline.twice = twice
    for kind in ("like", "hide"):
        want(kind)
        want(kind)
    pipeline.settle()
    assert actions() == [("like", "done", ""), ("hide", "done", "")]
    assert done_in(pipeline) == ["hide", "like"]


def test_a_refusal_is_shown_and_can_be_asked_again(pipeline: Pipeline, channel: Channel) -> None:
    trouble(pipeline, "rejected", "This post cannot be liked.")
    want("like")
    pipeline.settle()
    assert actions() == [("like", "failed", "This post cannot be liked.")]
    trouble(pipeline)
    want("like")
    pipeline.settle()
    assert actions()[1:] == [("like", "done", "")]


def test_what_did_not_work_now_is_tried_again_before_what_comes_after_it(pipeline: Pipeline, channel: Channel) -> None:
    trouble(pipeline, "transient", "Too many calls.")
    want("like")
    want("unlike")
    pipeline.settle()
    assert [state for _, state, _ in actions()] == ["queued", "queued"]
    trouble(pipeline)
    with transaction() as session:
        for row in session.scalars(select(MessageAction)):
            row.next_try_at = None
        reconcile.reconcile(session, older_than=timedelta(seconds=-1))
    pipeline.settle()
    assert [state for _, state, _ in actions()] == ["done", "done"]
    with reading() as session:
        done = session.scalars(select(MessageAction.done_at).order_by(MessageAction.id)).all()
    assert done == sorted(done, key=lambda moment: moment or now())


def test_wrong_credentials_pause_the_channel_and_resuming_goes_on(pipeline: Pipeline, channel: Channel) -> None:
    trouble(pipeline, "bad_credentials", "The token was revoked.")
    want("like")
    pipeline.settle()
    with reading() as session:
        paused = session.get_one(Channel, channel.id)
    assert (paused.state, paused.state_reason) == (ChannelState.PAUSED, "The token was revoked.")
    trouble(pipeline)
    with transaction() as session:
        channels.resume(session, channel=session.get_one(Channel, channel.id))
        the(session, MessageAction).next_try_at = None
        reconcile.reconcile(session, older_than=timedelta(seconds=-1))
    pipeline.settle()
    assert actions() == [("like", "done", "")]


def test_what_a_worker_left_behind_is_done_again(pipeline: Pipeline, channel: Channel) -> None:
    want("like")
    with transaction() as session:
        row = the(session, MessageAction)
        row.state, row.claimed_until = ActionState.DOING, now() - timedelta(seconds=1)
    pipeline.redis.flushdb()
    with transaction() as session:
        reconcile.reconcile(session, older_than=timedelta(seconds=-1))
    pipeline.settle()
    assert actions() == [("like", "done", "")]


def test_only_what_a_channel_offers_can_be_done(pipeline: Pipeline, channel: Channel) -> None:
    with pytest.raises(Invalid):
        want("explode")
    with transaction() as session:
        the(session, Message).deleted_at = now()
    with pytest.raises(Invalid):
        want("like")


# ---------------------------------------------------------------- templates


def templates() -> list[tuple[str, str, str]]:
    with reading() as session:
        rows = session.scalars(select(ChannelTemplate).order_by(ChannelTemplate.name, ChannelTemplate.language)).all()
    return [(row.name, row.language, row.text) for row in rows]


def approve(pipeline: Pipeline, *found: dict[str, Any]) -> None:
    (pipeline.folder / "templates.json").write_text(json.dumps(found))


def ask(channel: Channel) -> None:
    with transaction() as session:
        channel_templates.ask(session, channel=session.get_one(Channel, channel.id))


def test_templates_are_what_the_provider_has_now(pipeline: Pipeline, channel: Channel) -> None:
    late, gone = (
        {"name": "late", "language": "en", "text": "Late by {{1}}"},
        {"name": "gone", "language": "en", "text": "x"},
    )
    approve(pipeline, late, gone, {"name": "late", "language": "de", "text": "Zu spät um {{1}}"})
    template_jobs.hand_out()
    template_jobs.hand_out()
    pipeline.relay()
    assert [function for function, _ in pipeline.jobs()] == ["workers.jobs.channel_templates.sync"]
    template_jobs.sync([channel.id])
    assert [name for name, *_ in templates()] == ["gone", "late", "late"]
    approve(pipeline, {**late, "text": "Late by {{1}} days"})
    ask(channel)
    pipeline.settle()
    assert templates() == [("late", "en", "Late by {{1}} days")]
    template_jobs.hand_out()
    assert pipeline.relay() == 0
    with reading() as session:
        assert not channel_templates.is_syncing(session.get_one(Channel, channel.id))


def test_templates_stay_while_the_provider_does_not_answer(pipeline: Pipeline, channel: Channel) -> None:
    approve(pipeline, {"name": "late", "language": "en", "text": "Late"})
    ask(channel)
    pipeline.settle()
    trouble(pipeline, "transient", "No answer.")
    ask(channel)
    pipeline.settle()
    with reading() as session:
        assert session.get_one(Channel, channel.id).templates_error == "No answer."
    assert len(templates()) == 1


def test_a_channel_without_templates_or_at_rest_is_not_asked(pipeline: Pipeline, channel: Channel) -> None:
    with transaction() as session:
        session.get_one(Channel, channel.id).state = ChannelState.PAUSED
    with pytest.raises(Invalid):
        ask(channel)


# ---------------------------------------------------------------- health


def test_the_doctor_tells_of_each_channel_when_it_was_heard_how_late_it_is_and_what_is_wrong(
    pipeline: Pipeline, channel: Channel, capsys: pytest.CaptureFixture[str]
) -> None:
    pipeline.deliver(channel, b"not a message")
    pipeline.settle()
    with transaction() as session:
        session.get_one(Channel, channel.id).last_error = "The server closed the connection."
    assert doctor.run() == 1
    told = capsys.readouterr().out
    (line,) = [line for line in told.splitlines() if line.startswith("  Sandbox ")]
    assert "last success 0 s ago, news 0 s ago, lag 2 min, 1 parked  The server closed the connection." in line
