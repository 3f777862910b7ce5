"""flask deliveries: what arrived, and what waits for a person."""

from __future__ import annotations

import click
from sqlalchemy import select

from app.cli._terminal import Commands, Refused, table
from app.db import reading, transaction
from app.models import Delivery, Inbox
from app.queries import settings_channels
from app.services import by_public_id, ingest


@click.group("deliveries", cls=Commands)
def commands() -> None:
    """Deliveries: list, retry."""


@commands.command("list")
@click.option("--parked", is_flag=True, help="Only those that could not be used.")
def list_deliveries(*, parked: bool) -> None:
    """Show the newest deliveries."""
    with reading() as session:
        inboxes = session.scalars(select(Inbox)).all()
        rows = settings_channels.deliveries(session, inboxes=inboxes, parked_only=parked)
    table(
        ("ARRIVED", "CHANNEL", "STATE", "BYTES", "REASON", "ID"),
        [
            (f"{row.received_at:%Y-%m-%d %H:%M:%S}", row.channel, row.state, row.size, row.reason, row.public_id)
            for row in rows
        ],
    )


@commands.command("retry")
@click.argument("delivery", required=False)
@click.option("--all", "everything", is_flag=True, help="All that are parked, at most 500 at a time.")
def retry(delivery: str | None, *, everything: bool) -> None:
    """Let a parked delivery run again from its bytes."""
    if (delivery is None) is not everything:
        raise Refused("Name a delivery by its id, or say --all.")
    with transaction() as session:
        if delivery is not None:
            rows = [by_public_id.get(session, Delivery, delivery, lock=True)]
        else:
            rows = [session.get_one(Delivery, id_) for id_ in settings_channels.parked_ids(session)]
        for row in rows:
            ingest.retry_parked(session, delivery=row)
    click.echo(f"Trying {len(rows)} again.")
