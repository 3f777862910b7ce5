"""The values that understanding returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Reason:
    """Characters `start` to `end` of the text drove the label; without them its probability falls by `weight`."""

    start: int
    end: int
    weight: float


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a model said about one text for one task.

    `label` is always the best one; `abstained` says that it must not be used, `abstain_reason` why: "empty",
    "language:xx" or "confidence". `confidence` in [0, 1], calibrated. `score` is the polarity in [-1, 1] for sentiment,
    the probability of "high" for urgency, None for other tasks. `labels` are all that hold, with their confidence, best
    first: of emotion those above their cut, of other tasks the three likeliest. `head_version` tells the workspace's
    own head that decided, None where the model did.
    """

    task: str
    label: str
    confidence: float
    score: float | None = None
    abstained: bool = False
    abstain_reason: str | None = None
    labels: tuple[tuple[str, float], ...] = ()
    probabilities: Mapping[str, float] = field(default_factory=dict)
    reasons: tuple[Reason, ...] = ()
    head_version: int | None = None


@dataclass(frozen=True, slots=True)
class Annotation:
    """Everything said about one text: its language (ISO 639-1, "und" when undetermined) and one Prediction a task.

    `embedding` is the text's place among others, 384 numbers of length 1, () for a text that says nothing.
    """

    language: str
    predictions: tuple[Prediction, ...]
    model_id: str
    model_version: str
    embedding: tuple[float, ...] = ()

    def of(self, task: str) -> Prediction:
        """Return the prediction of a task. Raises KeyError."""
        for prediction in self.predictions:
            if prediction.task == task:
                return prediction
        raise KeyError(task)
