"""Measures of a task's predictions against what people said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

BINS = 15
COVERAGES = (1.0, 0.8, 0.6, 0.5, 0.3)


@dataclass(frozen=True, slots=True)
class Judged:
    """One text: what people said, what the model said, how sure it was, whether it abstained."""

    truth: str
    label: str
    confidence: float
    abstained: bool = False


def measures(judged: Sequence[Judged]) -> dict[str, Any]:
    """Return n, accuracy, macro_f1, macro_recall, ece, coverage, precision, per_class and curve.

    All but n and support are in [0, 1]. `coverage` is the share not abstained and `precision` the accuracy on it
    (None where all abstained); `curve` is the accuracy on the surest 100 %, 80 % … . Raises ValueError where there
    are no rows.
    """
    if not judged:
        raise ValueError("there is nothing to measure: no rows")
    per_class = {label: _class_measures(judged, label) for label in sorted({one.truth for one in judged})}
    used = [one for one in judged if not one.abstained]
    return {
        "n": len(judged),
        "accuracy": _accuracy(judged),
        "macro_f1": _mean([of["f1"] for of in per_class.values()]),
        "macro_recall": _mean([of["recall"] for of in per_class.values()]),
        "ece": calibration_error(judged),
        "coverage": round(len(used) / len(judged), 4),
        "precision": _accuracy(used) if used else None,
        "per_class": per_class,
        "curve": _curve(judged),
    }


def measures_of_many(truths: Sequence[set[str]], said: Sequence[set[str]], labels: Sequence[str]) -> dict[str, Any]:
    """Return n, accuracy (all labels of a text right), macro_f1, macro_recall, per_class for a task of many labels."""
    per_class = {}
    for label in labels:
        support, claimed = sum(label in truth for truth in truths), sum(label in one for one in said)
        right = sum(label in truth and label in one for truth, one in zip(truths, said, strict=True))
        per_class[label] = {
            "recall": round(right / support, 4) if support else 0.0,
            "precision": round(right / claimed, 4) if claimed else 0.0,
            "f1": round(2 * right / (support + claimed), 4) if support + claimed else 0.0,
            "support": support,
        }
    present = [of for of in per_class.values() if of["support"]]
    return {
        "n": len(truths),
        "accuracy": _mean([float(truth == one) for truth, one in zip(truths, said, strict=True)]),
        "macro_f1": _mean([of["f1"] for of in present] or [0.0]),
        "macro_recall": _mean([of["recall"] for of in present] or [0.0]),
        "per_class": per_class,
    }


def calibration_error(judged: Sequence[Judged]) -> float:
    """Return the expected calibration error over 15 equal bins of confidence."""
    bins: list[list[Judged]] = [[] for _ in range(BINS)]
    for one in judged:
        bins[min(int(one.confidence * BINS), BINS - 1)].append(one)
    gaps = (abs(sum(one.label == one.truth for one in group) - sum(one.confidence for one in group)) for group in bins)
    return round(sum(gaps) / len(judged), 4)


def _class_measures(judged: Sequence[Judged], label: str) -> dict[str, Any]:
    right = sum(one.truth == label == one.label for one in judged)
    support = sum(one.truth == label for one in judged)
    said = sum(one.label == label for one in judged)
    return {
        "recall": round(right / support, 4),
        "precision": round(right / said, 4) if said else 0.0,
        "f1": round(2 * right / (support + said), 4),
        "support": support,
    }


def _curve(judged: Sequence[Judged]) -> list[dict[str, float]]:
    surest = sorted(judged, key=lambda one: -one.confidence)
    cuts = [(share, surest[: max(1, round(share * len(surest)))]) for share in COVERAGES]
    return [{"coverage": share, "accuracy": _accuracy(cut), "confidence": cut[-1].confidence} for share, cut in cuts]


def _accuracy(judged: Sequence[Judged]) -> float:
    return _mean([float(one.label == one.truth) for one in judged])


def _mean(values: Sequence[float]) -> float:
    return round(sum(values) / len(values), 4)
