"""The tone of single sentences, learned from own-written rows: a linear reading of the encoder's embeddings.

The rows (training/own_tone.tsv) are few enough to be learned anew by each process, so what is learned always fits the
encoder that is there. How sure the reading must be is found by leaving each row out in turn: at most four fine
sentences in a hundred may be spoken of.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

ROWS = Path(__file__).parent / "training" / "own_tone.tsv"
FINE = "fine"
FALSE_ALARMS = 0.04  # of fine sentences, before those with a kind word are passed over
STIFFNESS = 1.0

Embed = Callable[[Sequence[str]], Sequence[Sequence[float]]]
Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ToneModel:
    """`weights` [embedding and 1, labels]; `threshold`: the least sum of the tones that is spoken of."""

    embed: Embed
    labels: tuple[str, ...]
    weights: Matrix
    threshold: float
    found: float  # share of the rows with a tone that were found when left out

    def judge(self, sentences: Sequence[str]) -> list[str]:
        """Return for each sentence the tone it surely has ("angry", "blaming", "cold"), or ""."""
        points = list(self.embed(sentences))
        told = ["" for _ in sentences]
        for at, point in enumerate(points):
            if len(point):
                scores = dict(zip(self.labels, np.append(point, 1.0) @ self.weights, strict=True))
                if 1 - scores.pop(FINE) >= self.threshold:
                    told[at] = max(scores, key=lambda label: float(scores[label]))
        return told


def learn(embed: Embed, rows: Path = ROWS) -> ToneModel:
    """Learn the own rows; the time goes into their embeddings. `embed` gives a unit vector a text."""
    with rows.open(encoding="utf-8", newline="") as file:
        told: list[Mapping[str, str]] = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    labels = tuple(sorted({row["label"] for row in told}))
    points = np.array(embed([row["text"] for row in told]), np.float64)
    inputs = np.hstack([points, np.ones((len(points), 1))])
    truth = np.array([labels.index(row["label"]) for row in told])
    is_fine = truth == labels.index(FINE)
    weights, left_out = _ridge(
        inputs, np.eye(len(labels))[truth], np.where(is_fine, (~is_fine).sum() / is_fine.sum(), 1)
    )
    tone = 1 - left_out[:, labels.index(FINE)]
    threshold = float(np.quantile(tone[is_fine], 1 - FALSE_ALARMS))
    return ToneModel(embed, labels, weights, threshold, float((tone[~is_fine] >= threshold).mean()))


def _ridge(inputs: Matrix, wanted: Matrix, weight: Matrix) -> tuple[Matrix, Matrix]:
    """Return the weights of a weighted ridge regression, and what it says of each row when that row is left out."""
    scaled = inputs * weight[:, None]
    solved = np.linalg.solve(scaled.T @ inputs + STIFFNESS * np.eye(inputs.shape[1]), scaled.T)
    own = np.einsum("ij,ji->i", inputs, solved)[:, None]
    weights = solved @ wanted
    return weights, (inputs @ weights - own * wanted) / np.maximum(1 - own, 1e-6)
