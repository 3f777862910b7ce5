"""Marks words for translation: the same marker that connectors use, one floor below. Knows no framework."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import reduce
from typing import Any

from connectors.phrases import PLACE, Phrase, counted, filled, phrase, phrase_in

__all__ = ["PLACE", "Phrase", "counted", "filled", "kept", "listed", "phrase", "phrase_in", "read_kept"]

DEEPEST = 40  # phrases inside phrases


def listed(parts: Iterable[str]) -> str:
    """Put names and phrases beside each other, with commas as the reader's language has them; "" for none."""
    every = list(parts)
    return reduce(lambda one, other: phrase("{one}, {other}", one=one, other=other), every) if every else ""


def kept(said: Phrase) -> dict[str, Any]:
    """Return a phrase as JSON that can be stored, with the phrases inside it."""
    values = {name: _kept_value(value) for name, value in said.values.items()}
    return {"template": said.template, "many": said.many, "context": said.context, "values": values}


def _kept_value(value: object) -> object:
    if isinstance(value, Phrase):
        return kept(value)
    return value if isinstance(value, int) else str(value)


def read_kept(stored: object, *, depth: int = 0) -> Phrase | None:
    """Return the phrase that `kept` stored, None for anything else."""
    if not isinstance(stored, Mapping) or not isinstance(stored.get("values"), Mapping) or depth > DEEPEST:
        return None
    words = [stored.get(name) for name in ("template", "many", "context")]
    if not all(isinstance(one, str) for one in words):
        return None
    values = {
        str(name): read_kept(value, depth=depth + 1) or value if isinstance(value, Mapping) else value
        for name, value in stored["values"].items()
    }
    return Phrase(str(words[0]), many=str(words[1]), context=str(words[2]), values=values)
