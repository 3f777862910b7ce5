"""How pressing a conversation is, as far as it was understood. Pure.

Routing rules ask it now ("mood at most -0.5: set priority high"), and a promise of time can begin with it later. None:
nothing is known, and nothing may follow from it.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pressure:
    """`mood` in [-1, 1]; `mood_fell` in [0, 2]: how far below the start it is; `score` in [0, 1]: of high urgency."""

    urgency: str | None = None
    score: float | None = None
    mood: float | None = None
    mood_fell: float | None = None
    recovered: bool | None = None


def pressure(
    *,
    urgency: str | None,
    score: float | None,
    mood: float | None,
    mood_start: float | None,
    has_recovered: bool,
) -> Pressure:
    """Put together what the last message and the line of the mood say."""
    fell = max(0.0, mood_start - mood) if mood is not None and mood_start is not None else None
    return Pressure(urgency, score, mood, fell, has_recovered if mood is not None else None)
