"""flask teams: users who share work."""

from __future__ import annotations

import click

from app.cli._terminal import Commands, table
from app.db import reading, transaction
from app.models import Team
from app.queries import settings_people
from app.services import by_public_id, teams, users


@click.group("teams", cls=Commands)
def commands() -> None:
    """Teams: list, add, rename, members, remove."""


@commands.command("list")
def list_teams() -> None:
    """Show all teams."""
    with reading() as session:
        rows = settings_people.teams(session)
    table(("NAME", "MEMBERS", "INBOXES"), [(row.name, row.members, row.inboxes) for row in rows])


@commands.command("add")
@click.argument("name")
def add(name: str) -> None:
    """Make an empty team."""
    with transaction() as session:
        teams.create(session, name=name)
    click.echo(f"Added the team {name}.")


@commands.command("rename")
@click.argument("name")
@click.argument("new_name")
def rename(name: str, new_name: str) -> None:
    """Give a team another name."""
    with transaction() as session:
        teams.rename(session, team=by_public_id.get_named(session, Team, name, what="team"), name=new_name)
    click.echo(f"The team is called {new_name} now.")


@commands.command("members")
@click.argument("name")
@click.argument("emails", nargs=-1)
def members(name: str, emails: tuple[str, ...]) -> None:
    """Make exactly these users the team."""
    with transaction() as session:
        team = by_public_id.get_named(session, Team, name, what="team")
        teams.set_members(session, team=team, users=[users.get_by_email(session, email) for email in emails])
    click.echo(f"{name} has {len(set(emails))} members.")


@commands.command("remove")
@click.argument("name")
@click.confirmation_option(prompt="Its members lose the inboxes shared with them through it. Go on?")
def remove(name: str) -> None:
    """Dissolve a team; its conversations stay."""
    with transaction() as session:
        teams.delete(session, team=by_public_id.get_named(session, Team, name, what="team"))
    click.echo(f"Dissolved {name}.")
