"""From probabilities to one Prediction: which label, how sure, and whether it may be used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from nlp.light import OUT_OF_SCOPE
from nlp.prediction import Prediction
from nlp.tasks import LABEL_OF_NOTHING, MANY, NONE

if TYPE_CHECKING:
    from nlp.light import LightHead, Matrix
    from nlp.model import TaskModel

DIGITS = 4  # what a batch's padding changes lies beyond them
LIKELIEST = 3
NEAR = 0.08  # to a cut: an emotion there may as well hold as not


def decided(
    task: TaskModel,
    *,
    own: Matrix,
    embedding: Matrix,
    text: str,
    head: LightHead | None,
    threshold: float | None,
    empty: bool,
    language: str,
) -> Prediction:
    """Return the prediction for one text.

    `own` are the model's probabilities [labels]; `text` is cleaned; `head` is what the workspace taught; `language` is
    the code of a language that is not supported, else "".
    """
    if empty:
        label = LABEL_OF_NOTHING[task.task]
        return Prediction(task.task, label, 0.0, abstained=True, abstain_reason="empty", score=_score(task.task, {}))
    version = None
    by_label = dict(zip(task.labels, own.tolist(), strict=True))
    least = threshold
    if head is not None:
        taught = dict(zip(head.labels, head.probabilities(embedding[None], own[None], [text])[0].tolist(), strict=True))
        if head.kind != "intents":
            by_label, version = taught, head.version
        elif (inside := _inside(taught)) and max(inside.values()) >= head.scope:
            by_label, version, least = inside, head.version, head.threshold if threshold is None else threshold
    return _said(task, by_label, least, version, language)


def _said(
    task: TaskModel, by_label: Mapping[str, float], threshold: float | None, version: int | None, language: str
) -> Prediction:
    ranked = sorted(by_label.items(), key=lambda one: -one[1])
    if task.task in MANY:
        label, confidence, labels, near = _many(task, ranked)
    else:
        (label, confidence), labels, near = ranked[0], ranked[:LIKELIEST], False
    reason = f"language:{language}" if language else None
    if not reason and (near or confidence < task.least(label, threshold)):
        reason = "confidence"
    probabilities = {name: round(chance, DIGITS) for name, chance in by_label.items()}
    if task.task in MANY:
        probabilities[NONE] = round(1 - ranked[0][1], DIGITS)
    return Prediction(
        task=task.task,
        label=label,
        confidence=round(confidence, DIGITS),
        score=_score(task.task, by_label),
        abstained=reason is not None,
        abstain_reason=reason,
        labels=tuple((name, round(chance, DIGITS)) for name, chance in labels),
        probabilities=probabilities,
        head_version=version,
    )


def _many(task: TaskModel, ranked: Sequence[tuple[str, float]]) -> tuple[str, float, Sequence[tuple[str, float]], bool]:
    """Return label, confidence and all labels of a task that knows several at once, or none; and whether it is near."""
    cuts = dict(zip(task.labels, task.cuts, strict=True))
    held = [(label, chance) for label, chance in ranked if chance >= cuts[label]]
    closest = max(chance - cuts[label] for label, chance in ranked)
    if held:
        return held[0][0], held[0][1], held, closest < NEAR
    return NONE, 1 - ranked[0][1], [], closest > -NEAR


def _inside(taught: Mapping[str, float]) -> dict[str, float]:
    """Return a workspace's intents with their chances, nothing where the text is more likely none of them."""
    inside = {label: chance for label, chance in taught.items() if label != OUT_OF_SCOPE}
    return inside if max(inside.values()) >= taught.get(OUT_OF_SCOPE, 0.0) else {}


def _score(task: str, by_label: Mapping[str, float]) -> float | None:
    if task == "sentiment":
        return round(by_label.get("positive", 0.0) - by_label.get("negative", 0.0), DIGITS)
    return round(by_label.get("high", 0.0), DIGITS) if task == "urgency" else None
