"""The process that holds the models: loads them once, then drains what waits."""

from __future__ import annotations

import os
from typing import Any

from app.config import settings
from app.db import transaction
from app.services import predictions
from workers import queues
from workers.heartbeat import beating
from workers.jobs import ask, learn


def run() -> None:
    """Load the models, say which they are, then run the annotators' jobs until told to stop.

    Half the cores are left to the others: a thread that waits for a busy core holds up all of a model's threads
    (one message took 82 ms with two threads on two busy cores, 34 ms with one).
    """
    from nlp.annotate import model_identity, warm_up
    from nlp.replacement import Replacement

    state: dict[str, Any] = {"model": None}
    with beating("annotator", lambda: state):
        replacements = [Replacement.parse(text) for text in settings().models]
        warm_up(threads=max(1, (os.cpu_count() or 2) // 2), replacements={other.task: other for other in replacements})
        model_id, version = model_identity()
        with transaction() as session:
            predictions.take_up(session, model_id=model_id, version=version)
        learn.take_up(version)
        state["model"] = f"{model_id} {version}"
        ask.begin_to_learn_tone()
        queues.work(queues.ANNOTATOR)
