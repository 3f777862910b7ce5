"""Training makes a model that loads, the same seed the same one, stopped or not."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from nlp.__main__ import main
from nlp.backends import forward, load_backend
from nlp.encoder import Cutter
from nlp.model import HALF, INT8, load_model
from nlp.network import Network
from nlp.tasks import LABELS, TASKS
from nlp.training import loop, rows
from nlp.training import train as training
from nlp.training.card import CARD, SOURCES
from nlp.training.train import train
from nlp.tsv import BadData
from tests.nlp.small_data import CONFIG, write_data, write_own

STOPPED_AFTER = 9  # steps


@dataclass(frozen=True)
class Trained:
    """What two runs with one seed made: one undisturbed, one stopped and continued."""

    out: Path
    scores: Mapping[str, Mapping[str, Any]]
    undisturbed: Network
    checkpoint_was_left: bool
    steps: list[int]


@pytest.fixture(scope="module")
def patch() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, patch: pytest.MonkeyPatch) -> Trained:
    """Train twice over a small folder; the whole of it (export, card) once."""
    home = tmp_path_factory.mktemp("training")
    data, config = write_data(home / "data"), home / "config.toml"
    config.write_text(CONFIG)
    patch.setattr(rows, "OWN_FOLDER", write_own(home / "own"))
    torch.set_num_threads(1)
    options: dict[str, Any] = {"config": config, "device": "cpu", "seed": None}
    with pytest.MonkeyPatch.context() as only_train:
        only_train.setattr(training, "finish", lambda network, *_rest: network)
        undisturbed: Any = train(data, home / "undisturbed", work=home / "one", **options)
    steps: list[int] = []
    with pytest.MonkeyPatch.context() as stopping:
        stopping.setattr(loop, "SAVE_EVERY", -1.0)
        stopping.setattr(loop._Run, "step", _stopped(loop._Run.step, steps))
        with pytest.raises(KeyboardInterrupt):
            train(data, home / "out", work=home / "two", **options)
    left = (home / "two" / "training.checkpoint").is_file()
    assert not (home / "out" / HALF).exists()
    with pytest.MonkeyPatch.context() as counting:
        counting.setattr(loop._Run, "step", _stopped(loop._Run.step, steps, after=10_000))
        scores = train(data, home / "out", work=home / "two", **options)
    return Trained(
        home / "out", scores, undisturbed, left and not (home / "two" / "training.checkpoint").exists(), steps
    )


def _stopped(step: Any, steps: list[int], after: int = STOPPED_AFTER) -> Any:
    """Take each step, and have somebody press Ctrl+C after some."""
    taken = 0

    def stopped(run: Any, batch: Any, targets: Any) -> float:
        nonlocal taken
        if taken == after:
            raise KeyboardInterrupt
        taken += 1
        steps.append(len(batch.rows))
        return float(step(run, batch, targets))

    return stopped


def test_the_same_seed_makes_the_same_weights_even_if_it_was_stopped_half_way(trained: Trained) -> None:
    from safetensors.torch import load_file

    assert trained.checkpoint_was_left
    assert len(trained.steps) > 2 * STOPPED_AFTER
    weights = load_file(trained.out / HALF)
    expected = trained.undisturbed.state_dict()
    assert {name for name in expected if not name.startswith("heads.")} <= set(weights)
    assert {name.split(".")[1] for name in weights if name.startswith("heads.")} == set(TASKS)
    for name, value in weights.items():
        assert torch.equal(value, expected[name].cpu().half()), name


def test_a_stopped_run_takes_no_step_twice(trained: Trained) -> None:
    """All batches of the one epoch, each once."""
    seen = sum(trained.steps)
    described = json.loads((trained.out / "model.json").read_text())
    assert seen == sum(described["trained_on"].values())


def test_it_learned_something(trained: Trained) -> None:
    assert set(trained.scores) == set(TASKS)
    assert trained.scores["sentiment"]["tweeteval_sentiment"]["accuracy"] > 0.6
    assert trained.scores["spam"]["own"]["accuracy"] > 0.7
    assert set(trained.scores["emotion"]) == {"goemotions", "own"}


def test_the_folder_loads_and_both_backends_say_the_same(trained: Trained) -> None:
    model = load_model(trained.out)
    assert {name: task.labels for name, task in model.tasks.items()} == LABELS
    texts = ["I love this nice thing 3", "where is parcel 7", "Card 9 was stolen, block it NOW"]
    pieces = [cut.pieces[0] for cut in Cutter(trained.out).cut(texts)]
    quick, exact = (
        forward(load_backend(name, model, threads=1, folder=trained.out), pieces) for name in ("onnx", "torch")
    )
    assert np.abs(quick.logits - exact.logits).max() < 0.2 * np.abs(exact.logits).max()
    assert (quick.embeddings * exact.embeddings).sum(1).min() > 0.98


def test_the_folder_annotates_on_the_command_line(trained: Trained) -> None:
    program = f"""
