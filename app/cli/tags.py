"""flask tags: the one vocabulary."""

from __future__ import annotations

import click

from app.cli._terminal import Commands, table
from app.db import reading, transaction
from app.models import Tag
from app.queries import settings_rules
from app.services import by_public_id, tags

COLOUR = click.Choice(tags.COLOURS)


@click.group("tags", cls=Commands)
def commands() -> None:
    """Tags: list, add, rename, remove."""


@commands.command("list")
def list_tags() -> None:
    """Show all tags and how often they are used."""
    with reading() as session:
        rows = settings_rules.tags(session)
    table(("NAME", "COLOUR", "USED"), [(row.name, row.colour, row.uses) for row in rows])


@commands.command("add")
@click.argument("name")
@click.option("--colour", type=COLOUR, default="slate", show_default=True)
def add(name: str, colour: str) -> None:
    """Add a tag."""
    with transaction() as session:
        tags.create(session, name=name, colour=colour)
    click.echo(f"Added {name}.")


@commands.command("rename")
@click.argument("name")
@click.argument("new_name")
@click.option("--colour", type=COLOUR)
def rename(name: str, new_name: str, colour: str | None) -> None:
    """Change a tag everywhere."""
    with transaction() as session:
        tag = by_public_id.get_named(session, Tag, name, what="tag")
        tags.rename(session, tag=tag, name=new_name, colour=colour or tag.colour)
    click.echo("Saved.")


@commands.command("remove")
@click.argument("name")
@click.confirmation_option(prompt="It is taken off everything that has it. Go on?")
def remove(name: str) -> None:
    """Delete a tag."""
    with transaction() as session:
        tags.delete(session, tag=by_public_id.get_named(session, Tag, name, what="tag"))
    click.echo(f"Deleted {name}.")
