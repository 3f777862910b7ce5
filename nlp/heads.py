"""The trained heads: one linear layer a task over the encoder's features, with its temperature and its threshold."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nlp.loading import HEADS_FOLDER, ModelMissing

if TYPE_CHECKING:
    from torch import Tensor

WEIGHTS, DESCRIPTION = "heads.safetensors", "heads.json"
MODEL_ID = "all-MiniLM-L6-v2+tributary-heads"
# What stands as the best class of a text that says nothing.
LABEL_OF_NOTHING = {"sentiment": "neutral", "intent": "other"}


@dataclass(frozen=True, slots=True)
class Head:
    """One task: `weight` [labels, FEATURES], `bias` [labels]; confidence under `threshold` means abstain.

    `cautious` holds higher thresholds of single labels: those learnt from one source that looks like nothing else.
    """

    task: str
    labels: tuple[str, ...]
    weight: Tensor
    bias: Tensor
    temperature: float
    threshold: float
    cautious: Mapping[str, float] = field(default_factory=dict)

    def is_sure(self, label: str, confidence: float) -> bool:
        """Say whether a label may be used at this confidence."""
        return confidence >= max(self.threshold, self.cautious.get(label, 0.0))

    def probabilities(self, features: Tensor) -> Tensor:
        """Return calibrated probabilities [rows, labels] for features [rows, FEATURES]."""
        import torch

        return torch.softmax(self.logits(features) / self.temperature, dim=-1)

    def logits(self, features: Tensor) -> Tensor:
        """Return what the temperature is applied to, [rows, labels]."""
        return features @ self.weight.T + self.bias


@dataclass(frozen=True, slots=True)
class Heads:
    by_task: Mapping[str, Head]
    model_version: str
    model_id: str = MODEL_ID


def load_heads(folder: Path = HEADS_FOLDER) -> Heads:
    """Return the heads in a folder. Raises ModelMissing where a file is not there or does not belong to the others."""
    for name in (WEIGHTS, DESCRIPTION):
        if not (folder / name).is_file():
            raise ModelMissing(
                f"{folder / name} is missing: restore it from the repository, or run `python -m nlp train DATA_DIR`."
            )
    from safetensors.torch import load_file

    description = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
    tensors = load_file(folder / WEIGHTS)
    if description["model_version"] != version_of((folder / WEIGHTS).read_bytes(), description["tasks"]):
        raise ModelMissing(
            f"{folder / WEIGHTS} does not belong to the {DESCRIPTION} beside it: restore both from the repository."
        )
    heads = {
        task: Head(
            task=task,
            labels=tuple(about["labels"]),
            weight=tensors[f"{task}.weight"],
            bias=tensors[f"{task}.bias"],
            temperature=about["temperature"],
            threshold=about["threshold"],
            cautious=about["cautious"],
        )
        for task, about in description["tasks"].items()
    }
    return Heads(by_task=heads, model_version=description["model_version"])


def save_heads(
    folder: Path, heads: Mapping[str, Head], about: Mapping[str, Mapping[str, Any]], facts: Mapping[str, Any]
) -> str:
    """Write both files and return the model version, a hash of all that decides a label.

    `about` adds to a task's description (scores), `facts` to the whole one (data, encoder).
    """
    from safetensors.torch import save

    tensors: dict[str, Tensor] = {}
    for task, head in heads.items():
        tensors |= {f"{task}.weight": head.weight.contiguous(), f"{task}.bias": head.bias.contiguous()}
    weights = save(tensors)
    tasks = {
        task: {
            "labels": list(head.labels),
            "temperature": head.temperature,
            "threshold": head.threshold,
            "cautious": dict(head.cautious),
            **about[task],
        }
        for task, head in heads.items()
    }
    version = version_of(weights, tasks)
    description = {"model_id": MODEL_ID, "model_version": version, **facts, "tasks": tasks}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / WEIGHTS).write_bytes(weights)
    (folder / DESCRIPTION).write_text(json.dumps(description, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return version


def version_of(weights: bytes, tasks: Mapping[str, Mapping[str, Any]]) -> str:
    """Return 12 hex digits over the weights, labels, temperatures and thresholds."""
    deciding = {
        task: [about["labels"], about["temperature"], about["threshold"], sorted(about["cautious"].items())]
        for task, about in sorted(tasks.items())
    }
    return hashlib.sha256(weights + json.dumps(deciding).encode()).hexdigest()[:12]
