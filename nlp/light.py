"""Light heads: what one workspace teaches the model, fitted in milliseconds to seconds over frozen embeddings.

`fit_corrections` bends a task's own answer near the texts that people corrected and nowhere else: a kernel logistic
regression whose starting point is the model's own probabilities. `fit_intents` learns a workspace's own intents from a
few examples each: a logistic regression that also knows when a text is none of them. Plain numpy, deterministic.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from nlp.evaluation import Judged
from nlp.tasks import LABELS, MANY, NONE

Matrix = NDArray[np.float32]

OUT_OF_SCOPE = "oos"
REACH = 8.0  # at cosine 0.8 a correction still counts a fifth, at 0.5 next to nothing
STIFFNESS = 0.01
MOST_CORRECTIONS = 2_000  # the newest; older ones have long been learned by a newer model
ROUNDS = 300
SETTLED = 2e-4  # greatest change of a weight in a round, against the greatest weight
FOLDS = 5
MOST_FOR_ALL_FOLDS = 1_500  # with more examples one fold tells as much as five
REJECTED = 0.01  # share of known in-scope examples that the scope's edge may cut off
SCALE = 20.0  # of unit embeddings before the logistic regression
SHRINK = 1.0
_TINY = 1e-6
ONE_THREAD = 1  # matrices this small are slower on several threads, and beside other work by more than ten times


@dataclass(frozen=True, slots=True)
class LightHead:
    """A fitted head. `kind` is "corrections" or "intents"; the arrays' shapes stand beside the two `fit_` functions.

    `threshold` is None where the task's own holds. `metrics` are what was measured while fitting, JSON values.
    """

    task: str
    kind: str
    version: int
    labels: tuple[str, ...]
    arrays: Mapping[str, Matrix]
    threshold: float | None = None
    scope: float = 0.0  # the least confidence of a text that is in scope
    metrics: Mapping[str, Any] = field(default_factory=dict)

    def probabilities(self, embeddings: Matrix, base: Matrix) -> Matrix:
        """Return probabilities [texts, labels] for unit embeddings [texts, 384].

        `base` are the model's own [texts, its labels]; intents do not look at them.
        """
        if self.kind == "intents":
            return _softmax(_linear(self.arrays, embeddings))
        moved = _kernel(embeddings, self.arrays["embeddings"].astype(np.float32)) @ self.arrays["moves"]
        if self.task in MANY:
            return _sigmoid(_logit(base) + moved)
        return _softmax(np.log(np.clip(base, _TINY, 1)) + moved)

    def ranked(self, embeddings: Sequence[Sequence[float]]) -> list[tuple[str, float, bool]]:
        """Return each text's best intent, how sure it is, and whether the text is in scope; for heads of intents.

        A text without an embedding is out of scope.
        """
        known = [place for place, label in enumerate(self.labels) if label != OUT_OF_SCOPE]
        some = [place for place, embedding in enumerate(embeddings) if len(embedding)]
        found = [(self.labels[known[0]], 0.0, False)] * len(embeddings)
        if not some:
            return found
        chances = self.probabilities(_unit([embeddings[place] for place in some]), np.zeros((len(some), 0), np.float32))
        for place, of in zip(some, chances, strict=True):
            best = max(known, key=of.__getitem__)
            inside = of[best] >= max(self.scope, float(of.max()))
            found[place] = (self.labels[best], float(of[best]), bool(inside))
        return found

    def judged(self, embeddings: Sequence[Sequence[float]], truths: Sequence[str]) -> list[Judged]:
        """Return what the head says of texts beside the truth.

        A text out of scope is said to be "oos" if any truth is; where all are in scope the best intent counts.
        """
        strange = OUT_OF_SCOPE in truths
        return [
            Judged(
                truth, best if inside or not strange else OUT_OF_SCOPE, sure, not inside or sure < (self.threshold or 0)
            )
            for truth, (best, sure, inside) in zip(truths, self.ranked(embeddings), strict=True)
        ]

    def to_bytes(self) -> bytes:
        """Return the head as bytes that `from_bytes` reads; no code is stored."""
        from safetensors.numpy import save

        about = {
            "task": self.task,
            "kind": self.kind,
            "version": self.version,
            "labels": self.labels,
            "threshold": self.threshold,
            "scope": self.scope,
            "metrics": self.metrics,
        }
        return save(dict(self.arrays), metadata={"head": json.dumps(about)})

    @classmethod
    def from_bytes(cls, raw: bytes) -> LightHead:
        """Read a head again. Raises ValueError where the bytes are not one."""
        from safetensors import SafetensorError
        from safetensors.numpy import load

        try:
            header = json.loads(raw[8 : 8 + int.from_bytes(raw[:8], "little")])
            about = json.loads(header["__metadata__"]["head"])
            return cls(**{**about, "labels": tuple(about["labels"])}, arrays=load(raw))
        except (SafetensorError, KeyError, TypeError, RecursionError, ValueError) as error:
            raise ValueError(f"not a light head: {error}") from error


def fit_corrections(
    task: str,
    *,
    embeddings: Sequence[Sequence[float]],
    base: Sequence[Mapping[str, float]],
    truths: Sequence[str],
    version: int,
) -> LightHead:
    """Return a head for sentiment, emotion or intent that has learned the corrections, oldest first.

    `base` is what the model itself said, probability by label; a truth of emotion is "a|b" or "none". Beyond
    `MOST_CORRECTIONS` only the newest count. Arrays: embeddings [n, 384], moves [n, labels]. Raises ValueError for a
    label that the task does not have, and for no corrections at all.
    """
    if not truths:
        raise ValueError("there are no corrections to learn from")
    labels = LABELS[task]
    wanted = np.stack([_wanted(task, labels, truth) for truth in truths[-MOST_CORRECTIONS:]])
    points = _unit(embeddings)[-MOST_CORRECTIONS:]
    said = np.array([[of.get(label, 0.0) for label in labels] for of in base], np.float32)[-MOST_CORRECTIONS:]
    with threadpool_limits(ONE_THREAD, "blas"):
        moves = _moves(task, _kernel(points, points), said, wanted)
    return LightHead(task, "corrections", version, labels, {"embeddings": points.astype(np.float16), "moves": moves})


def fit_intents(
    examples: Sequence[tuple[Sequence[float], str]], *, version: int, threshold_precision: float = 0.8
) -> LightHead:
    """Return a head for a workspace's own intents from (embedding, intent) pairs; the intent "oos" is out of scope.

    Arrays: weight [labels, 384], bias [labels]. `metrics` are cross-validated: n, accuracy, and by label n and recall;
    the threshold is the least confidence from which on `threshold_precision` of the answers were right. Raises
    ValueError for fewer than two intents.
    """
    labels = tuple(sorted({label for _, label in examples} - {OUT_OF_SCOPE}))
    if len(labels) < 2:
        raise ValueError("at least two intents are needed")
    names = [*labels, *({label for _, label in examples} & {OUT_OF_SCOPE})]
    points = _unit([embedding for embedding, _ in examples])
    truth = np.array([names.index(label) for _, label in examples])
    arrays = _fit_linear(points, truth, len(names))
    judged, seen = _cross_validated(points, truth, len(names))
    truth = truth[seen]
    inside = truth < len(labels)
    sureness = judged[:, : len(labels)].max(1)
    right = judged[:, : len(labels)].argmax(1) == truth
    return LightHead(
        task="intent",
        kind="intents",
        version=version,
        labels=tuple(names),
        arrays=arrays,
        threshold=_least_sure(sureness[inside], right[inside], threshold_precision),
        scope=float(np.quantile(sureness[inside], REJECTED)),
        metrics=_metrics(labels, truth[inside], right[inside]),
    )


def _moves(task: str, kernel: Matrix, base: Matrix, wanted: Matrix) -> Matrix:
    """Return the moves [n, labels] that bring the answers at the corrected texts to what people said."""
    many = task in MANY
    start = _logit(base) if many else np.log(np.clip(base, _TINY, 1))
    moves = np.zeros_like(wanted)
    # the crowd around a text pulls with it, so that many corrections of one text are not many times one correction
    pace = 2.0 / kernel.sum(1, keepdims=True)
    for _ in range(ROUNDS):
        now = start + kernel @ moves
        said = _sigmoid(now) if many else _softmax(now)
        moves += pace * (wanted - said - STIFFNESS * moves)
    return moves.astype(np.float32)


def _wanted(task: str, labels: Sequence[str], truth: str) -> Matrix:
    said = set() if truth == NONE else set(truth.split("|"))
    if unknown := said - set(labels):
        raise ValueError(f"{min(unknown)!r} is no label of {task}")
    return np.array([label in said for label in labels], np.float32)


def _kernel(ones: Matrix, others: Matrix) -> Matrix:
    kernel: Matrix = np.exp(REACH * (np.clip(ones @ others.T, -1, 1) - 1))
    return kernel


def _cross_validated(points: Matrix, truth: NDArray[np.intp], labels: int) -> tuple[Matrix, NDArray[np.intp]]:
    """Return probabilities [judged rows, labels], each from a head that has not seen the row, and which rows."""
    fold = np.empty(len(truth), int)
    # every intent is spread evenly over the folds
    fold[np.argsort(truth, kind="stable")] = np.arange(len(truth)) % FOLDS
    judged, seen = [], []
    for held in range(FOLDS if len(truth) <= MOST_FOR_ALL_FOLDS else 1):
        out = fold == held
        if out.any() and not out.all():
            judged.append(_softmax(_linear(_fit_linear(points[~out], truth[~out], labels), points[out])))
            seen.append(np.flatnonzero(out))
    return np.concatenate(judged), np.concatenate(seen)


def _fit_linear(points: Matrix, truth: NDArray[np.intp], labels: int) -> dict[str, Matrix]:
    """Fit a softmax regression by accelerated gradient descent; every label weighs the same in sum."""
    with threadpool_limits(ONE_THREAD, "blas"):
        return _descended(points, truth, labels)


def _descended(points: Matrix, truth: NDArray[np.intp], labels: int) -> dict[str, Matrix]:
    inputs = np.hstack([SCALE * points, np.ones((len(points), 1), np.float32)])
    wanted = np.eye(labels, dtype=np.float32)[truth]
    counts = np.maximum(wanted.sum(0), 1)
    share = ((counts.mean() / counts) ** 0.5)[truth][:, None].astype(np.float32)
    weight = np.zeros((labels, inputs.shape[1]), np.float32)
    ahead, momentum = weight, 1.0
    steepest = 0.5 * float(np.linalg.norm(inputs * np.sqrt(share), 2) ** 2) + SHRINK
    for _ in range(ROUNDS):
        slope = (share * (_softmax(inputs @ ahead.T) - wanted)).T @ inputs + SHRINK * ahead
        step = ahead - slope / steepest
        coming = (1 + (1 + 4 * momentum**2) ** 0.5) / 2
        moved = float(np.abs(step - weight).max())
        ahead, weight, momentum = step + (momentum - 1) / coming * (step - weight), step, coming
        if moved < SETTLED * float(np.abs(weight).max()):
            break
    return {"weight": weight[:, :-1] * SCALE, "bias": weight[:, -1].copy()}


def _linear(arrays: Mapping[str, Matrix], embeddings: Matrix) -> Matrix:
    return embeddings @ arrays["weight"].T + arrays["bias"]


def _least_sure(sureness: Matrix, right: NDArray[np.bool_], precision: float) -> float:
    for threshold in np.arange(0, 1, 0.01):
        sure = sureness >= threshold
        if sure.any() and right[sure].mean() >= precision:
            return float(round(threshold, 2))
    return 1.01


def _metrics(labels: Sequence[str], truth: NDArray[np.intp], right: NDArray[np.bool_]) -> dict[str, Any]:
    by_label = {
        label: {"n": int((truth == place).sum()), "recall": round(float(right[truth == place].mean()), 4)}
        for place, label in enumerate(labels)
        if (truth == place).any()  # of very many examples a few are judged, and a small intent may not be among them
    }
    return {"n": len(truth), "accuracy": round(float(right.mean()), 4), "per_label": by_label}


def _unit(embeddings: Sequence[Sequence[float]]) -> Matrix:
    points = np.array(embeddings, np.float32)
    unit: Matrix = points / np.maximum(np.linalg.norm(points, axis=1, keepdims=True), _TINY)
    return unit


def _softmax(logits: Matrix) -> Matrix:
    raised = np.exp(logits - logits.max(1, keepdims=True))
    soft: Matrix = raised / raised.sum(1, keepdims=True)
    return soft


def _sigmoid(logits: Matrix) -> Matrix:
    curve: Matrix = (1 / (1 + np.exp(-np.clip(logits, -30, 30)))).astype(np.float32)
    return curve


def _logit(probabilities: Matrix) -> Matrix:
    bounded = np.clip(probabilities, 1e-4, 1 - 1e-4)
    odds: Matrix = np.log(bounded / (1 - bounded))
    return odds
