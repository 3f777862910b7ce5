"""flask keys: the key that seals credentials."""

from __future__ import annotations

from collections.abc import Callable

import click

from app import crypto
from app.cli._terminal import Commands
from app.db import transaction
from app.models import AuditAction
from app.services import audit, channels, push_subscriptions, webhooks


@click.group("keys", cls=Commands)
def commands() -> None:
    """Keys: rotate."""


@commands.command("rotate")
@click.option("--reseal-only", is_flag=True, help="The new key is there already (TRIBUTARY_KEY): only seal anew.")
def rotate(*, reseal_only: bool) -> None:
    """Put a fresh sealing key in front and seal every channel's credentials and every webhook's secret with it.

    Older keys go on opening what they sealed: processes that run need no restart to read, and can be interrupted;
    run it again with --reseal-only to finish.
    """
    if not reseal_only:
        crypto.rotate_sealing_key()
    done = {word: _reseal(batch) for word, batch in RESEALS.items()}
    with transaction() as session:
        audit.record(session, action=AuditAction.KEYS_ROTATED, user=None, details={"new key": not reseal_only, **done})
    told = " and ".join(f"{count} {word}" for word, count in done.items() if count or word == "channels")
    click.echo(f"{'Sealed' if reseal_only else 'A new key seals; sealed'} {told} anew.")


RESEALS = {
    "channels": channels.reseal_batch,
    "webhooks": webhooks.reseal_batch,
    "browsers": push_subscriptions.reseal_batch,
}


def _reseal(batch: Callable[..., tuple[int, int] | None]) -> int:
    done, last = 0, 0
    while True:
        with transaction() as session:
            sealed = batch(session, after_id=last)
        if sealed is None:
            return done
        done, last = done + sealed[0], sealed[1]
