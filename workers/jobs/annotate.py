"""Say what waiting messages are about."""

from __future__ import annotations

from collections.abc import Sequence

from app.db import assert_no_transaction, reading, retrying, transaction
from app.services import predictions
from workers import learned
from workers.jobs import ask, learn

BATCH = 64


def annotate(message_ids: Sequence[int]) -> None:  # noqa: ARG001 - the job is a wake-up; all that waits is drained
    """Drain every message nobody has annotated, in batches."""
    while annotate_batch() == BATCH:
        ask.answer(())  # who looks at a screen does not wait for a backlog
        learn.learn(())  # what people taught meanwhile counts from the next batch on


def annotate_batch() -> int:
    """Annotate the oldest waiting messages; return how many there were. The model runs with no transaction open."""
    from nlp.annotate import annotate as say
    from nlp.annotate import model_identity

    with reading() as session:
        waiting = predictions.waiting_texts(session, limit=BATCH)
        known = learned.in_force(session, model_version=model_identity()[1]) if waiting else None
    if known is None:
        return 0
    assert_no_transaction()
    said = say([text for _, text in waiting], heads=known.heads, thresholds=known.thresholds)
    annotations = {message_id: annotation for (message_id, _), annotation in zip(waiting, said, strict=True)}

    def record() -> None:
        with transaction() as session:
            predictions.record(session, annotations=annotations, read=dict(waiting))

    retrying(record)
    return len(waiting)
