"""Marks words for translation: the same marker that connectors use, one floor below. Knows no framework."""

from __future__ import annotations

from connectors.phrases import PLACE, Phrase, counted, filled, phrase, phrase_in

__all__ = ["PLACE", "Phrase", "counted", "filled", "phrase", "phrase_in"]
