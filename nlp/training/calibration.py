"""Turns logits on development rows into what decides: temperatures, cuts and thresholds; and judges by them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from nlp.decisions import decided
from nlp.evaluation import Judged, measures, measures_of_many
from nlp.light import Matrix
from nlp.model import TaskModel
from nlp.prediction import Prediction
from nlp.tasks import LABELS, MANY
from nlp.training.rows import OWN, Row

# Which development rows set temperature and threshold. Tweets alone for sentiment: the only ones here that many
# strangers labelled. Our own stand for customers; they are kinder than the world.
FITTED_ON = {
    "sentiment": ("tweeteval_sentiment",),
    "emotion": ("goemotions", OWN),
    "intent": (OWN,),
    "urgency": (OWN,),
    "request": (OWN, "enron_email_intent"),
    "spam": (OWN, "sms_spam"),
}
# Of the labels that are not abstained, on those rows. Intents and what rests on our own rows alone ask for more than is
# promised, because another business is not like them.
PRECISION = {"sentiment": 0.8, "emotion": 0.75, "intent": 0.93, "urgency": 0.94, "request": 0.96, "spam": 0.99}
LEAST_CUT, GREATEST_CUT = 0.15, 0.8

Pool = Sequence[tuple[Row, Matrix]]  # rows with their logits [labels]


def task_model(task: str, by_source: Mapping[str, Pool], *, least: float = 0.0) -> TaskModel:
    """Return how a task's logits become labels, fitted on the rows of `FITTED_ON`, each source weighing the same.

    The threshold is at least `least`.
    """
    pool = _even([by_source[source] for source in FITTED_ON[task] if by_source.get(source)])
    model = TaskModel(task, LABELS[task])
    model = _with_cuts(model, pool) if task in MANY else replace(model, temperature=_temperature(model, pool))
    return replace(model, threshold=max(least, least_sure(judged_rows(model, pool), PRECISION[task])))


def judge(model: TaskModel, pool: Pool) -> dict[str, Any]:
    """Return the measures of a task on rows."""
    said = said_of(model, pool)
    truths = [row.labels[model.task] for row, _ in pool]
    if model.task not in MANY:
        return measures(_judged(truths, said))
    sets = [set(truth) for truth in truths]
    first = measures(_judged(truths, said))
    of_many = measures_of_many(sets, [{label for label, _ in one.labels} for one in said], model.labels)
    return {**first, **of_many, "ece": first["ece"], "coverage": first["coverage"], "precision": first["precision"]}


def judged_rows(model: TaskModel, pool: Pool) -> list[Judged]:
    """Return what the model decides for rows beside the truth."""
    return _judged([row.labels[model.task] for row, _ in pool], said_of(model, pool))


def least_sure(judged: Sequence[Judged], precision: float) -> float:
    """Return the least confidence, in hundredths, from which on `precision` of the labels are right, else 1.01."""
    for threshold in (step / 100 for step in range(101)):
        sure = [one for one in judged if one.confidence >= threshold]
        if sure and sum(one.label == one.truth for one in sure) >= precision * len(sure):
            return threshold
    return 1.01


def said_of(model: TaskModel, pool: Pool) -> list[Prediction]:
    """Return what the model decides for rows."""
    chances = model.probabilities(np.stack([logits for _, logits in pool]))
    nowhere = np.zeros(0, np.float32)
    return [
        decided(model, own=own, embedding=nowhere, text="", head=None, threshold=None, empty=False, language="")
        for own in chances
    ]


def _judged(truths: Sequence[str | tuple[str, ...]], said: Sequence[Prediction]) -> list[Judged]:
    judged = []
    for truth, one in zip(truths, said, strict=True):
        if isinstance(truth, tuple):
            right = one.label in truth or (not truth and one.label == "none")
            truth = one.label if right else min(truth, default="none")  # noqa: PLW2901 - the label it is judged by
        judged.append(Judged(truth, one.label, one.confidence, one.abstained))
    return judged


def _even(pools: Sequence[Pool]) -> Pool:
    """Return the pools together, the small ones repeated, so that each weighs about the same."""
    most = max(len(pool) for pool in pools)
    return [one for pool in pools for _ in range(max(1, round(most / len(pool)))) for one in pool]


def _temperature(model: TaskModel, pool: Pool) -> float:
    """Return the temperature in 0.50 … 3.00 under which the truth is likeliest."""
    logits = np.stack([of for _, of in pool])
    truth = np.array([model.labels.index(str(row.labels[model.task])) for row, _ in pool])

    def loss(temperature: float) -> float:
        chances = replace(model, temperature=temperature).probabilities(logits)
        return float(-np.log(np.maximum(chances[np.arange(len(truth)), truth], 1e-9)).mean())

    return min((step / 100 for step in range(50, 301, 2)), key=loss)


def _with_cuts(model: TaskModel, pool: Pool) -> TaskModel:
    """Fit a scale and a shift for every label (Platt), and the cut with the best F1."""
    logits = np.stack([of for _, of in pool])
    scales, shifts, cuts = [], [], []
    for column, label in enumerate(model.labels):
        truth = np.array([label in row.labels[model.task] for row, _ in pool])
        scale, shift = _platt(logits[:, column], truth)
        chances = 1 / (1 + np.exp(-(scale * logits[:, column] + shift)))
        steps = np.arange(LEAST_CUT, GREATEST_CUT, 0.01)
        best = max(steps, key=lambda cut: _f1(chances >= cut, truth))
        scales.append(round(scale, 4))
        shifts.append(round(shift, 4))
        cuts.append(round(float(best), 2))
    return replace(model, scale=tuple(scales), shift=tuple(shifts), cuts=tuple(cuts))


def _platt(logits: Matrix, truth: Any) -> tuple[float, float]:
    """Newton's method for a logistic regression on one number."""
    inputs = np.stack([logits, np.ones_like(logits)], axis=1).astype(np.float64)
    found = np.array([1.0, 0.0])
    for _ in range(25):
        chances = 1 / (1 + np.exp(-np.clip(inputs @ found, -30, 30)))
        slope = inputs.T @ (chances - truth) + 1e-3 * (found - [1.0, 0.0])
        curve = (inputs * (chances * (1 - chances))[:, None]).T @ inputs + 1e-3 * np.eye(2)
        found = found - np.linalg.solve(curve, slope)
    return float(found[0]), float(found[1])


def _f1(said: Any, truth: Any) -> float:
    return float(2 * (said & truth).sum() / max(1, said.sum() + truth.sum()))
