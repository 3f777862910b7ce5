"""The process that holds the models: loads them once, then drains what waits."""

from __future__ import annotations

from typing import Any

from workers import queues
from workers.heartbeat import beating


def run(threads: int = 2) -> None:
    """Load the models, then run jobs of the nlp queue until told to stop."""
    from nlp.annotate import model_identity, warm_up

    state: dict[str, Any] = {"model": None}
    with beating("annotator", lambda: state):
        warm_up(threads=threads)
        state["model"] = " ".join(model_identity())
        queues.work(["nlp"])
