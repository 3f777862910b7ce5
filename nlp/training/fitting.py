"""Fits one linear head, and what decides when it may be believed: temperature and threshold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from nlp.evaluation import Judged
from nlp.heads import Head
from nlp.training.rows import Row

if TYPE_CHECKING:
    from torch import Tensor

ROWS_A_STEP = 256


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a task's head is fitted; `balance` 1 gives every class the same weight, 0 leaves the classes as they are."""

    epochs: int
    learning_rate: float
    weight_decay: float
    balance: float
    label_smoothing: float = 0.05


RECIPES = {
    "sentiment": Recipe(epochs=12, learning_rate=1e-3, weight_decay=0.01, balance=1.0),
    "intent": Recipe(epochs=5, learning_rate=2e-3, weight_decay=0.5, balance=0.7),
}


@dataclass(frozen=True, slots=True)
class Sample:
    """Rows with their features [rows, FEATURES]."""

    rows: Sequence[Row]
    features: Tensor

    def where(self, keep: Sequence[bool]) -> Sample:
        import torch

        return Sample(
            [row for row, kept in zip(self.rows, keep, strict=True) if kept], self.features[torch.tensor(keep)]
        )

    def without(self, source: str) -> Sample:
        return self.where([row.source != source for row in self.rows])

    def only(self, source: str) -> Sample:
        return self.where([row.source == source for row in self.rows])

    def __add__(self, other: Sample) -> Sample:
        import torch

        return Sample([*self.rows, *other.rows], torch.cat([self.features, other.features]))


def fit(task: str, labels: Sequence[str], sample: Sample, *, seed: int) -> Head:
    """Return a head fitted by weighted cross-entropy with AdamW, at temperature 1 and threshold 0.

    The same seed gives the same head.
    """
    import torch

    recipe = RECIPES[task]
    torch.manual_seed(seed)
    mean, spread = sample.features.mean(0), sample.features.std(0) + 1e-6
    inputs = (sample.features - mean) / spread
    truth = torch.tensor([labels.index(row.label) for row in sample.rows])
    weights = _weights(sample.rows, truth, len(labels), recipe.balance)
    layer = torch.nn.Linear(inputs.shape[1], len(labels))
    optimizer = torch.optim.AdamW(layer.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay)
    steps = -(-len(inputs) // ROWS_A_STEP)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, recipe.learning_rate, total_steps=recipe.epochs * steps + 1
    )
    for _ in range(recipe.epochs):
        for step in torch.split(torch.randperm(len(inputs)), ROWS_A_STEP):
            losses = torch.nn.functional.cross_entropy(
                layer(inputs[step]), truth[step], reduction="none", label_smoothing=recipe.label_smoothing
            )
            optimizer.zero_grad()
            torch.autograd.backward((losses * weights[step]).mean())
            optimizer.step()
            schedule.step()
    # the standardisation is folded into the layer, so annotating needs none
    weight = (layer.weight / spread).detach()
    bias = (layer.bias - weight @ mean).detach()
    return Head(task=task, labels=tuple(labels), weight=weight, bias=bias, temperature=1.0, threshold=0.0)


def calibrated(head: Head, logits: Tensor, truth: Tensor) -> Head:
    """Return the head with the temperature in 0.50 … 3.00 under which `logits` [rows, labels] fit `truth` best."""
    import torch

    def loss(temperature: float) -> float:
        return float(torch.nn.functional.cross_entropy(logits / temperature, truth))

    return replace(head, temperature=min((step / 100 for step in range(50, 301)), key=loss))


def threshold_for(judged: Sequence[Judged], precision: float) -> float:
    """Return the smallest confidence, in hundredths, from which on at least `precision` of the labels are right.

    1.01, which nothing reaches, where there is none.
    """
    for threshold in (step / 100 for step in range(101)):
        sure = [one for one in judged if one.confidence >= threshold]
        if sure and sum(one.label == one.truth for one in sure) >= precision * len(sure):
            return threshold
    return 1.01


def judge(head: Head, rows: Sequence[Row], logits: Tensor) -> list[Judged]:
    """Return what the head says of rows whose logits [rows, labels] are given, beside the truth."""
    import torch

    confidences, best = torch.softmax(logits / head.temperature, dim=-1).max(dim=1)
    return [
        Judged(row.label, head.labels[label], confidence, abstained=not head.is_sure(head.labels[label], confidence))
        for row, label, confidence in zip(rows, best.tolist(), confidences.tolist(), strict=True)
    ]


def _weights(rows: Sequence[Row], truth: Tensor, classes: int, balance: float) -> Tensor:
    """Return one weight a row, 1 on average: the row's own times its class's rarity to the power of `balance`."""
    import torch

    weights = torch.tensor([row.weight for row in rows])
    totals = torch.zeros(classes).index_add(0, truth, weights).clamp(min=1.0)
    weights = weights * (totals.mean() / totals).pow(balance)[truth]
    return weights / weights.mean()