import pathlib, sys, nlp.loading
nlp.loading.MODEL_FOLDER = pathlib.Path({str(trained.out)!r})
from nlp.__main__ import main
sys.exit(main(["annotate", "--threads", "1"]))
"""
    line = json.dumps({"id": 1, "text": "I love this nice thing 4"}) + "\n"
    found = subprocess.run(
        [sys.executable, "-c", program], input=line, capture_output=True, text=True, check=True, timeout=100
    )
    answer = json.loads(found.stdout)
    assert answer["model"].endswith("@" + load_model(trained.out).model_version)
    assert answer["sentiment"]["label"] == "positive"


def test_what_is_written_describes_it(trained: Trained) -> None:
    described = json.loads((trained.out / "model.json").read_text())
    assert set(described["files"]) == {HALF, INT8}
    assert described["trained_on"]["own"] == 64
    assert described["trained_on"]["sms_spam"] == 10
    assert (described["seed"], described["epochs"], described["device"]) == (3, 1, "cpu")
    card = (trained.out / CARD).read_text()
    assert described["model_version"] in card
    assert all(source in card for source in SOURCES)
    assert "parcel" in (trained.out / "english_words.txt").read_text().split()


def test_another_seed_is_another_order_and_other_heads(trained: Trained) -> None:
    from nlp.training.batches import plan

    lengths = [n % 30 + 3 for n in range(300)]
    assert plan(lengths, tokens=256, seed=1) == plan(lengths, tokens=256, seed=1)
    assert plan(lengths, tokens=256, seed=1) != plan(lengths, tokens=256, seed=2)
    assert sorted(number for batch in plan(lengths, tokens=256, seed=1) for number in batch) == list(range(300))
    assert all(len(batch) * max(lengths[n] for n in batch) <= 256 for batch in plan(lengths, tokens=256, seed=1))


def test_a_data_folder_that_is_not_one_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(BadData, match=r"intent_map\.csv cannot be read"):
        rows.public_rows(tmp_path, "train", most={}, seed=1)
    assert main(["train", str(tmp_path), "--out", str(tmp_path / "out"), "--work", str(tmp_path)]) == 2
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert "intent_map.csv" in said.err


def test_a_data_set_that_is_missing_is_named(tmp_path: Path) -> None:
    data = write_data(tmp_path / "data")
    (data / "goemotions" / "dev.tsv.gz").unlink()
    assert rows.public_rows(data, "train", most={}, seed=1)
    with pytest.raises(BadData, match=r"goemotions.*dev\.tsv\.gz is missing"):
        rows.public_rows(data, "dev", most={}, seed=1)


def test_labels_of_other_sources_become_ours(tmp_path: Path) -> None:
    found = rows.public_rows(write_data(tmp_path / "data"), "train", most={"sms_spam": 3}, seed=1)
    by_source: dict[str, list[Mapping[str, Any]]] = {}
    for row in found:
        by_source.setdefault(row.source, []).append(row.labels)
    assert {str(labels["emotion"]) for labels in by_source["goemotions"]} == {
        "('gratitude',)",
        "('disappointment',)",
        "('disappointment', 'joy')",
        "()",
    }
    assert {str(labels) for labels in by_source["clinc150"]} == {
        "{'intent': 'order_status', 'clinc150': 'where'}",
        "{'intent': 'billing_payment', 'clinc150': 'pay'}",
        "{'clinc150': 'oos'}",
    }
    assert len(by_source["multidogo"]) == 16, "rows without a label of ours say nothing"
    assert len(by_source["sms_spam"]) == 3
    assert {labels["request"] for labels in by_source["enron_email_intent"]} == {"yes", "no"}
