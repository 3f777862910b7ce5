"""What a list of conversations may ask of the models' answers. A condition that cannot be understood asks nothing."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement

from app.models import Conversation
from app.phrases import Phrase, phrase, phrase_in

UNSURE, RECOVERED = "unsure", "recovered"
MOODS: dict[str, Phrase] = {  # ranges that the menu offers; any other "from..to" may stand in an address
    "-1..-0.5": phrase_in("mood", "Bad"),
    "-1..-0.2": phrase_in("mood", "Rather bad or worse"),
    "-0.2..0.2": phrase_in("mood", "Even"),
    "0.2..1": phrase_in("mood", "Rather good or better"),
    "0.5..1": phrase_in("mood", "Good"),
    RECOVERED: phrase_in("mood", "Fell, and recovered"),
}
TOLD = {  # the same, in the chip that removes the filter
    "-1..-0.5": phrase("Mood: bad"),
    "-1..-0.2": phrase("Mood: rather bad or worse"),
    "-0.2..0.2": phrase("Mood: even"),
    "0.2..1": phrase("Mood: rather good or better"),
    "0.5..1": phrase("Mood: good"),
    RECOVERED: phrase("Mood: fell, and recovered"),
}
CONFIDENCES = {
    "0.9": phrase("90% or more"),
    "0.75": phrase("75% or more"),
    "0.5": phrase("50% or more"),
    UNSURE: phrase("Unsure of the sentiment"),
}


@dataclass(frozen=True, slots=True)
class Range:
    lowest: float
    highest: float


def mood_range(text: str) -> Range | None:
    """Read "-1..-0.5"; None where it is no range within [-1, 1]."""
    low, _, high = text.partition("..")
    try:
        found = Range(float(low), float(high))
    except ValueError:
        return None
    return found if -1 <= found.lowest <= found.highest <= 1 else None


def share(text: str) -> float | None:
    """Read a number in [0, 1]."""
    try:
        found = float(text)
    except ValueError:
        return None
    return found if 0 <= found <= 1 else None


def mood_condition(text: str) -> list[ColumnElement[bool]]:
    if text == RECOVERED:
        return [Conversation.has_recovered.is_(True)]
    wanted = mood_range(text)
    return [Conversation.mood.between(wanted.lowest, wanted.highest)] if wanted else []


def confidence_condition(text: str) -> list[ColumnElement[bool]]:
    """Ask how sure the model was of the sentiment, or for conversations of whose sentiment it was never sure."""
    if text == UNSURE:
        return [Conversation.mood_version.is_not(None), Conversation.sentiment.is_(None)]
    least = share(text)
    return [Conversation.confidence >= least] if least is not None else []


def mood_words(text: str) -> str:
    """Say a mood filter in words, for the chip that removes it."""
    wanted = mood_range(text)
    if text in TOLD:
        return TOLD[text]
    if wanted is None:
        return phrase("Any mood")
    return phrase("Mood {lowest} to {highest}", lowest=f"{wanted.lowest:+g}", highest=f"{wanted.highest:+g}")


def confidence_words(text: str) -> str:
    least = share(text)
    if text == UNSURE:
        return phrase("Unsure")
    return phrase("However sure") if least is None else phrase("Sure: {share} or more", share=f"{least:.0%}")
