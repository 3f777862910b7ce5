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

from nlp.cleaning import clean
from nlp.evaluation import Judged
from nlp.regression import ONE_THREAD, cross_validated, fit, log_softmax
from nlp.tasks import LABELS, MANY, NONE
from nlp.term_features import Terms, sparse, terms_in

Matrix = NDArray[np.float32]

OUT_OF_SCOPE = "oos"
REACH = 8.0  # at cosine 0.8 a correction still counts a fifth, at 0.5 next to nothing
STIFFNESS = 0.01
MOST_CORRECTIONS = 2_000  # the newest; older ones have long been learned by a newer model
ROUNDS = 300
REJECTED = 0.01  # share of known in-scope examples that the scope's edge may cut off
SCALE = 20.0  # of unit embeddings before the logistic regression
TERM_SCALE = 5.0  # of unit vectors of words
LEAST_SHARE, GREATEST_SHARE = 0.1, 0.5  # how much the words may count
_TINY = 1e-6


@dataclass(frozen=True, slots=True)
class Example:
    """One text that shows what an intent is; the embedding is that of its new words."""

    embedding: Sequence[float]
    text: str
    label: str


@dataclass(frozen=True, slots=True)
class LightHead:
    """A fitted head. `kind` is "corrections" or "intents"; the arrays' shapes stand beside the two `fit_` functions.

    `threshold` is None where the task's own holds. `metrics` are what was measured while fitting, JSON values.
    """

    task: str
    kind: str
    version: int
    labels: tuple[str, ...]
    arrays: Mapping[str, NDArray[Any]]
    threshold: float | None = None
    scope: float = 0.0  # the least confidence of a text that is in scope
    metrics: Mapping[str, Any] = field(default_factory=dict)

    def probabilities(self, embeddings: Matrix, base: Matrix, texts: Sequence[str]) -> Matrix:
        """Return probabilities [texts, labels] for unit embeddings [texts, 384] of these texts, cleaned.

        `base` are the model's own [texts, its labels]. Corrections do not look at the texts, intents not at `base`.
        """
        if self.kind == "intents":
            return _softmax(_linear(self.arrays, embeddings, texts))
        moved = _kernel(embeddings, self.arrays["embeddings"].astype(np.float32)) @ self.arrays["moves"]
        if self.task in MANY:
            return _sigmoid(_logit(base) + moved)
        return _softmax(np.log(np.clip(base, _TINY, 1)) + moved)

    def ranked(self, embeddings: Sequence[Sequence[float]], texts: Sequence[str]) -> list[tuple[str, float, bool]]:
        """Return each text's best intent, how sure it is, and whether the text is in scope; for heads of intents.

        A text without an embedding is out of scope.
        """
        known = [place for place, label in enumerate(self.labels) if label != OUT_OF_SCOPE]
        some = [place for place, embedding in enumerate(embeddings) if len(embedding)]
        found = [(self.labels[known[0]], 0.0, False)] * len(embeddings)
        if not some:
            return found
        cleaned = [clean(texts[place]) for place in some]
        none = np.zeros((len(some), 0), np.float32)
        chances = self.probabilities(_unit([embeddings[place] for place in some]), none, cleaned)
        for place, of in zip(some, chances, strict=True):
            best = max(known, key=of.__getitem__)
            inside = of[best] >= max(self.scope, float(of.max()))
            found[place] = (self.labels[best], float(of[best]), bool(inside))
        return found

    def judged(
        self, embeddings: Sequence[Sequence[float]], texts: Sequence[str], truths: Sequence[str]
    ) -> list[Judged]:
        """Return what the head says of texts beside the truth.

        A text out of scope is said to be "oos" if any truth is; where all are in scope the best intent counts.
        """
        strange = OUT_OF_SCOPE in truths
        return [
            Judged(
                truth, best if inside or not strange else OUT_OF_SCOPE, sure, not inside or sure < (self.threshold or 0)
            )
            for truth, (best, sure, inside) in zip(truths, self.ranked(embeddings, texts), strict=True)
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
        # safetensors writes memory as it lies, whatever the order of the axes
        arrays = {name: np.ascontiguousarray(array) for name, array in self.arrays.items()}
        return save(arrays, metadata={"head": json.dumps(about)})

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


def fit_intents(examples: Sequence[Example], *, version: int, threshold_precision: float = 0.8) -> LightHead:
    """Return a head for a workspace's own intents; the intent "oos" is out of scope.

    Two regressions, one of the embeddings and one of the words, mixed. Arrays: weight [labels, 384], bias [labels],
    terms [m] (hashes), rarity [m], term_weight [labels, m]. `metrics`
    are cross-validated: n, accuracy, and by label n and recall; the threshold is the least confidence from which on
    `threshold_precision` of the answers were right. Raises ValueError for fewer than two intents.
    """
    labels = tuple(sorted({one.label for one in examples} - {OUT_OF_SCOPE}))
    if len(labels) < 2:
        raise ValueError("at least two intents are needed")
    names = [*labels, *({one.label for one in examples} & {OUT_OF_SCOPE})]
    points = SCALE * _unit([one.embedding for one in examples])
    cleaned = [clean(one.text) for one in examples]
    terms = terms_in(cleaned)
    words = TERM_SCALE * sparse(terms, cleaned)
    truth = np.array([names.index(one.label) for one in examples])
    (meant, seen), (worded, _) = (cross_validated(of, truth, len(names)) for of in (points, words))
    share = _share_of_words(len(examples), len(names))
    judged = np.exp(log_softmax((1 - share) * meant + share * worded))
    arrays = _mixed(fit(points, truth, len(names)), fit(words, truth, len(names)), terms, share)
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


def _mixed(
    meaning: tuple[Matrix, Matrix], words: tuple[Matrix, Matrix], terms: Terms, share: float
) -> dict[str, NDArray[Any]]:
    return {
        "weight": (1 - share) * SCALE * meaning[0],
        "bias": (1 - share) * meaning[1] + share * words[1],
        "terms": terms.hashes,
        "rarity": terms.rarity,
        "term_weight": (share * TERM_SCALE * words[0]).astype(np.float16),
    }


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


def _share_of_words(examples: int, labels: int) -> float:
    """Return how much the words count beside the meaning: the more examples an intent has, the better words tell.

    Measured on banking77's dev rows: with 10, 30 and 117 examples an intent shares of 0.3, 0.5 and 0.5 were best.
    Cross-validation cannot tell where the encoder itself was trained on the examples.
    """
    return float(np.clip(0.3 + 0.4 * np.log10(examples / labels / 10), LEAST_SHARE, GREATEST_SHARE))


def _linear(arrays: Mapping[str, NDArray[Any]], embeddings: Matrix, texts: Sequence[str]) -> Matrix:
    """Return logits [texts, labels]; `texts` are cleaned."""
    logits: Matrix = embeddings @ arrays["weight"].T + arrays["bias"]
    if "terms" in arrays:
        terms = Terms(arrays["terms"], arrays["rarity"])
        for row, text in enumerate(texts):
            places, values = terms.of(text)
            logits[row] += arrays["term_weight"][:, places].astype(np.float32) @ values
    return logits


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
