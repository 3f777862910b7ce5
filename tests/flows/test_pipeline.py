"""The one way of a message, from bytes to the timeline, and the promises that hold whatever happens on the way."""

from __future__ import annotations

import random
from typing import Any

import pytest
from sqlalchemy import select

from app import blobs
from app.db import reading, transaction
from app.models import Activity, AutomationRule, Channel, Conversation, Delivery, DeliveryState, Message
from app.services import activities, assignment, ingest, presence
from tests.flows.snapshot import snapshot
from tests.pipeline import Pipeline, make_workspace, the

ANGRY = "This is the third time I write. My parcel is still missing and nobody answers. I am furious, this is terrible!"
THANKS = "Thank you so much, the new jacket is wonderful and arrived quickly. Great service!"


def letter(number: int, text: str, *, sender: str = "mia@example.com", **more: str) -> dict[str, Any]:
    return {
        "id": f"demo-{number}",
        "from": {"kind": "email", "address": sender, "name": sender.split("@", maxsplit=1)[0].title()},
        "subject": f"Order {number}",
        "text": text,
        "sent_at": "2026-11-20T08:00:00+00:00",
        **more,
    }


LETTERS = [
    letter(1, ANGRY, thread="a"),
    letter(2, THANKS, sender="noah@example.com", thread="b"),
    letter(3, "Any news about my parcel? I am still waiting.", thread="a", subject="Re: Order 1"),
    letter(4, "I would like a refund for order 4, please.", sender="zoe@example.org", thread="c"),
    letter(5, "Hello, how do I change my delivery address?", sender="noah@example.com", thread="d"),
    letter(6, "Guten Tag, ich warte noch auf meine Bestellung und die Rechnung.", sender="ada@example.net", thread="e"),
]


def add_rules() -> None:
    with transaction() as session:
        unhappy = {"match": "all", "of": [{"field": "sentiment", "operator": "is", "value": "negative"}]}
        refund = {"match": "any", "of": [{"field": "text", "operator": "contains", "value": "refund"}]}
        session.add_all(
            [
                AutomationRule(
                    name="Unhappy first",
                    position=1,
                    conditions=unhappy,
                    actions=[{"do": "set_priority", "value": "high"}, {"do": "add_tag", "value": "unhappy"}],
                ),
                AutomationRule(
                    name="Refunds", position=2, conditions=refund, actions=[{"do": "open_case", "value": "request"}]
                ),
            ]
        )


def arrive(pipeline: Pipeline) -> None:
    with transaction() as session:
        channel = make_workspace(session, folder=pipeline.folder)["channel"]
    add_rules()
    for minute, payload in enumerate(LETTERS):
        pipeline.deliver(channel, payload, minutes=minute)


@pytest.fixture
def expected(pipeline: Pipeline) -> dict[str, Any]:
    """The state after an undisturbed run; the tests below start over in the same database names elsewhere."""
    arrive(pipeline)
    pipeline.settle()
    with reading() as session:
        return snapshot(session)


def test_a_message_is_stored_understood_routed_and_assigned(expected: dict[str, Any]) -> None:
    by_messages = {len(c["timeline"]): c for c in expected["conversations"] if c["subject"] == "Order 1"}
    angry = by_messages[2]
    assert angry["priority"] == "high"
    assert angry["tags"] == ["unhappy"]
    assert angry["has_assignee"]
    assert angry["mood"] < 0
    assert all(annotated and routed for *_, annotated, routed, _ in angry["timeline"])
    refund = next(c for c in expected["conversations"] if c["subject"] == "Order 4")
    assert len(refund["cases"]) == 1
    assert len(expected["conversations"]) == 5
    assert [c["mood"] for c in expected["conversations"] if c["subject"] == "Order 6"] == [None]


def test_twice_is_once(expected: dict[str, Any], elsewhere: Pipeline) -> None:
    """Every delivery arrives twice and every job runs twice."""
    elsewhere.twice = True
    arrive(elsewhere)
    with reading() as session:
        channel = the(session, Channel)
    for minute, payload in enumerate(LETTERS):
        assert elsewhere.deliver(channel, payload, minutes=minute) == []
    elsewhere.settle()
    with reading() as session:
        assert snapshot(session) == expected


