"""From an event to a customer's own system: a real receiver, the real relay, queue and jobs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import select

from app import config, outbox
from app.clock import now
from app.config import ROOT
from app.db import reading, transaction
from app.events import MessageAnnotated, MessageReceived, MoodChanged, WebhookQueued
from app.models import (
    Channel,
    Conversation,
    Message,
    OutboxEvent,
    Priority,
    User,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookState,
)
from app.services import conversations, predictions, reconcile, replies, webhook_deliveries, webhooks
from tests.annotations import Said, felt
from tests.pipeline import Pipeline, make_workspace, the
from tests.receiver import Receiver, receiver

TEXT = "My card 4111 1111 1111 1111 was charged twice, write to mia@example.com"
DELIVER = "workers.jobs.webhooks.deliver"


@pytest.fixture
def allowed(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> Pipeline:
    """An installation that lets webhooks go to this machine."""
    monkeypatch.setenv("WEBHOOKS_TO_PRIVATE", "1")
    config.forget()
    return pipeline


@pytest.fixture
def other() -> Iterator[Receiver]:
    with receiver() as receiving:
        yield receiving


def connect(other: Receiver, *events: str) -> str:
    """Make an endpoint; return its secret."""
    with transaction() as session:
        names = list(events or webhooks.NAMES)
        return webhooks.add(session, name="Warehouse", url=other.url, events=names)[1]


def arrive(pipeline: Pipeline, number: int = 1) -> None:
    """Bring one message as far as the timeline; the models stay out of it."""
    with transaction() as session:
        channel = session.scalars(select(Channel)).first()
        channel = channel or make_workspace(session, folder=pipeline.folder, online=False)["channel"]
    letter = {
        "id": f"w{number}",
        "from": {"kind": "email", "address": "mia@example.com", "name": "Mia Muster"},
        "subject": "Charged twice",
        "text": TEXT,
        "sent_at": "2026-11-20T08:00:00+00:00",
    }
    pipeline.deliver(channel, letter, minutes=number)
    pipeline.relay()
    for job in pipeline.jobs():
        if job[0] == "workers.jobs.ingest.ingest":
            pipeline.run(job)


def run(pipeline: Pipeline, *functions: str) -> None:
    """Relay and run the jobs of these functions until none comes; others are dropped."""
    while True:
        pipeline.relay()
        jobs = [job for job in pipeline.jobs() if job[0] in functions]
        if not jobs:
            return
        for job in jobs:
            pipeline.run(job)


def annotate() -> None:
    with transaction() as session:
        waiting = session.scalars(select(Message.id).where(Message.annotated_at.is_(None))).all()
        angry = Said("emotion", "anger", labels=(("anger", 0.8), ("worry", 0.6)))
        predictions.record(session, annotations={id_: felt(-0.9, angry) for id_ in waiting})


def deliveries() -> list[WebhookDelivery]:
    with reading() as session:
        return list(session.scalars(select(WebhookDelivery).order_by(WebhookDelivery.id)))


def endpoint() -> WebhookEndpoint:
    with reading() as session:
        found: WebhookEndpoint = the(session, WebhookEndpoint)
        return found


def told(other: Receiver) -> list[dict[str, Any]]:
    return [json.loads(heard.body) for heard in other.heard]


def verifier() -> Any:
    """Return `is_ours` as the README prints it."""
    (printed,) = re.findall(r"```python\n(import base64.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    names: dict[str, Any] = {}
    exec(printed, names)
    return names["is_ours"]


def test_a_message_is_told_from_its_arrival_to_the_reply(allowed: Pipeline, other: Receiver) -> None:
    connect(other)
    arrive(allowed)
    annotate()
    run(allowed, DELIVER)
    assert [one["type"] for one in told(other)] == [
        MessageReceived.wire_name(),
        MoodChanged.wire_name(),
        MessageAnnotated.wire_name(),
    ]
    annotated = next(one["data"] for one in told(other) if one["type"] == MessageAnnotated.wire_name())
    with reading() as session:
        conversation, message = the(session, Conversation), the(session, Message)
    assert annotated["conversation"]["id"] == str(conversation.public_id)
    assert annotated["conversation"]["mood"] == conversation.mood
    assert annotated["message"]["id"] == str(message.public_id)
    assert annotated["conversation"]["url"].endswith(f"/inbox/c/{conversation.public_id}")
    emotion = next(said for said in annotated["predictions"] if said["task"] == "emotion")
    assert emotion["labels"] == [{"label": "anger", "confidence": 0.8}, {"label": "worry", "confidence": 0.6}]
    assert emotion["model"]["version"] == "1"
    assert all(row.state is WebhookState.DELIVERED and row.response_code == 200 for row in deliveries())


def test_no_name_address_or_card_number_leaves(allowed: Pipeline, other: Receiver) -> None:
    connect(other)
    arrive(allowed)
    annotate()
    run(allowed, DELIVER)
    assert len(other.heard) == 3
    for heard in other.heard:
        for word in (b"mia@example.com", b"Muster", b"4111 1111", b"Charged twice"):
            assert word not in heard.body
    text = told(other)[0]["data"]["message"]["text"]
    assert text.startswith("My card ")
    assert "was charged twice, write to" in text


def test_the_readmes_verifier_accepts_ours_and_nothing_else(allowed: Pipeline, other: Receiver) -> None:
    secret = connect(other)
    arrive(allowed)
    run(allowed, DELIVER)
    (heard,) = other.heard
    is_ours = verifier()
    assert is_ours(secret, heard.headers, heard.body)
    assert not is_ours(secret, heard.headers, heard.body + b" ")
    assert not is_ours(secret, {**heard.headers, "webhook-id": "msg_other"}, heard.body)
    with transaction() as session:
        new = webhooks.rotate(session, endpoint=the(session, WebhookEndpoint))
    assert not is_ours(new, heard.headers, heard.body)
    with time_machine.travel(now() + timedelta(minutes=6)):
        assert not is_ours(secret, heard.headers, heard.body)


def test_for_a_day_the_old_secret_signs_beside_the_new_one(allowed: Pipeline, other: Receiver) -> None:
    old = connect(other, MessageReceived.wire_name())
    with transaction() as session:
        new = webhooks.rotate(session, endpoint=the(session, WebhookEndpoint))
    is_ours = verifier()
    arrive(allowed)
    run(allowed, DELIVER)
    assert all(is_ours(secret, other.heard[0].headers, other.heard[0].body) for secret in (old, new))
    with time_machine.travel(now() + timedelta(days=1, minutes=1)):
        arrive(allowed, 2)
        run(allowed, DELIVER)
        assert is_ours(new, other.heard[1].headers, other.heard[1].body)
        assert not is_ours(old, other.heard[1].headers, other.heard[1].body)


def test_only_what_was_chosen_is_told(allowed: Pipeline, other: Receiver) -> None:
    connect(other, MoodChanged.wire_name())
    arrive(allowed)
    annotate()
    run(allowed, DELIVER)
    (change,) = told(other)
    assert (change["data"]["was"], change["data"]["mood"]) == ("even", "bad")


def test_a_reply_and_a_priority_are_told(allowed: Pipeline, other: Receiver) -> None:
    arrive(allowed)
    run(allowed, DELIVER)
    connect(other)
    with transaction() as session:
        conversation = session.scalars(select(Conversation).with_for_update()).one()
        agent = session.scalars(select(User).order_by(User.id).limit(1)).one()
        conversations.set_priority(session, conversation=conversation, actor=agent, priority=Priority.URGENT)
        replies.queue_reply(session, conversation=conversation, author=agent, text="Sorry!", client_key="k1")
    run(allowed, DELIVER, "workers.jobs.send.send")
    types = [one["type"] for one in told(other)]
    assert "reply.sent" in types
    assert "conversation.changed" in types
    assert told(other)[-1]["data"]["conversation"]["priority"] == "urgent"


def test_a_fact_is_told_once_however_often_it_is_said(allowed: Pipeline, other: Receiver) -> None:
    """The relay publishes at least once, reconcile says things again, jobs run twice."""
    allowed.twice = True
    connect(other, MessageReceived.wire_name())
    arrive(allowed)
    with transaction() as session:
        reconcile.reconcile(session, older_than=timedelta(seconds=-1))
        for row in session.scalars(select(OutboxEvent)):
            row.published_at = None
    run(allowed, DELIVER)
    assert len(other.heard) == 1


def test_an_emptied_redis_loses_no_letter(allowed: Pipeline, other: Receiver) -> None:
    connect(other, MessageReceived.wire_name())
    arrive(allowed)
    allowed.relay()
    allowed.forget_redis()
    run(allowed, DELIVER)
    assert len(other.heard) == 1


def test_a_failed_letter_is_tried_again_later_with_the_same_id_and_words(allowed: Pipeline, other: Receiver) -> None:
    connect(other, MessageReceived.wire_name())
    other.answers = [(500, {}, b"boom"), (200, {}, b"")]
    arrive(allowed)
    run(allowed, DELIVER)
    (row,) = deliveries()
    assert (row.state, row.attempts, row.response_code, row.response) == (WebhookState.WAITING, 1, 500, "boom")
    assert row.next_attempt_at is not None
    assert timedelta(seconds=7) < row.next_attempt_at - now() < timedelta(seconds=13)
    with transaction() as session:
        the(session, Conversation).mood = 0.5  # what is told stays what it was
    with time_machine.travel(now() + timedelta(seconds=14)):
        nudge(allowed)
    first, second = other.heard
    assert first.body == second.body
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.headers["webhook-timestamp"] != second.headers["webhook-timestamp"]
    assert deliveries()[0].state is WebhookState.DELIVERED
    assert endpoint().failures == 0


def nudge(pipeline: Pipeline) -> None:
    with transaction() as session:
        reconcile.reconcile(session)
    run(pipeline, DELIVER)


def test_while_an_endpoint_is_down_nothing_else_is_tried(allowed: Pipeline, other: Receiver) -> None:
    connect(other, MessageReceived.wire_name())
    other.answers = [(503, {"retry-after": "300"}, b""), (200, {}, b"")]
    for number in range(3):
        arrive(allowed, number)
    run(allowed, DELIVER)
    assert len(other.heard) == 1
    assert [row.attempts for row in deliveries()] == [1, 0, 0]
    with time_machine.travel(now() + timedelta(seconds=11)):
        nudge(allowed)  # up again: the two that nobody had tried leave at once, the first when it was asked to
    assert len(other.heard) == 3
    with time_machine.travel(now() + timedelta(seconds=330)):
        nudge(allowed)
    assert len(other.heard) == 4
    assert all(row.state is WebhookState.DELIVERED for row in deliveries())


def test_after_days_of_failures_it_is_paused_with_the_reason(allowed: Pipeline, other: Receiver) -> None:
    connect(other, MessageReceived.wire_name())
    other.answers = [(500, {}, b"")]
    arrive(allowed)
    began, ahead = now(), timedelta()
    while endpoint().is_active and ahead < timedelta(days=9):
        with time_machine.travel(began + ahead):
            if ahead.seconds // 3600 % 12 == 0:
                arrive(allowed, ahead // timedelta(hours=1) + 2)
            nudge(allowed)
        ahead += timedelta(hours=2)
    assert timedelta(days=3) <= ahead < timedelta(days=4)
    assert "3 days" in endpoint().paused_reason
    assert "500" in endpoint().paused_reason
    heard = len(other.heard)
    with time_machine.travel(began + ahead + timedelta(days=1)):
        arrive(allowed, 999)
        nudge(allowed)
    assert len(other.heard) == heard


def test_one_letter_is_given_up_after_two_days_and_can_be_sent_again(allowed: Pipeline, other: Receiver) -> None:
    connect(other, MessageReceived.wire_name())
    other.answers = [(422, {}, b"no such order")]
    arrive(allowed)
    run(allowed, DELIVER)
    began, step = now(), 0
    while deliveries()[0].state is WebhookState.WAITING:
        step += 1
        with time_machine.travel(began + timedelta(hours=step)):
            nudge(allowed)
        assert step < 100
    assert deliveries()[0].attempts == webhook_deliveries.MAX_ATTEMPTS
    other.answers = [(200, {}, b"")]
    with transaction() as session:
        webhook_deliveries.send_again(session, delivery=the(session, WebhookDelivery))
    run(allowed, DELIVER)
    assert deliveries()[0].state is WebhookState.DELIVERED
    assert len({heard.headers["webhook-id"] for heard in other.heard}) == 1


def test_gone_means_gone(allowed: Pipeline, other: Receiver) -> None:
    connect(other, MessageReceived.wire_name())
    other.answers = [(410, {}, b"")]
    arrive(allowed)
    run(allowed, DELIVER)
    assert not endpoint().is_active
    assert deliveries()[0].state is WebhookState.FAILED


def test_a_test_letter_reaches_also_a_paused_endpoint_and_is_tried_once(allowed: Pipeline, other: Receiver) -> None:
    secret = connect(other, MessageReceived.wire_name())
    other.answers = [(500, {}, b""), (200, {}, b"")]
    with transaction() as session:
        webhooks.pause(session, endpoint=the(session, WebhookEndpoint), reason="Holidays.")
    for _ in range(2):
        with transaction() as session:
            webhook_deliveries.send_test(session, endpoint=the(session, WebhookEndpoint))
        run(allowed, DELIVER)
    assert [row.state for row in deliveries()] == [WebhookState.FAILED, WebhookState.DELIVERED]
    assert verifier()(secret, other.heard[1].headers, other.heard[1].body)
    assert endpoint().failing_since is None


def test_a_private_address_hears_nothing_unless_the_installation_allows_it(pipeline: Pipeline, other: Receiver) -> None:
    with transaction() as session:  # stored while it was allowed, or a name that leads here now
        made = webhooks.add(session, name="Inside", url="https://example.com/", events=[MessageReceived.wire_name()])[0]
        made.url = other.url.replace("127.0.0.1", "localhost")
    arrive(pipeline)
    run(pipeline, DELIVER)
    assert other.heard == []
    assert "may not be reached" in deliveries()[0].error
    assert deliveries()[0].state is WebhookState.WAITING


def test_redirects_are_failures_that_say_what_to_do(allowed: Pipeline, other: Receiver) -> None:
    connect(other, MessageReceived.wire_name())
    other.answers = [(301, {"location": "http://127.0.0.1:1/"}, b"")]
    arrive(allowed)
    run(allowed, DELIVER)
    assert "redirects are not followed" in deliveries()[0].error


def test_what_nobody_can_hear_is_not_even_planned(allowed: Pipeline) -> None:
    arrive(allowed)
    with transaction() as session:
        outbox.record(session, WebhookQueued(endpoint_id=12345))  # deleted meanwhile
    run(allowed, DELIVER)
    assert deliveries() == []


def test_old_letters_are_forgotten(allowed: Pipeline, other: Receiver) -> None:
    connect(other, MessageReceived.wire_name())
    arrive(allowed)
    run(allowed, DELIVER)
    with time_machine.travel(now() + timedelta(days=29)), transaction() as session:
        webhook_deliveries.purge(session)
    assert len(deliveries()) == 1
    with time_machine.travel(now() + timedelta(days=31)), transaction() as session:
        webhook_deliveries.purge(session)
    assert deliveries() == []
