"""The commands as one user has them: the keys they changed, and none without Ctrl or Alt where they want none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from app.commands.keys import holder, is_single, normal, spoken
from app.commands.registry import Command, commands_for
from app.models import Role, User
from app.phrases import Phrase, phrase

TOLD = ("id", "title", "keys", "where", "path", "press", "focus", "choices")


@dataclass(frozen=True, slots=True)
class Wish:
    """Keys that a user asks for: all that differ from the usual ones, and what cannot be, by the command's id."""

    own: dict[str, str]
    problems: dict[str, str]


def listed(role: Role) -> dict[str, Command]:
    """Return the commands that a role may use, by id."""
    return {one.id: one for commands in commands_for(role).values() for one in commands}


def bindings(role: Role, own: Mapping[str, str]) -> dict[str, str]:
    """Return every command's keys. Own ones come first: usual keys that clash with them do nothing."""
    commands = listed(role)
    mine = {id_: keys for id_, keys in own.items() if id_ in commands}
    return {id_: mine.get(id_, _free(one.keys, mine)) for id_, one in commands.items()}


def commands_of(user: User) -> dict[Phrase, tuple[Command, ...]]:
    """Return the commands of a user by area, with the keys that do something for them."""
    keys = bindings(user.role, user.own_keys)
    return {
        area: tuple(replace(one, keys=_heard(one, keys[one.id], user)) for one in commands)
        for area, commands in commands_for(user.role).items()
    }


def told_to_pages(user: User) -> list[dict[str, str]]:
    """Return what the browser needs to carry commands out."""
    every = [one for commands in commands_of(user).values() for one in commands if not one.is_fixed]
    return [{name: getattr(one, name) for name in TOLD if getattr(one, name)} for one in every]


def read(role: Role, typed: Mapping[str, str], now: Mapping[str, str]) -> Wish:
    """Read keys as a user wrote them; a command that was not written about keeps those of `now` (own keys)."""
    commands, problems, wanted = listed(role), dict[str, str](), bindings(role, now)
    for id_, one in commands.items():
        if one.is_fixed or id_ not in typed:
            continue
        try:
            wanted[id_] = normal(typed[id_])
        except ValueError as problem:
            problems[id_] = problem.args[0]
    for id_, keys in wanted.items():
        other = None if id_ in problems or commands[id_].is_fixed else holder(keys, wanted, apart_from=id_)
        if other:
            problems[id_] = phrase("“{command}” has {keys}.", command=commands[other].title, keys=spoken(wanted[other]))
    elsewhere = {id_: keys for id_, keys in now.items() if id_ not in commands}
    return Wish(elsewhere | {id_: keys for id_, keys in wanted.items() if keys != commands[id_].keys}, problems)


def _free(keys: str, own: Mapping[str, str]) -> str:
    return "" if holder(keys, own) else keys


def _heard(one: Command, keys: str, user: User) -> str:
    return "" if is_single(keys) and not (user.has_single_keys or one.is_fixed) else keys
