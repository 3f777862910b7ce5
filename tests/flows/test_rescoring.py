"""A new model reads old messages again, by the real road: the clock hands out, the annotator reads, new work goes first."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from app.db import reading, transaction
from app.models import Conversation, Message, Prediction
from app.queries import model_versions
from app.services import predictions
from nlp.annotate import model_identity
from tests.annotations import felt
from tests.flows.test_pipeline import ANGRY, THANKS, letter
from tests.pipeline import Pipeline, make_workspace
from workers import queues
from workers.jobs import ingest, rescore

OLD = "an older version"


@pytest.fixture
def old_house(pipeline: Pipeline) -> Pipeline:
    """Three conversations that an older model read, and an annotator that has just come up with ours."""
    with transaction() as session:
        channel = make_workspace(session, folder=pipeline.folder)["channel"]
    letters = [letter(n, ANGRY, thread="a") for n in range(5)]
    letters += [letter(10, THANKS, thread="b"), letter(11, "Hello", thread="c")]
    deliveries = [id_ for n, one in enumerate(letters) for id_ in pipeline.deliver(channel, one, minutes=n)]
    ingest.ingest(deliveries)
    with transaction() as session:
        predictions.take_up(session, model_id="old", version=OLD)
        ids = session.scalars(select(Message.id)).all()
        predictions.record(session, annotations={id_: felt(0.0, version=OLD) for id_ in ids})
    with transaction() as session:
        model_id, version = model_identity()
        predictions.take_up(session, model_id=model_id, version=version)
    pipeline.relay()
    pipeline.jobs()  # what the arrivals led to is of no interest here
    return pipeline


def test_the_clock_and_the_annotator_read_everything_again(old_house: Pipeline) -> None:
    with reading() as session:
        before = model_versions.reading_again(session)
    assert (before.left, before.share) == (3, 0.0)
    rescore.hand_out()
    rescore.hand_out()  # they still have some
    jobs = old_house.jobs()
    assert [len(ids) for _, ids in jobs] == [3]
    for job in jobs:
        old_house.run(job)
    with reading() as session:
        after = model_versions.reading_again(session)
        told = select(Prediction.model_version, func.count(Prediction.message_id.distinct()))
        counts = dict(session.execute(told.group_by(Prediction.model_version)).all())
        angry = session.scalars(select(Conversation).where(Conversation.messages == 5)).one()
    assert (after.left, after.share) == (0, 1.0)
    assert counts == {OLD: 7, model_identity()[1]: 7}
    assert angry.mood is not None
    assert angry.mood < -0.5
    rescore.hand_out()
    assert old_house.jobs() == []


def test_reading_again_gives_way_after_one_text_when_something_waits(old_house: Pipeline) -> None:
    with reading() as session:
        angry = session.scalars(select(Conversation.id).where(Conversation.messages == 5)).one()
    queues.enqueue([queues.Job("nlp", "workers.jobs.annotate.annotate", (1,))])
    rescore.rescore([angry])
    assert _read_again() == 1
    assert old_house.jobs() == [("workers.jobs.annotate.annotate", [1])]
    rescore.rescore([angry])
    assert _read_again() == 5


def test_an_annotator_of_an_older_version_reads_nothing_again(old_house: Pipeline) -> None:
    with transaction() as session:
        predictions.take_up(session, model_id="newer", version="a newer version")
        ids = session.scalars(select(Conversation.id)).all()
    rescore.rescore(ids)
    assert _read_again() == 0


def _read_again() -> int:
    with reading() as session:
        query = select(func.count(Prediction.message_id.distinct()))
        return session.scalar(query.where(Prediction.model_version == model_identity()[1])) or 0
