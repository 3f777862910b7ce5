"""flask users: who signs in."""

from __future__ import annotations

import click

from app.cli._terminal import Commands, Refused, read_secret, table
from app.db import reading, transaction
from app.models import Role, TokenPurpose
from app.queries import settings_people
from app.services import links, passwords, users

ROLE = click.Choice([role.value for role in Role])


@click.group("users", cls=Commands)
def commands() -> None:
    """Users: list, invite, add, role, deactivate, activate, reset-link."""


@commands.command("list")
def list_users() -> None:
    """Show everybody."""
    with reading() as session:
        rows = settings_people.users(session)
    table(
        ("ADDRESS", "NAME", "ROLE", "TEAMS", "ACTIVE", "ONLINE"),
        [(row.email, row.name, row.role, row.teams, row.is_active, row.is_online) for row in rows],
    )


@commands.command("invite")
@click.argument("email")
@click.option("--name", required=True)
@click.option("--role", type=ROLE, default=Role.AGENT.value, show_default=True)
def invite(email: str, name: str, role: str) -> None:
    """Make a user and print the link with which they choose their password: once, within 24 hours."""
    with transaction() as session:
        user = users.add(session, email=email, name=name, role=users.role_named(role))
        link = links.make(session, purpose=TokenPurpose.INVITE, user=user)
    click.echo(link)


@commands.command("add")
@click.argument("email")
@click.option("--name", required=True)
@click.option("--role", type=ROLE, default=Role.AGENT.value, show_default=True)
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def add(email: str, name: str, role: str, *, password_stdin: bool) -> None:
    """Make a user with a password, or a bot without one."""
    if not password_stdin and role != Role.BOT:
        raise Refused("Give the password by --password-stdin, or use `users invite`.")
    hashed = passwords.hash_password(read_secret("password"), email=email) if password_stdin else None
    with transaction() as session:
        users.add(session, email=email, name=name, role=users.role_named(role), password_hash=hashed)
    click.echo(f"Added {email}.")


@commands.command("role")
@click.argument("email")
@click.argument("role", type=ROLE)
def role(email: str, role: str) -> None:
    """Give a user another role."""
    with transaction() as session:
        users.set_role(session, user=users.get_by_email(session, email), role=users.role_named(role))
    click.echo(f"{email} is {role} now.")


@commands.command("deactivate")
@click.argument("email")
def deactivate(email: str) -> None:
    """End a user's sessions and let them in no more; what they wrote stays."""
    with transaction() as session:
        users.deactivate(session, user=users.get_by_email(session, email))
    click.echo(f"{email} is deactivated.")


@commands.command("activate")
@click.argument("email")
def activate(email: str) -> None:
    """Let a deactivated user in again."""
    with transaction() as session:
        users.activate(session, user=users.get_by_email(session, email))
    click.echo(f"{email} is active.")


@commands.command("reset-link")
@click.argument("email")
def reset_link(email: str) -> None:
    """Print a link to a new password: it works once, within 24 hours."""
    with transaction() as session:
        user = users.get_by_email(session, email)
        if not user.is_active or user.role is Role.BOT:
            raise Refused(f"{email} cannot sign in: activate the user first; a bot has no password.")
        link = links.make(session, purpose=TokenPurpose.RESET, user=user)
    click.echo(link)
