"""flask workspace: the first minutes of an installation. One JSON object a line, for the supervisor to print."""

from __future__ import annotations

import json

import click

from app.cli._terminal import Commands
from app.config import settings
from app.db import reading, transaction
from app.services import passwords, users, workspace


@click.group("workspace", cls=Commands)
def commands() -> None:
    """Workspace: prepare."""


@commands.command("prepare")
@click.option("--print", "only_print", is_flag=True, help="Make nothing, only say again how to sign in.")
def prepare(*, only_print: bool) -> None:
    """Make the first user, inbox, team, tags and rules where they are missing, and say how to sign in.

    With DEMO=1 (the default) also colleagues, a second inbox and three channels; with DEMO=0 a one-time set-up link.
    """
    if not only_print:
        _prepare_demo() if settings().demo else _prepare_empty()
    _say_how_to_sign_in()


def _prepare_demo() -> None:
    with reading() as session:
        somebody = workspace.has_users(session)
    people = [] if somebody else workspace.demo_sign_ins()
    hashed = [(person, passwords.hash_password(person.password, email=person.email)) for person in people]
    with transaction() as session:
        workspace.prepare(session, people=hashed)


def _prepare_empty() -> None:
    with transaction() as session:
        workspace.prepare(session)
        link = workspace.open_setup_link(session)
    if link is not None:
        workspace.keep_setup_link(link)


def _say_how_to_sign_in() -> None:
    with reading() as session:
        somebody = workspace.has_users(session)
    if not somebody:
        link = workspace.read_setup_link()
        _say(setup_link=link or "none: run `flask --app app.factory workspace prepare` with DEMO=0")
        return
    path = settings().home / workspace.SIGN_IN_FILE
    if not path.exists():
        _say(sign_in="with your own address and password")
        return
    first = workspace.demo_sign_ins()[0]
    with reading() as session:
        admin = users.find_by_email(session, first.email)
        stored = admin.password_hash if admin else None
    if passwords.is_right(stored, first.password):
        _say(sign_in=f"{first.email}  {first.password}")
        _say(colleagues=f"in {path}")
    else:
        _say(sign_in="with the password you chose")


def _say(**words: str) -> None:
    click.echo(json.dumps(words, ensure_ascii=False))
