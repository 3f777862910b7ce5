"""What people say is learned: from the correction through the real relay and the real jobs to the next message."""

from __future__ import annotations

import random
from typing import Any

import pytest
from sqlalchemy import select

from app.db import reading, transaction
from app.models import Conversation, Correction, Learning, LightHead, Message, Prediction, SentimentCount, Subject, User
from app.services import corrections, learning, light_heads, sentiment_counts, thresholds, workspace_intents
from app.services.light_heads import Fitted
from tests.flows.test_pipeline import letter
from tests.pipeline import Pipeline, make_workspace
from workers.jobs import learn

SUBTLE = "The kettle came in the old grey carton with the blue tape around it."
FAR = "Guests praised the lovely breakfast on the terrace, thank you so much!"


@pytest.fixture
def workspace(pipeline: Pipeline) -> dict[str, Any]:
    with transaction() as session:
        return make_workspace(session, folder=pipeline.folder)


def arrive(pipeline: Pipeline, workspace: dict[str, Any], number: int, text: str) -> int:
    """Let a mail arrive and be understood; return the message's id."""
    sender = f"customer{number}@example.com"
    pipeline.deliver(workspace["channel"], letter(number, text, sender=sender, thread=f"t{number}"), minutes=number)
    pipeline.settle()
    with reading() as session:
        found = session.scalars(select(Message.id).where(Message.external_id == f"demo-{number}")).one()
    return int(found)


def said(message_id: int, task: str) -> Prediction:
    with reading() as session:
        query = select(Prediction).where(Prediction.message_id == message_id, Prediction.task == task)
        return session.scalars(query).one()


def correct(message_id: int, task: str, *labels: str) -> None:
    with transaction() as session:
        actor = session.scalars(select(User).where(User.email.startswith("ana"))).one()
        message = session.get_one(Message, message_id)
        corrections.correct(session, message=message, task=task, labels=labels, actor=actor)


def in_use(task: str) -> LightHead | None:
    with reading() as session:
        return light_heads.in_use(session, task)


def go_to(task: str, version: int | None) -> None:
    with transaction() as session:
        actor = session.scalars(select(User).where(User.email.startswith("admin"))).one()
        light_heads.activate(session, task=task, version=version, actor=actor)


def test_the_same_words_get_the_corrected_label_from_the_next_message_on(
    pipeline: Pipeline, workspace: dict[str, Any]
) -> None:
    first = arrive(pipeline, workspace, 1, SUBTLE)
    before = said(first, "sentiment").label
    wanted = "negative" if before != "negative" else "positive"
    far = said(arrive(pipeline, workspace, 2, FAR), "sentiment")
    correct(first, "sentiment", wanted)
    pipeline.settle()
    again = said(arrive(pipeline, workspace, 3, SUBTLE), "sentiment")
    assert (again.label, again.head_version) == (wanted, 1)
    far_again = said(arrive(pipeline, workspace, 4, FAR), "sentiment")
    assert far_again.label == far.label  # a correction bends the answer near its text and nowhere else


def test_a_text_corrected_twice_is_learned_from_what_the_model_itself_says(
    pipeline: Pipeline, workspace: dict[str, Any]
) -> None:
    first = arrive(pipeline, workspace, 1, SUBTLE)
    correct(first, "sentiment", "negative")
    pipeline.settle()
    again = arrive(pipeline, workspace, 2, SUBTLE)
    correct(again, "sentiment", "positive")
    correct(first, "sentiment", "positive")
    pipeline.settle()
    with reading() as session:
        base = session.scalars(select(Correction.base).where(Correction.message_id == again)).one()
    own = said(first, "sentiment").probabilities
    assert base == pytest.approx(own, abs=1e-3)
    assert said(again, "sentiment").probabilities["negative"] > own["negative"]  # what the head had made of it
    assert said(arrive(pipeline, workspace, 3, SUBTLE), "sentiment").label == "positive"


def test_emotions_and_intents_are_learned_alike(pipeline: Pipeline, workspace: dict[str, Any]) -> None:
    first = arrive(pipeline, workspace, 1, SUBTLE)
    intent = "complaint" if said(first, "intent").label != "complaint" else "other"
    correct(first, "emotion", "worry", "disappointment")
    correct(first, "intent", intent)
    pipeline.settle()
    again = arrive(pipeline, workspace, 2, SUBTLE)
    assert {label for label, _ in said(again, "emotion").labels} == {"worry", "disappointment"}
    assert said(again, "intent").label == intent


