"""Fill the index of the search with what was written before there was one, while nobody waits for the worker."""

from __future__ import annotations

import time
from collections.abc import Sequence

from app.db import reading, retrying, transaction
from app.services import search_fill
from workers import queues

QUEUE = "slow"
TURN_SECONDS = 5.0  # then others have theirs


def hand_out() -> None:
    """Have a worker fill in what is missing, unless one is asked already (the clock calls this)."""
    with reading() as session:
        due = search_fill.is_due(session)
    if due and not queues.is_waiting([QUEUE]):
        queues.enqueue([queues.Job(QUEUE, "workers.jobs.search.fill", (1,))])


def fill(_ids: Sequence[int]) -> None:
    """Fill in until nothing is missing or the turn is over."""
    end = time.monotonic() + TURN_SECONDS
    while retrying(_portion) and time.monotonic() < end:
        pass


def _portion() -> bool:
    with transaction() as session:
        return search_fill.next_portion(session)
