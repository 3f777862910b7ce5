"""flask channels: connected sources."""

from __future__ import annotations

import sys

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import crypto
from app.cli._terminal import Commands, Refused, pairs, table
from app.db import reading, transaction
from app.errors import NotFound
from app.models import Channel, ChannelState, Inbox
from app.queries import settings_channels
from app.services import by_public_id, channel_settings, channels


@click.group("channels", cls=Commands)
def commands() -> None:
    """Channels: list, kinds, add, set, test, pause, resume, remove."""


@commands.command("list")
def list_channels() -> None:
    """Show what is connected, and how it fares."""
    with reading() as session:
        rows = settings_channels.channels(session)
    table(
        ("NAME", "KIND", "INBOX", "STATE", "LAST SUCCESS", "TODAY", "PARKED", "TROUBLE", "ID"),
        [
            (
                row.name,
                row.kind,
                row.inbox,
                row.state,
                f"{row.last_success_at:%Y-%m-%d %H:%M}" if row.last_success_at else None,
                row.today,
                row.parked,
                row.state_reason or (row.last_error if row.is_failing else None),
                row.public_id,
            )
            for row in rows
        ],
    )


@commands.command("kinds")
@click.argument("kind", required=False)
def kinds(kind: str | None) -> None:
    """Show the kinds of channels, or the settings of one kind."""
    if kind is None:
        table(("KIND", "NAME"), [(one.kind, one.label) for one in channel_settings.all_connectors()])
        return
    table(
        ("SETTING", "KIND", "REQUIRED", "DEFAULT", "MEANING"),
        [
            (
                setting.key,
                setting.kind,
                setting.required,
                str(setting.default).replace("\n", "\\n") if setting.default is not None else None,
                " ".join(part for part in (setting.group, setting.label, setting.help) if part),
            )
            for setting in channel_settings.find_connector(kind).settings
        ],
    )


@commands.command("add")
@click.argument("kind")
@click.option("--inbox", required=True, help="The inbox it feeds.")
@click.option("--name", help="How colleagues call it.")
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="May be given several times.")
@click.option("--secrets-stdin", is_flag=True, help="Read KEY=VALUE lines with secrets from standard input.")
@click.option("--no-test", is_flag=True, help="Save without trying it out.")
def add(
    kind: str, inbox: str, name: str | None, settings: tuple[str, ...], *, secrets_stdin: bool, no_test: bool
) -> None:
    """Connect a channel."""
    given = channel_settings.defaults(kind) | _given(kind, settings, secrets_stdin=secrets_stdin)
    credentials = channel_settings.read(kind, given)
    found = _try_out(kind, credentials, no_test=no_test)
    with transaction() as session:
        row = channels.connect(
            session,
            inbox=by_public_id.get_named(session, Inbox, inbox, what="inbox"),
            kind=kind,
            name=name or channel_settings.find_connector(kind).label,
            credentials=credentials,
        )
        said = f"Connected {row.name} ({row.public_id}). {found}"
    click.echo(said.strip())


@commands.command("set")
@click.argument("channel")
@click.argument("settings", nargs=-1, metavar="KEY=VALUE...")
@click.option("--secrets-stdin", is_flag=True, help="Read KEY=VALUE lines with secrets from standard input.")
@click.option("--no-test", is_flag=True, help="Save without trying it out.")
def set_settings(channel: str, settings: tuple[str, ...], *, secrets_stdin: bool, no_test: bool) -> None:
    """Change settings of a channel; what is not named stays."""
    with reading() as session:
        row = _find(session, channel)
        kind, stored = row.kind, crypto.unseal(row.sealed)
    shown = channel_settings.without_secrets(kind, stored)
    given = shown | _given(kind, settings, secrets_stdin=secrets_stdin)
    credentials = channel_settings.read(kind, given, kept=stored)
    found = _try_out(kind, credentials, no_test=no_test)
    with transaction() as session:
        row = _find(session, channel, lock=True)
        inbox = session.get_one(Inbox, row.inbox_id)
        channels.edit(session, channel=row, inbox=inbox, name=row.name, credentials=credentials)
    click.echo(f"Saved. {found}".strip())


@commands.command("test")
@click.argument("channel")
def test(channel: str) -> None:
    """Connect once and say what was found."""
    with reading() as session:
        row = _find(session, channel)
        kind, credentials = row.kind, crypto.unseal(row.sealed)
    click.echo(channels.check(kind, credentials))


@commands.command("pause")
@click.argument("channel")
def pause(channel: str) -> None:
    """Stop fetching and sending."""
    with transaction() as session:
        channels.pause(session, channel=_find(session, channel, lock=True), actor=None)
    click.echo("Paused.")


@commands.command("resume")
@click.argument("channel")
def resume(channel: str) -> None:
    """Go on where it stopped."""
    with transaction() as session:
        channels.resume(session, channel=_find(session, channel, lock=True))
    click.echo("Running again.")


@commands.command("remove")
@click.argument("channel")
@click.confirmation_option(prompt="Its secrets are destroyed; conversations and deliveries stay. Go on?")
def remove(channel: str) -> None:
    """Disconnect for good."""
    with transaction() as session:
        channels.remove(session, channel=_find(session, channel, lock=True))
    click.echo("Removed.")


def _given(kind: str, settings: tuple[str, ...], *, secrets_stdin: bool) -> dict[str, str]:
    """Read settings; secrets only from standard input, where no list of processes shows them."""
    given = pairs(settings)
    secret = {setting.key for setting in channel_settings.find_connector(kind).settings if setting.kind == "secret"}
    shown = secret & {key for key, value in given.items() if value}
    if shown:
        raise Refused(f"“{min(shown)}” is a secret: give it by --secrets-stdin, as {min(shown)}=… on a line.")
    typed = pairs(line.rstrip("\r\n") for line in sys.stdin if line.strip()) if secrets_stdin else {}
    return given | typed


def _try_out(kind: str, credentials: dict[str, object], *, no_test: bool) -> str:
    if not no_test:
        return channels.check(kind, credentials)
    channels.check_places(kind, credentials)
    return ""


def _find(session: Session, name: str, *, lock: bool = False) -> Channel:
    """Return a channel by its name or id, not a removed one. Raises NotFound."""
    try:
        return by_public_id.get(session, Channel, name, lock=lock)
    except NotFound:
        query = select(Channel).where(Channel.name == name, Channel.state != ChannelState.REMOVED).limit(2)
        rows = session.scalars(query.with_for_update() if lock else query).all()
    if len(rows) > 1:
        raise NotFound(f"Several channels are called “{name}”: say which by its id (channels list).")
    if not rows:
        raise NotFound(f"There is no channel “{name}”.")
    return rows[0]