def test_going_back_unlearns_and_the_next_correction_learns_on_without_what_was_left_out(
    pipeline: Pipeline, workspace: dict[str, Any]
) -> None:
    first, other = arrive(pipeline, workspace, 1, SUBTLE), arrive(pipeline, workspace, 2, FAR)
    was = said(first, "sentiment").label
    correct(first, "sentiment", "negative" if was != "negative" else "positive")
    pipeline.settle()
    go_to("sentiment", None)
    assert said(arrive(pipeline, workspace, 3, SUBTLE), "sentiment").label == was
    correct(other, "sentiment", "negative")
    pipeline.settle()
    head = in_use("sentiment")
    assert head
    assert (head.version, head.examples) == (2, 1)
    assert said(arrive(pipeline, workspace, 4, SUBTLE), "sentiment").label == was
    go_to("sentiment", 1)
    assert said(arrive(pipeline, workspace, 5, SUBTLE), "sentiment").label != was
    with reading() as session:
        aside = session.scalars(select(Correction).where(Correction.set_aside_at.is_not(None))).all()
    assert [row.message_id for row in aside] == [other]


def test_who_takes_the_last_correction_back_goes_back_to_the_model(
    pipeline: Pipeline, workspace: dict[str, Any]
) -> None:
    first = arrive(pipeline, workspace, 1, SUBTLE)
    correct(first, "sentiment", "negative")
    pipeline.settle()
    assert in_use("sentiment")
    with transaction() as session:
        corrections.undo(session, message=session.get_one(Message, first), task="sentiment", actor=None)
    pipeline.settle()
    assert in_use("sentiment") is None


def test_a_correction_moves_the_mood_and_the_counts_at_once(pipeline: Pipeline, workspace: dict[str, Any]) -> None:
    first = arrive(pipeline, workspace, 1, FAR)
    correct(first, "sentiment", "negative")
    with transaction() as session:
        conversation = session.get_one(Conversation, session.get_one(Message, first).conversation_id)
        assert (conversation.sentiment, conversation.mood) == ("negative", -1.0)
        counted = counts(session)
        sentiment_counts.recompute(session)
        assert counts(session) == counted
    assert [(label, score) for label, task, _, score in counted if task == "sentiment"] == [("negative", -1.0)]


def counts(session: Any) -> list[tuple[str, str, int, float]]:
    query = select(SentimentCount.label, SentimentCount.task, SentimentCount.messages, SentimentCount.score_sum)
    return sorted(tuple(row) for row in session.execute(query))


def test_a_lost_wake_up_is_found_again(pipeline: Pipeline, workspace: dict[str, Any]) -> None:
    first = arrive(pipeline, workspace, 1, SUBTLE)
    correct(first, "sentiment", "negative")
    pipeline.relay()
    pipeline.forget_redis()
    pipeline.settle()
    head = in_use("sentiment")
    assert head
    assert head.version == 1


def test_learning_twice_or_in_any_order_makes_the_same_head(pipeline: Pipeline, workspace: dict[str, Any]) -> None:
    pipeline.twice, pipeline.shuffle = True, random.Random(11)
    first, other = arrive(pipeline, workspace, 1, SUBTLE), arrive(pipeline, workspace, 2, FAR)
    correct(first, "sentiment", "negative")
    correct(other, "sentiment", "neutral")
    pipeline.settle()
    learn.learn([1])
    head = in_use("sentiment")
    assert head
    assert (head.version, head.examples) == (1, 2)


def test_own_intents_are_trained_used_and_corrected(pipeline: Pipeline, workspace: dict[str, Any]) -> None:
    add_own_intents(workspace)
    pipeline.settle()
    head = in_use("intent")
    assert head
    assert set(head.labels) == {"grinder_jams", "roast_is_too_dark"}
    assert head.metrics["per_label"]["grinder_jams"]["n"] == 8
    message = arrive(pipeline, workspace, 1, "My grinder is jammed again and the beans do not move at all")
    assert said(message, "intent").label == "grinder_jams"
    odd = arrive(pipeline, workspace, 2, "The burrs spin but nothing ever falls into the cup, what now?")
    correct(odd, "intent", "roast_is_too_dark")
    pipeline.settle()
    head = in_use("intent")
    assert head
    assert (head.version, head.examples) == (2, 17)
    archive("roast_is_too_dark")
    pipeline.settle()
    assert in_use("intent") is None  # one intent alone tells nothing apart: the built-in ones are used again
    assert said(arrive(pipeline, workspace, 3, "I want my money back"), "intent").label == "refund_return"


