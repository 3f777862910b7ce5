"""The values that understanding returns."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a model said about one text for one task.

    `label` is always the best class; `abstained` says that it must not be used, `abstain_reason` why.
    `score` in [-1, 1] is the polarity for sentiment, None for other tasks. `confidence` in [0, 1], calibrated.
    """

    task: str
    label: str
    confidence: float
    score: float | None = None
    abstained: bool = False
    abstain_reason: str | None = None


@dataclass(frozen=True, slots=True)
class Annotation:
    """Everything said about one text: its language (ISO 639-1, "und" when undetermined) and one Prediction a task."""

    language: str
    predictions: tuple[Prediction, ...]
    model_id: str
    model_version: str

    def of(self, task: str) -> Prediction:
        """Return the prediction of a task. Raises KeyError."""
        for prediction in self.predictions:
            if prediction.task == task:
                return prediction
        raise KeyError(task)
