"""What happens because time passed."""

from __future__ import annotations

from datetime import timedelta

from app import blobs
from app.clock import now
from app.db import reading, retrying, transaction
from app.services import (
    asks,
    assignment,
    bulk_actions,
    conversations,
    draft_files,
    health,
    message_changes,
    presence,
    scheduled_replies,
    webhook_deliveries,
)
from app.services import reconcile as reconciling

LOST = timedelta(seconds=5)  # an ask that waited this long is asked again


def reconcile() -> None:
    """Record again what should have moved and did not."""
    with transaction() as session:
        reconciling.reconcile(session)
        asks.nudge(session, older_than=LOST)


def settle_changes() -> None:
    """Apply changes of messages whose message came after all. A transaction of its own: it locks names first."""

    def work() -> None:
        with transaction() as session:
            message_changes.reconcile(session)
        with transaction() as session:
            message_changes.say_orphans(session)

    retrying(work)


def wake_snoozed() -> None:
    with transaction() as session:
        conversations.wake_due(session)


def release_scheduled() -> None:
    """Queue the replies whose time has come, each in a transaction of its own."""
    with reading() as session:
        ids = scheduled_replies.due(session)
    for id_ in ids:
        retrying(lambda id_=id_: _release(id_))  # type: ignore[misc] # mypy cannot infer lambdas with defaults


def _release(scheduled_id: int) -> None:
    with transaction() as session:
        scheduled_replies.release(session, scheduled_id=scheduled_id)


def sweep_unassigned() -> None:
    """Hand out what waited for somebody to come online."""

    def work() -> None:
        with transaction() as session:
            assignment.sweep(session)

    retrying(work)


def purge() -> None:
    """Forget published events, old webhooks and asks, silent processes and closed sockets."""
    with transaction() as session:
        reconciling.purge_published(session)
        health.purge(session)
        presence.purge(session)
        webhook_deliveries.purge(session)
        message_changes.purge(session)
        asks.purge(session)
        bulk_actions.purge(session)


def forget_files() -> None:
    """Forget files that were attached to drafts and never sent; their bytes go once the rows have."""
    with transaction() as session:
        unneeded = draft_files.forget(session)
    for sha256 in unneeded:
        blobs.remove(sha256, unless_since=now() - draft_files.KEPT)
