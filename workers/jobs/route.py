"""Run the rules over messages that have been understood."""

from __future__ import annotations

from collections.abc import Sequence

from app.db import retrying, transaction
from app.services import routing


def route(message_ids: Sequence[int]) -> None:
    """Route a batch in one transaction."""

    def work() -> None:
        with transaction() as session:
            routing.route(session, message_ids=message_ids)

    retrying(work)
