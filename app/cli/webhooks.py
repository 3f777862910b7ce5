"""flask webhooks: other systems that hear of events."""

from __future__ import annotations

import click
from sqlalchemy.orm import Session

from app.cli._terminal import Commands, table
from app.db import reading, transaction
from app.errors import NotFound
from app.models import WebhookEndpoint
from app.queries import settings_webhooks
from app.services import by_public_id, webhook_deliveries, webhooks

EVENTS = click.Choice(list(webhooks.NAMES))


@click.group("webhooks", cls=Commands)
def commands() -> None:
    """Webhooks: list, events, add, rotate, test, log, pause, resume, remove."""


@commands.command("list")
def list_webhooks() -> None:
    """Show who listens, and how they fare."""
    with reading() as session:
        rows = settings_webhooks.endpoints(session)
    table(
        ("NAME", "ADDRESS", "ON", "EVENTS", "DELIVERED", "WAITING", "FAILED", "TROUBLE", "ID"),
        [
            (
                row.name,
                row.url,
                row.is_active,
                len(row.events),
                row.delivered,
                row.waiting,
                row.failed,
                row.paused_reason or (f"failing since {row.failing_since:%Y-%m-%d %H:%M}" if row.failing_since else ""),
                row.public_id,
            )
            for row in rows
        ],
    )


@commands.command("events")
def events() -> None:
    """Show what can be heard."""
    table(("EVENT", "MEANING"), list(webhooks.NAMES.items()))


@commands.command("add")
@click.argument("name")
@click.argument("url")
@click.option("--event", "chosen", type=EVENTS, multiple=True, help="May be given several times; all if never.")
def add(name: str, url: str, chosen: tuple[str, ...]) -> None:
    """Make a webhook and print its secret, this once."""
    with transaction() as session:
        _, secret = webhooks.add(session, name=name, url=url, events=chosen or list(webhooks.NAMES))
    click.echo(secret)


@commands.command("rotate")
@click.argument("webhook")
def rotate(webhook: str) -> None:
    """Print a new secret; the old one signs beside it for 24 hours."""
    with transaction() as session:
        secret = webhooks.rotate(session, endpoint=_find(session, webhook))
    click.echo(secret)


@commands.command("test")
@click.argument("webhook")
def test(webhook: str) -> None:
    """Queue a test letter; `webhooks log` says what became of it."""
    with transaction() as session:
        webhook_deliveries.send_test(session, endpoint=_find(session, webhook))
    click.echo("Queued.")


@commands.command("log")
@click.argument("webhook")
def log(webhook: str) -> None:
    """Show the newest letters and what was answered."""
    with reading() as session:
        found = settings_webhooks.log(session, endpoint=_find(session, webhook))
    table(
        ("AT", "EVENT", "STATE", "ATTEMPTS", "ANSWER", "TROUBLE"),
        [
            (f"{row.created_at:%Y-%m-%d %H:%M:%S}", row.event, row.state, row.attempts, row.response_code, row.error)
            for row in found.rows
        ],
    )


@commands.command("pause")
@click.argument("webhook")
def pause(webhook: str) -> None:
    """Send nothing until it is resumed."""
    with transaction() as session:
        webhooks.pause(session, endpoint=_find(session, webhook), reason="Paused from the command line.")
    click.echo("Paused.")


@commands.command("resume")
@click.argument("webhook")
def resume(webhook: str) -> None:
    """Go on."""
    with transaction() as session:
        webhooks.resume(session, endpoint=_find(session, webhook))
    click.echo("On.")


@commands.command("remove")
@click.argument("webhook")
@click.confirmation_option(prompt="Its secret and its log are forgotten. Go on?")
def remove(webhook: str) -> None:
    """Delete a webhook."""
    with transaction() as session:
        webhooks.delete(session, endpoint=_find(session, webhook))
    click.echo("Deleted.")


def _find(session: Session, name: str) -> WebhookEndpoint:
    try:
        found = by_public_id.get(session, WebhookEndpoint, name)
    except NotFound:
        found = by_public_id.get_named(session, WebhookEndpoint, name, what="webhook")
    return found
