"""flask inboxes: where teams work."""

from __future__ import annotations

from typing import cast

import click
from sqlalchemy.orm import Session

from app.cli._terminal import Commands, table
from app.db import reading, transaction
from app.models import Inbox, Team
from app.queries import settings_people
from app.services import by_public_id, inboxes, users


@click.group("inboxes", cls=Commands)
def commands() -> None:
    """Inboxes: list, add, edit, share, remove."""


@commands.command("list")
def list_inboxes() -> None:
    """Show all inboxes."""
    with reading() as session:
        rows = settings_people.inboxes(session)
    table(
        ("NAME", "TEAM", "BY TURNS", "CHANNELS", "SEEN BY (AND ADMINS)"),
        [(row.name, row.team, row.auto_assign, row.channels, row.shared_with) for row in rows],
    )


@commands.command("add")
@click.argument("name")
@click.option("--team", help="Takes what no rule assigns, and sees the inbox.")
def add(name: str, team: str | None) -> None:
    """Make an inbox."""
    with transaction() as session:
        inboxes.create(session, name=name, team=_team(session, team) if team else None)
    click.echo(f"Added the inbox {name}.")


@commands.command("edit")
@click.argument("name")
@click.option("--name", "new_name")
@click.option("--team", help="Empty: no team.")
@click.option("--auto-assign/--no-auto-assign", default=None)
@click.option("--signature")
def edit(name: str, new_name: str | None, team: str | None, *, auto_assign: bool | None, signature: str | None) -> None:
    """Change what is given; the rest stays as it is."""
    with transaction() as session:
        inbox = _inbox(session, name)
        kept = session.get(Team, inbox.team_id) if inbox.team_id else None
        inboxes.edit(
            session,
            inbox=inbox,
            name=new_name or inbox.name,
            team=kept if team is None else _team(session, team) if team else None,
            auto_assign=inbox.auto_assign if auto_assign is None else auto_assign,
            signature=inbox.signature if signature is None else signature,
        )
    click.echo("Saved.")


@commands.command("share")
@click.argument("name")
@click.option("--team", "teams", multiple=True, help="May be given several times.")
@click.option("--user", "emails", multiple=True, help="An address; may be given several times.")
def share(name: str, teams: tuple[str, ...], emails: tuple[str, ...]) -> None:
    """Let exactly these teams and users see an inbox (admins see all)."""
    with transaction() as session:
        inboxes.share(
            session,
            inbox=_inbox(session, name),
            users=[users.get_by_email(session, email) for email in emails],
            teams=[_team(session, team) for team in teams],
        )
    click.echo("Saved.")


@commands.command("remove")
@click.argument("name")
def remove(name: str) -> None:
    """Delete an inbox that never had a channel."""
    with transaction() as session:
        inboxes.delete(session, inbox=_inbox(session, name))
    click.echo(f"Deleted {name}.")


def _inbox(session: Session, name: str) -> Inbox:
    return cast("Inbox", by_public_id.get_named(session, Inbox, name, what="inbox"))


def _team(session: Session, name: str) -> Team:
    return cast("Team", by_public_id.get_named(session, Team, name, what="team"))
