"""Rows as tensors: which rows are seen together, and what is asked of them."""

from __future__ import annotations

import math
import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy, log_softmax

from nlp.network import padded
from nlp.tasks import MANY
from nlp.training.rows import Row

FLOOR = 0.2  # of a source's prior that is spread evenly, so that a label it never has stays possible
MOST_ROWS = 320


@dataclass(frozen=True, slots=True)
class Example:
    """One row as the network reads it."""

    piece: list[int]
    row: Row
    memory: Tensor  # the embedding that the encoder gave before training, unit length


class Targets:
    """What people said about the rows of a batch, and the loss against it.

    The prior of a label within its source is added to the logits while training, so what is learned is the evidence of
    the text alone: at inference every label is equally likely beforehand, whatever a data set's mix was (logit
    adjustment, Menon et al. 2021).
    """

    def __init__(self, rows: Sequence[Row], labels: Mapping[str, Sequence[str]]) -> None:
        self.index = {task: {label: place for place, label in enumerate(names)} for task, names in labels.items()}
        self._priors = {task: _priors(task, rows, index) for task, index in self.index.items() if task not in MANY}

    def loss(
        self, logits: Mapping[str, Tensor], rows: Sequence[Row], weights: Mapping[str, float], smoothing: float
    ) -> Tensor:
        """Return the weighted loss a row, a scalar; `logits` [rows, labels] by task."""
        losses = [torch.zeros((), device=next(iter(logits.values())).device)]
        for task, said in logits.items():
            chosen = [place for place, row in enumerate(rows) if task in row.labels or task in row.soft]
            if chosen and weights.get(task):
                some = [rows[place] for place in chosen]
                each = self._losses(task, said[chosen], some, smoothing)
                scale = torch.tensor([row.weight for row in some], device=each.device) * weights[task]
                losses.append((each * scale).sum() / len(rows))
        return torch.stack(losses).sum()

    def _losses(self, task: str, said: Tensor, rows: Sequence[Row], smoothing: float) -> Tensor:
        if task in MANY:
            return binary_cross_entropy_with_logits(said, self._many(task, rows, said), reduction="none").mean(1) * 2
        priors = torch.stack([self._priors[task][row.source] for row in rows]).to(said.device)
        hard = [place for place, row in enumerate(rows) if task in row.labels]
        losses = torch.zeros(len(rows), device=said.device)
        if hard:
            truth = torch.tensor(
                [self.index[task][str(rows[place].labels[task])] for place in hard], device=said.device
            )
            adjusted = (said + priors)[hard]
            losses[hard] = cross_entropy(adjusted, truth, reduction="none", label_smoothing=smoothing)
        soft = [place for place, row in enumerate(rows) if task in row.soft]
        if soft:
            wanted = torch.tensor([list(rows[place].soft[task]) for place in soft], device=said.device)
            against = -(wanted * log_softmax(said[soft], dim=-1)).sum(1)
            half = torch.tensor([0.5 if task in rows[place].labels else 0.0 for place in soft], device=said.device)
            losses[soft] = losses[soft] * half + against * (1 - half)
        return losses

    def _many(self, task: str, rows: Sequence[Row], said: Tensor) -> Tensor:
        wanted = torch.zeros_like(said)
        for place, row in enumerate(rows):
            if task in row.soft:
                wanted[place] = torch.tensor(list(row.soft[task]))
            for label in row.labels.get(task, ()):
                column = self.index[task][label]
                wanted[place, column] = (1 + wanted[place, column]) / 2 if task in row.soft else 1
        return wanted


def _priors(task: str, rows: Sequence[Row], index: Mapping[str, int]) -> dict[str, Tensor]:
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        if task in row.labels:
            counts[row.source][str(row.labels[task])] += 1
        elif task in row.soft:
            counts.setdefault(row.source, Counter())
    return {source: _log_prior(of, index) for source, of in counts.items()}


def _log_prior(counts: Counter[str], index: Mapping[str, int]) -> Tensor:
    total = counts.total() or 1
    even = 1 / len(index)
    return torch.tensor([math.log((1 - FLOOR) * counts[label] / total + FLOOR * even) for label in index])


@dataclass(frozen=True, slots=True)
class Batch:
    tokens: Tensor
    mask: Tensor
    rows: list[Row]
    memory: Tensor


def batches(
    examples: Sequence[Example], *, tokens: int, seed: int, device: torch.device, first: int = 0
) -> Iterator[Batch]:
    """Yield an epoch's batches from the one numbered `first` on: neighbours in length, otherwise shuffled by `seed`."""
    for numbers in plan([len(example.piece) for example in examples], tokens=tokens, seed=seed)[first:]:
        chosen = [examples[number] for number in numbers]
        ids, mask = padded([example.piece for example in chosen], device)
        memory = torch.stack([example.memory for example in chosen]).to(device)
        yield Batch(ids, mask, [example.row for example in chosen], memory)


def plan(lengths: Sequence[int], *, tokens: int, seed: int) -> list[list[int]]:
    """Return which examples make each batch of an epoch; a batch padded holds at most `tokens`."""
    dice = random.Random(seed)  # noqa: S311 - an order of rows, not a secret
    order = list(range(len(lengths)))
    dice.shuffle(order)
    made: list[list[int]] = []
    together = 40 * MOST_ROWS
    for first in range(0, len(order), together):
        batch: list[int] = []
        for number in sorted(order[first : first + together], key=lengths.__getitem__):
            if batch and (
                (len(batch) + 1) * lengths[number] > tokens or len(batch) == MOST_ROWS * max(1, tokens // 4096)
            ):
                made.append(batch)
                batch = []
            batch.append(number)
        made.append(batch)
    dice.shuffle(made)
    return made