@pytest.mark.parametrize("seed", range(4))
def test_jobs_may_run_in_any_order(expected: dict[str, Any], elsewhere: Pipeline, seed: int) -> None:
    elsewhere.shuffle = random.Random(seed)
    arrive(elsewhere)
    elsewhere.settle()
    with reading() as session:
        assert snapshot(session) == expected


@pytest.mark.parametrize("step", range(5))
def test_redis_may_be_emptied_between_any_two_steps(expected: dict[str, Any], elsewhere: Pipeline, step: int) -> None:
    arrive(elsewhere)
    for number in range(5):
        elsewhere.relay()
        if number == step:
            elsewhere.forget_redis()
        for job in elsewhere.jobs():
            elsewhere.run(job)
    elsewhere.settle()
    with reading() as session:
        assert snapshot(session) == expected


def test_what_cannot_be_parsed_is_parked_with_its_bytes_and_can_be_tried_again(pipeline: Pipeline) -> None:
    with transaction() as session:
        channel = make_workspace(session, folder=pipeline.folder)["channel"]
    pipeline.deliver(channel, b"\x00\xff not a message")
    pipeline.settle()
    with reading() as session:
        parked = the(session, Delivery)
    assert parked.state is DeliveryState.PARKED
    assert parked.reason
    assert blobs.get(parked.blob_sha256) == b"\x00\xff not a message"
    with transaction() as session:
        ingest.retry_parked(session, delivery=the(session, Delivery))
    pipeline.settle()
    with reading() as session:
        again = the(session, Delivery)
    assert (again.state, again.attempts) == (DeliveryState.PARKED, 1)


def test_one_hostile_message_does_not_spoil_its_batch(pipeline: Pipeline) -> None:
    with transaction() as session:
        channel = make_workspace(session, folder=pipeline.folder)["channel"]
    pipeline.deliver(channel, letter(1, "fine"))
    pipeline.deliver(channel, letter(2, "nul \x00 and a lone surrogate \ud800", sender="b@example.com"))
    pipeline.deliver(channel, b"[]")
    pipeline.settle()
    with reading() as session:
        texts = set(session.scalars(select(Message.text)))
        states = sorted(session.scalars(select(Delivery.state)))
    assert texts == {"fine", "nul  and a lone surrogate ?"}
    assert states == [DeliveryState.INGESTED, DeliveryState.INGESTED, DeliveryState.PARKED]


def test_a_rule_tells_its_reason_in_the_timeline(expected: dict[str, Any]) -> None:
    with reading() as session:
        lines = [activities.sentence(a.verb, a.data) for a in session.scalars(select(Activity))]
    assert any("Rule “Refunds” opened case" in line and "contains “refund”" in line for line in lines)
    assert any("Unhappy first" in line and "% sure" in line for line in lines)


def test_work_waits_for_somebody_to_come_online(pipeline: Pipeline) -> None:
    with transaction() as session:
        made = make_workspace(session, folder=pipeline.folder, online=False)
    pipeline.deliver(made["channel"], LETTERS[0])
    pipeline.settle()
    with reading() as session:
        assert the(session, Conversation).assignee_id is None
    with transaction() as session:
        presence.connect(session, user_id=made["agents"][1].id, connection="late")
    with transaction() as session:
        assert assignment.sweep(session) == 1
    with reading() as session:
        assert the(session, Conversation).assignee_id == made["agents"][1].id


def test_turns_go_round(pipeline: Pipeline) -> None:
    with transaction() as session:
        made = make_workspace(session, folder=pipeline.folder)
    for number in range(6):
        pipeline.deliver(made["channel"], letter(number, "Hello?", sender=f"c{number}@example.com"))
    pipeline.settle()
    with reading() as session:
        given = list(session.scalars(select(Conversation.assignee_id).order_by(Conversation.id)))
    assert [given.count(agent.id) for agent in made["agents"]] == [3, 3]
