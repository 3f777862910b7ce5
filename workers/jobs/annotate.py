"""Say what waiting messages are about."""

from __future__ import annotations

from collections.abc import Sequence

from app.db import assert_no_transaction, reading, retrying, transaction
from app.services import predictions

BATCH = 64


def annotate(message_ids: Sequence[int]) -> None:  # noqa: ARG001 - the job is a wake-up; all that waits is drained
    """Drain every message nobody has annotated, in batches."""
    while annotate_batch() == BATCH:
        pass


def annotate_batch() -> int:
    """Annotate the oldest waiting messages; return how many there were. The model runs with no transaction open."""
    from nlp.annotate import annotate as say

    with reading() as session:
        waiting = predictions.waiting_texts(session, limit=BATCH)
    if not waiting:
        return 0
    assert_no_transaction()
    said = say([text for _, text in waiting])
    annotations = {message_id: annotation for (message_id, _), annotation in zip(waiting, said, strict=True)}

    def record() -> None:
        with transaction() as session:
            predictions.record(session, annotations=annotations)

    retrying(record)
    return len(waiting)
