"""The quick backend and the exact one say the same."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from nlp.annotate import annotate
from nlp.backends import forward, load_backend
from nlp.encoder import Cutter
from nlp.lines import as_json
from nlp.loading import MODEL_FOLDER
from nlp.model import load_model
from nlp.prediction import Annotation
from nlp.tasks import MANY, TASKS
from nlp.training.rows import Row

pytestmark = pytest.mark.usefixtures("warm")

SAME_OF_ALL, SAME_OF_USED = 0.975, 0.995


@pytest.fixture(scope="session")
def torch_said(corpus: Sequence[Row], tmp_path_factory: pytest.TempPathFactory) -> Sequence[Mapping[str, Any]]:
    """What the full precision of torch says of the corpus, through the command line."""
    path = tmp_path_factory.mktemp("corpus") / "corpus.jsonl"
    path.write_text("".join(json.dumps({"id": n, "text": row.text}) + "\n" for n, row in enumerate(corpus)))
    command = [
        sys.executable,
        "-m",
        "nlp",
        "annotate",
        "--backend",
        "torch",
        "--threads",
        "1",
        "--no-reasons",
        str(path),
    ]
    ran = subprocess.run(command, capture_output=True, text=True, check=True, timeout=110)
    return [json.loads(line) for line in ran.stdout.splitlines()]


@pytest.mark.parametrize("task", TASKS)
def test_labels_are_those_of_full_precision(
    task: str, said: Sequence[Annotation], torch_said: Sequence[Mapping[str, Any]]
) -> None:
    ours = [as_json(one) for one in said]
    assert len(ours) == len(torch_said)
    same = [_labels(task, one) == _labels(task, other) for one, other in zip(ours, torch_said, strict=True)]
    used = [
        ("label", of) in _decision(task, one).items()
        for one, other in zip(ours, torch_said, strict=True)
        if not (decision := _decision(task, other))["abstained"] and (of := decision["label"])
    ]
    assert sum(same) >= SAME_OF_ALL * len(same), f"{sum(same)} of {len(same)}"
    assert sum(used) >= SAME_OF_USED * len(used), f"{sum(used)} of {len(used)}"


def test_languages_and_the_model_are_the_same(
    said: Sequence[Annotation], torch_said: Sequence[Mapping[str, Any]]
) -> None:
    for one, other in zip(said, torch_said, strict=True):
        assert (one.language, as_json(one)["model"]) == (other["language"], other["model"])


def _decision(task: str, answer: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = answer[f"{task}_decision" if task in MANY else task]
    return found


def _labels(task: str, answer: Mapping[str, Any]) -> set[str]:
    if task in MANY:
        return {one["label"] for one in answer[task]}
    return {answer[task]["label"]}


def test_embeddings_and_shares_stay_close_in_int8_and_shares_add_up() -> None:
    model = load_model()
    cuts = Cutter().cut(["Where is my parcel?", "Thank you so much!", "I was charged twice. " * 12])
    pieces = [piece for cut in cuts for piece in cut.pieces]
    quick, exact = (forward(load_backend(name, model, threads=1), pieces) for name in ("onnx", "torch"))
    assert quick.logits.shape == exact.logits.shape == (3, sum(len(task.labels) for task in model.tasks.values()))
    assert np.linalg.norm(quick.embeddings, axis=1) == pytest.approx(1, abs=1e-3)
    assert (quick.embeddings * exact.embeddings).sum(1).min() > 0.98
    for piece, share in zip(pieces, exact.shares, strict=True):
        assert share.shape == (len(piece.tokens) - 2, exact.logits.shape[1])
    # what the inner tokens add differs between texts by no more than the logits do: the rest is the bias and the end marks
    inner = np.stack([share.sum(0) for share in exact.shares])
    assert np.corrcoef(inner.ravel(), exact.logits.ravel())[0, 1] > 0.8


@pytest.mark.parametrize("name", ["onnx", "torch"])
def test_nothing_around_a_piece_changes_what_is_said_of_it(name: str) -> None:
    backend = load_backend(name, load_model(), threads=2)
    pieces = [cut.pieces[0] for cut in Cutter().cut(["Where is it?", "Thanks!", "Cancel it, please. " * 30, "Why?"])]
    together = forward(backend, pieces)
    for place, piece in enumerate(pieces):
        alone = forward(backend, [piece])
        assert together.logits[place] == pytest.approx(alone.logits[0], abs=0 if name == "onnx" else 1e-4)
        assert together.shares[place] == pytest.approx(alone.shares[0], abs=0 if name == "onnx" else 1e-4)


def test_an_unknown_backend_is_said() -> None:
    with pytest.raises(ValueError, match="unknown backend 'jax', there are onnx, torch"):
        load_backend("jax", load_model(), threads=None)


def test_what_ships_stays_small() -> None:
    sizes = {path.name: path.stat().st_size for path in MODEL_FOLDER.iterdir()}
    assert sizes["model.int8.onnx"] < 30e6
    assert sizes["model.fp16.safetensors"] < 50e6
    assert annotate(["Thank you!"], tasks=("sentiment",))[0].of("sentiment").label == "positive"
