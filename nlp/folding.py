"""How GoEmotions' 27 labels fold into our emotions."""

from __future__ import annotations

from collections.abc import Iterable

from nlp.tasks import EMOTIONS

_FOLDED = {
    "anger": ("anger", "disgust"),
    "frustration": ("annoyance", "disapproval"),
    "disappointment": ("disappointment", "sadness", "grief", "remorse", "embarrassment"),
    "worry": ("fear", "nervousness"),
    "confusion": ("confusion",),
    "gratitude": ("gratitude",),
    "joy": ("admiration", "amusement", "excitement", "joy", "love", "pride", "relief", "optimism"),
}
_OURS = {theirs: ours for ours, many in _FOLDED.items() for theirs in many}


def emotions_of(labels: Iterable[str]) -> tuple[str, ...]:
    """Fold GoEmotions' labels, or our own, into our emotions in our order; labels that fold into none are left out."""
    found = {_OURS.get(label, label) for label in labels}
    return tuple(emotion for emotion in EMOTIONS if emotion in found)
