"""Softmax regression, of embeddings or of sparse words: accelerated gradient descent, deterministic, on one thread."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Matrix = NDArray[np.float32]
Labels = NDArray[np.intp]

SHRINK = 1.0
ROUNDS = 120  # stopping early keeps words that one text alone has from counting too much
SETTLED = 2e-4  # greatest change of a weight in a round, against the greatest weight
FOLDS = 5
MOST_FOR_ALL_FOLDS = 1_500  # with more examples one fold tells as much as five
ONE_THREAD = 1  # matrices this small are slower on several threads, and beside other work by more than ten times
POWER_ROUNDS = 20


def fit(points: Matrix | csr_array, truth: Labels, labels: int) -> tuple[Matrix, Matrix]:
    """Return weight [labels, features] and bias [labels] for points [n, features]; every label weighs alike in sum."""
    with threadpool_limits(ONE_THREAD, "blas"):
        weight = _descended(_with_ones(points), truth, labels)
    return weight[:, :-1], weight[:, -1].copy()


def cross_validated(points: Matrix | csr_array, truth: Labels, labels: int) -> tuple[Matrix, Labels]:
    """Return logits [judged rows, labels], each from a fit that has not seen the row, and which rows."""
    fold = np.empty(len(truth), int)
    # every label is spread evenly over the folds
    fold[np.argsort(truth, kind="stable")] = np.arange(len(truth)) % FOLDS
    judged, seen = [], []
    for held in range(FOLDS if len(truth) <= MOST_FOR_ALL_FOLDS else 1):
        out = fold == held
        if out.any() and not out.all():
            weight, bias = fit(points[np.flatnonzero(~out)], truth[~out], labels)
            judged.append(points[np.flatnonzero(out)] @ weight.T + bias)
            seen.append(np.flatnonzero(out))
    return np.concatenate(judged), np.concatenate(seen)


def log_softmax(logits: Matrix) -> Matrix:
    moved = logits - logits.max(-1, keepdims=True)
    return np.asarray(moved - np.log(np.exp(moved).sum(-1, keepdims=True)), np.float32)


def _descended(inputs: Any, truth: Labels, labels: int) -> Matrix:
    turned = inputs.T.tocsr() if hasattr(inputs, "tocsr") else inputs.T
    wanted = np.eye(labels, dtype=np.float32)[truth]
    counts = np.maximum(wanted.sum(0), 1)
    share = ((counts.mean() / counts) ** 0.5)[truth][:, None].astype(np.float32)
    weight = np.zeros((inputs.shape[1], labels), np.float32)
    ahead, momentum = weight, 1.0
    steepest = 0.5 * _greatest(inputs, turned, share) + SHRINK
    for _ in range(ROUNDS):
        slope = turned @ (share * (np.exp(log_softmax(inputs @ ahead)) - wanted)) + SHRINK * ahead
        step = ahead - slope / steepest
        coming = (1 + (1 + 4 * momentum**2) ** 0.5) / 2
        moved = float(np.abs(step - weight).max())
        ahead, weight, momentum = step + (momentum - 1) / coming * (step - weight), step, coming
        if moved < SETTLED * float(np.abs(weight).max()):
            break
    return weight.T


def _greatest(inputs: Any, turned: Any, share: Matrix) -> float:
    """Return the greatest eigenvalue of the weighed covariance, a little more so that no step is too long."""
    point = np.ones((inputs.shape[1], 1), np.float32)
    size = 1.0
    for _ in range(POWER_ROUNDS):
        point = turned @ (share * (inputs @ point))
        size = float(np.linalg.norm(point))
        point = point / max(size, 1e-12)
    return 1.1 * size


def _with_ones(points: Any) -> Any:
    ones = np.ones((points.shape[0], 1), np.float32)
    if isinstance(points, np.ndarray):
        return np.hstack([points, ones])
    from scipy.sparse import csr_array, hstack

    return hstack([points, csr_array(ones)], format="csr")