def add_own_intents(workspace: dict[str, Any]) -> None:
    grinder = ["is jammed", "is stuck", "makes a noise and stops", "does not turn", "blocks after ten seconds"]
    grinder += ["swallowed a stone and is jammed now", "jams with every dark bean", "is blocked again"]
    roast = ["is too dark for me", "tastes burnt", "is nearly black", "was darker than last time", "tastes of ash"]
    roast += ["came out far too dark", "is much too bitter and dark", "looks like charcoal"]
    with transaction() as session:
        actor = session.get_one(User, workspace["admin"].id)
        for title, start, ends in (("Grinder jams", "My grinder", grinder), ("Roast is too dark", "The roast", roast)):
            intent = workspace_intents.create(session, title=title)
            workspace_intents.add_examples(
                session, intent=intent, texts=[f"{start} {end}" for end in ends], actor=actor
            )
        workspace_intents.train(session, actor=actor)


def archive(slug: str) -> None:
    with transaction() as session:
        actor = session.scalars(select(User).where(User.email.startswith("admin"))).one()
        workspace_intents.archive(session, intent=workspace_intents.named(session, slug), actor=actor)


def test_a_threshold_decides_what_is_used_from_the_next_message_on(
    pipeline: Pipeline, workspace: dict[str, Any]
) -> None:
    assert not said(arrive(pipeline, workspace, 1, FAR), "sentiment").abstained
    with transaction() as session:
        actor = session.get_one(User, workspace["admin"].id)
        thresholds.put(session, task="sentiment", threshold=1.0, actor=actor)
    again = said(arrive(pipeline, workspace, 2, FAR), "sentiment")
    assert (again.abstained, again.abstain_reason) == (True, "confidence")


def test_what_was_learned_from_another_model_is_learned_anew(pipeline: Pipeline, workspace: dict[str, Any]) -> None:
    first = arrive(pipeline, workspace, 1, SUBTLE)
    correct(first, "sentiment", "negative")
    pipeline.settle()
    with transaction() as session:
        session.scalars(select(LightHead)).one().model_version = "older"
    assert said(arrive(pipeline, workspace, 2, SUBTLE), "sentiment").head_version is None
    learn.take_up(said(first, "sentiment").model_version)
    pipeline.settle()
    assert said(arrive(pipeline, workspace, 3, SUBTLE), "sentiment").head_version == 2


def test_somebody_elses_choice_made_meanwhile_stays(pipeline: Pipeline, workspace: dict[str, Any]) -> None:
    first = arrive(pipeline, workspace, 1, SUBTLE)
    correct(first, "sentiment", "negative")
    with transaction() as session:
        claim = learning.claim(session)
    assert claim
    go_to("sentiment", None)
    with transaction() as session:
        learning.keep(session, claim, Fitted(b"x", ["negative"], 1, {}, [], "1"))
    assert in_use("sentiment") is None
    with reading() as session:
        row = session.scalars(select(Learning).where(Learning.subject == Subject.SENTIMENT)).one()
    assert not row.is_waiting


def test_a_head_is_known_by_more_than_its_number(pipeline: Pipeline, workspace: dict[str, Any]) -> None:
    """A restored database gives numbers out again; the annotator must not take an old head for the new one."""
    first = arrive(pipeline, workspace, 1, SUBTLE)
    correct(first, "sentiment", "negative")
    pipeline.settle()
    arrive(pipeline, workspace, 2, SUBTLE)
    old = in_use("sentiment")
    assert old
    wanted = "complaint" if said(first, "intent").label != "complaint" else "other"
    correct(first, "intent", wanted)
    pipeline.settle()
    with transaction() as session:
        session.delete(session.get_one(LightHead, old.id))
        session.flush()
        new = session.scalars(select(LightHead).where(LightHead.task == "intent")).one()
        new.id = old.id
    assert said(arrive(pipeline, workspace, 3, SUBTLE), "intent").label == wanted
