"""What all commands share: trouble in one sentence with exit status 2, tables, secrets read from standard input."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

import click
from sqlalchemy.exc import InterfaceError, OperationalError

from app.errors import AppError

TROUBLE = 2


class Refused(click.ClickException):
    """One sentence on standard error; the command did nothing."""

    exit_code: ClassVar[int] = TROUBLE

    def show(self, file: Any = None) -> None:
        click.echo(self.message, file=file or sys.stderr)


class Commands(click.Group):
    """A group whose commands raise our errors and whose users read sentences."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except AppError as error:
            raise Refused(error.reason) from None
        except (OperationalError, InterfaceError):
            raise Refused("The database does not answer: is it running, and is DATABASE_URL right?") from None


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print aligned columns; nothing at all is said in words."""
    lines = [tuple(map(str, head)), *(tuple(_plain(cell) for cell in row) for row in rows)]
    if len(lines) == 1:
        click.echo("There is none yet.")
        return
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    for line in lines:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def read_secret(name: str) -> str:
    """Return the first line of standard input: secrets do not belong into a command line."""
    line = sys.stdin.readline().rstrip("\r\n")
    if not line:
        raise Refused(f"Write the {name} to standard input.")
    return line


def pairs(settings: Iterable[str]) -> dict[str, str]:
    """Read "key=value" words."""
    found = {}
    for word in settings:
        key, sign, value = word.partition("=")
        if not sign or not key:
            raise Refused(f"Write settings as key=value, not “{word}”.")
        found[key] = value
    return found


def _plain(cell: object) -> str:
    if cell is None:
        return "-"
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    return ", ".join(map(str, cell)) if isinstance(cell, list) else str(cell)
