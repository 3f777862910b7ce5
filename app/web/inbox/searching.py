"""What the search field offers: its operators, and after a colon the values there are."""

from __future__ import annotations

from dataclasses import dataclass

from app.queries.search_terms import LISTED, parse
from app.queries.sidebar import Options

MOST_VALUES = 40  # of one operator


@dataclass(frozen=True, slots=True)
class Hint:
    """`insert` is what a click writes into the field; a value is shown only after its operator was typed."""

    insert: str
    help: str
    example: str = ""
    is_value: bool = False


def hints(options: Options) -> list[Hint]:
    """Return the operators, each followed by its values."""
    offered: list[Hint] = []
    for operator in LISTED:
        offered.append(Hint(f"{operator.name}:", operator.help, operator.example))
        values = operator.choices or _values(operator.name, options)
        offered += [Hint(f"{operator.name}:{_quoted(value)} ", "", is_value=True) for value in values[:MOST_VALUES]]
    return offered


def problems(text: str) -> tuple[str, ...]:
    """Return what cannot be understood in a search, a sentence each."""
    return parse(text).problems


def _values(name: str, options: Options) -> tuple[str, ...]:
    return {
        "intent": options.intents,
        "language": options.languages,
        "channel": options.channel_kinds,
        "assignee": ("me", "none", *(person.name for person in options.people)),
        "tag": tuple(tag.name for tag in options.tags),
    }.get(name, ())


def _quoted(value: str) -> str:
    return f'"{value}"' if " " in value else value
