"""Go on with what is done to many conversations: chunk after chunk, then make room for others."""

from __future__ import annotations

import time
from collections.abc import Sequence

from app import outbox
from app.db import retrying, transaction
from app.events import BulkQueued
from app.services import bulk_actions

SECONDS = 45  # of one job


def run(bulk_ids: Sequence[int]) -> None:
    """Do all that waits of these, for as long as one job may take; the rest is another job's."""
    for bulk_id in bulk_ids:
        until = time.monotonic() + SECONDS
        while retrying(lambda id_=bulk_id: _chunk(id_)):  # type: ignore[misc]  # bound now, not when called
            if time.monotonic() > until:
                with transaction() as session:
                    outbox.record(session, BulkQueued(bulk_id=bulk_id))
                break


def _chunk(bulk_id: int) -> bool:
    with transaction() as session:
        return bulk_actions.run_chunk(session, bulk_id=bulk_id)
