"""Answers as the models give them, in tests that are not about models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from app.models.prediction import EMBEDDING_SIZE


@dataclass(frozen=True)
class Reason:
    start: int
    end: int
    weight: float


@dataclass(frozen=True)
class Said:
    task: str
    label: str
    score: float | None = None
    confidence: float = 0.9
    labels: Sequence[tuple[str, float]] = ()
    probabilities: Mapping[str, float] = field(default_factory=dict)
    abstain_reason: str | None = None
    reasons: Sequence[Reason] = ()
    head_version: int | None = None

    @property
    def abstained(self) -> bool:
        return self.abstain_reason is not None


@dataclass(frozen=True)
class Annotated:
    predictions: Sequence[Said]
    language: str = "en"
    embedding: Sequence[float] = (1.0,) + (0.0,) * (EMBEDDING_SIZE - 1)
    model_id: str = "test"
    model_version: str = "1"


def felt(score: float, *more: Said, version: str = "1") -> Annotated:
    """Return an annotation with this sentiment, and other answers."""
    label = "negative" if score < -0.3 else "positive" if score > 0.3 else "neutral"
    return Annotated((Said("sentiment", label, score), *more), model_version=version)


def unsure(*tasks: str, version: str = "1") -> Annotated:
    """Return an annotation that abstains from these tasks."""
    said = tuple(Said(task, "other", -0.9, 0.4, abstain_reason="confidence") for task in tasks)
    return Annotated(said, model_version=version)
