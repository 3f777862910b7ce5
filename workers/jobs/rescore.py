"""Let the model in use read again what an older one annotated, as long as nobody waits."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from app.db import assert_no_transaction, reading, retrying, transaction
from app.services import rescoring
from app.services.rescoring import Portion
from workers import learned, queues
from workers.learned import Learned

if TYPE_CHECKING:
    from nlp.prediction import Annotation

TURN_SECONDS = 5.0  # so that a worker that is told to stop need not be killed
CONVERSATIONS = 64  # handed out at once


def hand_out() -> None:
    """Give the annotators conversations to read again, unless they have some (the clock calls this)."""
    with reading() as session:
        due = rescoring.due(session, limit=CONVERSATIONS)
    if due and not queues.is_waiting([queues.RESCORING]):
        queues.enqueue([queues.Job(queues.RESCORING, "workers.jobs.rescore.rescore", tuple(due))])


def rescore(conversation_ids: Sequence[int]) -> None:
    """Read these conversations again until all are done, the turn is over, or other work comes in."""
    from nlp.annotate import model_identity

    version, end = model_identity()[1], time.monotonic() + TURN_SECONDS
    with reading() as session:
        if not rescoring.is_in_use(session, version=version):
            return
    for id_ in conversation_ids:
        while rescore_some(id_, version):
            if time.monotonic() > end or is_wanted():
                return


def rescore_some(conversation_id: int, version: str) -> bool:
    """Read some messages of a conversation again; say whether there was anything to do."""

    def claim() -> Portion | None:
        with transaction() as session:
            return rescoring.next_texts(session, conversation_id=conversation_id, version=version)

    portion = retrying(claim)
    if portion is None:
        return False
    with reading() as session:
        known = learned.in_force(session, model_version=version)
    annotations = _annotations(portion, known)

    def keep() -> None:
        with transaction() as session:
            rescoring.keep(session, portion=portion, annotations=annotations)

    retrying(keep)
    return bool(portion.texts)


def is_wanted() -> bool:
    """Say whether the annotator has something better to do: a new message, a question of a screen."""
    return queues.is_waiting([name for name in queues.ANNOTATOR if name != queues.RESCORING])


def _annotations(portion: Portion, known: Learned) -> dict[int, Annotation]:
    """Read one text at a time: who comes in waits for one old message at most."""
    from nlp.annotate import annotate

    assert_no_transaction()
    found: dict[int, Annotation] = {}
    for id_, text in portion.texts.items():
        if found and is_wanted():
            break
        (found[id_],) = annotate([text], heads=known.heads, thresholds=known.thresholds)
    return found
