"""flask rules: what happens by itself."""

from __future__ import annotations

import json
from typing import TextIO, cast

import click
from sqlalchemy.orm import Session

from app.cli._terminal import Commands, Refused, table
from app.db import reading, transaction
from app.errors import NotFound
from app.models import AutomationRule
from app.queries import settings_rules
from app.services import by_public_id, rule_book


@click.group("rules", cls=Commands)
def commands() -> None:
    """Rules: list, export, import, enable, disable, move, remove."""


@commands.command("list")
def list_rules() -> None:
    """Show the rules in the order they run."""
    with reading() as session:
        rows = settings_rules.book(session)
    table(
        ("#", "NAME", "ON", "CONDITIONS", "ACTIONS", "ID"),
        [
            (
                number,
                row.name,
                row.is_enabled,
                len(row.conditions.get("of", [])),
                ", ".join(f"{action['do']} {action['value']}" for action in row.actions),
                row.public_id,
            )
            for number, row in enumerate(rows, start=1)
        ],
    )


@commands.command("export")
def export_rules() -> None:
    """Print all rules as JSON, with names in place of ids."""
    with reading() as session:
        click.echo(json.dumps(rule_book.carry_out(session), indent=2, ensure_ascii=False))


@commands.command("import")
@click.argument("file", type=click.File(encoding="utf-8"), default="-")
def import_rules(file: TextIO) -> None:
    """Add the rules of a JSON file that `rules export` wrote, all or none."""
    try:
        listed = json.load(file)
    except ValueError:
        raise Refused("This is no JSON.") from None
    with transaction() as session:
        added = rule_book.carry_in(session, listed)
    click.echo(f"Added {added} rules.")


@commands.command("enable")
@click.argument("rule")
def enable(rule: str) -> None:
    """Turn a rule on."""
    with transaction() as session:
        rule_book.switch(session, rule=_find(session, rule), on=True)
    click.echo("On.")


@commands.command("disable")
@click.argument("rule")
def disable(rule: str) -> None:
    """Turn a rule off."""
    with transaction() as session:
        rule_book.switch(session, rule=_find(session, rule), on=False)
    click.echo("Off.")


@commands.command("move")
@click.argument("rule")
@click.argument("by", type=int)
def move(rule: str, by: int) -> None:
    """Let a rule run BY places later; -1 is one earlier (write: rules move NAME -- -1)."""
    with transaction() as session:
        rule_book.move(session, rule=_find(session, rule), by=by)
    click.echo("Moved.")


@commands.command("remove")
@click.argument("rule")
def remove(rule: str) -> None:
    """Delete a rule."""
    with transaction() as session:
        rule_book.delete(session, rule=_find(session, rule))
    click.echo("Deleted.")


def _find(session: Session, name: str) -> AutomationRule:
    try:
        return by_public_id.get(session, AutomationRule, name)
    except NotFound:
        return cast("AutomationRule", by_public_id.get_named(session, AutomationRule, name, what="rule"))
