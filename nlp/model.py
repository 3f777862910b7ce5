"""What ships beside the weights: every task's labels, how its logits become probabilities, when they may be used."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from nlp.light import Matrix
from nlp.loading import MODEL_FOLDER, ModelMissing
from nlp.tasks import MANY, TASKS

DESCRIPTION, HALF, INT8 = "model.json", "model.fp16.safetensors", "model.int8.onnx"
MODEL_ID = "tributary-understanding"


@dataclass(frozen=True, slots=True)
class TaskModel:
    """One task. Confidence under `threshold` means abstain.

    `cautious` holds higher thresholds of single labels. A task of many labels has a `scale` and a `shift` for every
    label in place of the temperature, and `cuts`, the probability from which on a label is said.
    """

    task: str
    labels: tuple[str, ...]
    temperature: float = 1.0
    threshold: float = 0.0
    cautious: Mapping[str, float] = field(default_factory=dict)
    scale: tuple[float, ...] = ()
    shift: tuple[float, ...] = ()
    cuts: tuple[float, ...] = ()

    def probabilities(self, logits: Matrix) -> Matrix:
        """Return calibrated probabilities [rows, labels]; they sum to 1 unless the task has many labels."""
        if self.task in MANY:
            moved = logits * np.array(self.scale, np.float32) + np.array(self.shift, np.float32)
            chances: Matrix = (1 / (1 + np.exp(-np.clip(moved, -30, 30)))).astype(np.float32)
            return chances
        raised = np.exp((logits - logits.max(1, keepdims=True)) / self.temperature)
        shares: Matrix = raised / raised.sum(1, keepdims=True)
        return shares

    def least(self, label: str, threshold: float | None) -> float:
        """Return the confidence from which on a label is used; a given threshold stands in for the task's."""
        return max(self.threshold if threshold is None else threshold, self.cautious.get(label, 0.0))


@dataclass(frozen=True)
class Model:
    """All tasks, in the order in which the network gives their logits."""

    tasks: Mapping[str, TaskModel]
    model_version: str
    languages: tuple[str, ...]
    model_id: str = MODEL_ID

    @cached_property
    def columns(self) -> dict[str, slice]:
        """Where each task's labels stand among the logits side by side."""
        found, first = {}, 0
        for name, task in self.tasks.items():
            found[name] = slice(first, first + len(task.labels))
            first += len(task.labels)
        return found


def load_model(folder: Path = MODEL_FOLDER) -> Model:
    """Return the description in a folder. Raises ModelMissing where it is not there or not of these weights."""
    description = _read(folder)
    tasks = {task: TaskModel(task=task, **_frozen(about["decides"])) for task, about in description["tasks"].items()}
    return Model(tasks=tasks, model_version=description["model_version"], languages=tuple(description["languages"]))


def verify(folder: Path, name: str) -> Path:
    """Return the path of a weights file after checking that it is the one described. Raises ModelMissing."""
    path, expected = folder / name, _read(folder)["files"].get(name)
    if not path.is_file():
        raise ModelMissing(_missing(path))
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != expected:
        raise ModelMissing(
            f"{path} does not belong to the {DESCRIPTION} beside it: its sha256 is {found}, expected {expected}. "
            "Restore both from the repository."
        )
    return path


def save_model(
    folder: Path, tasks: Sequence[TaskModel], about: Mapping[str, Mapping[str, Any]], facts: Mapping[str, Any]
) -> str:
    """Write model.json for the weights in the folder; return the model version, a hash of all that decides a label.

    `about` adds to a task's description (scores), `facts` to the whole one (data, seconds).
    """
    decides = {task.task: _deciding(task) for task in tasks}
    files = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in (HALF, INT8)}
    version = hashlib.sha256(json.dumps([decides, files[HALF]], sort_keys=True).encode()).hexdigest()[:12]
    description = {
        "model_id": MODEL_ID,
        "model_version": version,
        "files": files,
        **facts,
        "tasks": {task.task: {"decides": decides[task.task], **about.get(task.task, {})} for task in tasks},
    }
    (folder / DESCRIPTION).write_text(json.dumps(description, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return version


def _read(folder: Path) -> dict[str, Any]:
    if not (folder / DESCRIPTION).is_file():
        raise ModelMissing(_missing(folder / DESCRIPTION))
    description: dict[str, Any] = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
    if list(description["tasks"]) != list(TASKS):
        raise ModelMissing(f"{folder / DESCRIPTION} does not describe the tasks {', '.join(TASKS)}.")
    return description


def _deciding(task: TaskModel) -> dict[str, Any]:
    names = ("labels", "temperature", "threshold", "cautious", "scale", "shift", "cuts")
    return {name: getattr(task, name) for name in names if getattr(task, name) not in ((), {})}


def _frozen(about: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in about.items()}


def _missing(path: Path) -> str:
    return f"{path} is missing: restore it from the repository, or run `python -m nlp train DATA_DIR`."
