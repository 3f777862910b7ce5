"""The labels people may choose from, in words. A test keeps them equal to those of the models (nlp.tasks.LABELS)."""

from __future__ import annotations

from collections.abc import Mapping

from app.services.first_rules import INTENTS
from app.vocabulary import WORDS

Choices = tuple[tuple[str, str], ...]  # (label, word)

NO_EMOTION = "none"
OUT_OF_SCOPE = "oos"  # none of the workspace's own intents
SEVERAL = "emotion"  # the task of which a message may have several labels, or none

SENTIMENTS: Choices = tuple((label, WORDS[label.capitalize()]) for label in ("negative", "neutral", "positive"))
EMOTIONS: Choices = tuple(
    (label, WORDS[label.capitalize()])
    for label in ("anger", "frustration", "disappointment", "worry", "confusion", "gratitude", "joy")
)
BUILT_IN: Mapping[str, Choices] = {"sentiment": SENTIMENTS, "emotion": EMOTIONS, "intent": INTENTS}
CORRECTABLE = tuple(BUILT_IN)
