"""Marks words for translation: the same marker that connectors use, one floor below. Knows no framework."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce

from connectors.phrases import PLACE, Phrase, counted, filled, phrase, phrase_in

__all__ = ["PLACE", "Phrase", "counted", "filled", "listed", "phrase", "phrase_in"]


def listed(parts: Iterable[str]) -> str:
    """Put names and phrases beside each other, with commas as the reader's language has them; "" for none."""
    every = list(parts)
    return reduce(lambda one, other: phrase("{one}, {other}", one=one, other=other), every) if every else ""
