"""Sentiment, emotion, intent and language of 5,000 texts, beside transformers.pipeline over the same encoder.

`python -m bench nlp`, or with other texts (lines, or a TSV with a column text): `python -m bench.nlp FILE [COUNT]`.
Each contestant is a process of its own with two threads. They take turns over the same slices (A B C A B C …), and what
is said are ratios of CPU time and of wall time from one run. The pipeline says one task and no language.
"""

from __future__ import annotations

import multiprocessing
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import psutil

from bench.measure import in_ms
from nlp.prediction import Annotation
from nlp.tasks import MANY, TASKS

COUNT, ROUNDS, THREADS, SINGLES = 5_000, 5, 2, 200
ASKED = ("sentiment", "emotion", "intent")
JOINED = 0.3  # of the made-up texts are two messages in one
SEED = 7

Labels = list[dict[str, tuple[str, tuple[str, ...], bool]]]  # a text's: task → best, all, abstained


@dataclass(frozen=True, slots=True)
class Lap:
    """One slice done by one contestant: seconds of CPU and of waiting."""

    cpu: float
    wall: float
    messages: int


@dataclass(frozen=True)
class Contestant:
    """A process that was started `ready` seconds before it could answer."""

    name: str
    process: psutil.Process
    pipe: Connection
    ready: float

    def asked(self, what: str, texts: Sequence[str]) -> tuple[Lap, Any]:
        """Let it do `what` with texts; return what that cost and what it answered."""
        self.pipe.send((what, list(texts)))
        cpu, wall, answer = self.pipe.recv()
        return Lap(cpu, wall, len(texts)), answer


def run(path: Path | None = None, count: int = COUNT) -> dict[str, Any]:
    """Race the contestants over the texts of a file, or over made-up ones."""
    texts = _texts(path, count)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        _save_classifier(folder)
        ours = stack.enter_context(_started("ours", _annotator, "onnx"))
        exact = stack.enter_context(_started("ours in fp32", _annotator, "torch"))
        one = stack.enter_context(_started("pipeline, batch 1", _pipeline, str(folder), 1))
        many = stack.enter_context(_started("pipeline, batch 32", _pipeline, str(folder), 32))
        laps = _race((ours, one, many), texts)
        said, expected = ours.asked("label", texts)[1], exact.asked("label", texts)[1]
        return {
            **_speeds(laps, ours, (one, many)),
            **_agreement(said, expected),
            **_singles(ours, texts),
            "ready in, fresh process": f"{ours.ready:.1f} s",
            "resident memory": f"{ours.process.memory_info().rss / 1e6:.0f} MB",
            "resident memory, pipeline": f"{one.process.memory_info().rss / 1e6:.0f} MB",
        }


def _race(contestants: Sequence[Contestant], texts: Sequence[str]) -> Mapping[str, list[Lap]]:
    laps: dict[str, list[Lap]] = {contestant.name: [] for contestant in contestants}
    for number in range(ROUNDS):
        some = texts[number::ROUNDS]
        for contestant in contestants:
            laps[contestant.name].append(contestant.asked("time", some)[0])
    return laps


def _speeds(laps: Mapping[str, list[Lap]], ours: Contestant, peers: Sequence[Contestant]) -> dict[str, str]:
    found = {}
    for name, of in laps.items():
        cpu = statistics.median(lap.cpu / lap.messages for lap in of)
        wall = statistics.median(lap.wall / lap.messages for lap in of)
        found[f"{name}: a message"] = f"{cpu * 1000:.2f} ms CPU, {wall * 1000:.2f} ms wall, {1 / cpu:.0f} a CPU second"
    for peer in peers:
        pairs = list(zip(laps[peer.name], laps[ours.name], strict=True))
        saved = [theirs.cpu / own.cpu for theirs, own in pairs]
        sooner = [theirs.wall / own.wall for theirs, own in pairs]
        found[f"times {peer.name}"] = f"{_spread(saved)} in CPU, {_spread(sooner)} in wall time"
    return found


def _spread(ratios: Sequence[float]) -> str:
    return f"{statistics.median(ratios):.1f} ({min(ratios):.1f} to {max(ratios):.1f})"


def _agreement(said: Labels, expected: Labels) -> dict[str, str]:
    """Say for each task how many labels are those of full precision: of all, and of those it does not abstain on."""
    found = {}
    for task in TASKS:
        pairs = [(one[task], other[task]) for one, other in zip(said, expected, strict=True)]
        same = [one[1] == other[1] if task in MANY else one[0] == other[0] for one, other in pairs]
        used = [one[0] == other[0] for one, other in pairs if not other[2]]
        of_used = f"{100 * sum(used) / len(used):.2f} % of {len(used):,} used" if used else "none used"
        found[f"{task} as in fp32"] = f"{100 * sum(same) / len(same):.2f} % of all, {of_used}"
    return found


def _singles(ours: Contestant, texts: Sequence[str]) -> dict[str, str]:
    some = texts[:SINGLES]
    return {
        "single message, no reasons": in_ms(ours.asked("one by one", some)[1]),
        "single message, with reasons": in_ms(ours.asked("one by one with reasons", some)[1]),
    }


# ---------------------------------------------------------------- the contestants' side


@contextmanager
def _started(name: str, contestant: Callable[..., None], *arguments: Any) -> Iterator[Contestant]:
    """Start a contestant in a process of its own and wait until it is ready."""
    spawning = multiprocessing.get_context("spawn")
    here, there = spawning.Pipe()
    process = spawning.Process(target=contestant, args=(there, *arguments), daemon=True)
    began = time.perf_counter()
    process.start()
    there.close()
    here.recv()
    yield Contestant(name, psutil.Process(process.pid), here, time.perf_counter() - began)
    here.close()
    process.join(10)


def _serve(pipe: Connection, answers: Mapping[str, Callable[[list[str]], Any]]) -> None:
    """Answer until the other side closes, each time with what it cost."""
    pipe.send("ready")
    while True:
        try:
            what, texts = pipe.recv()
        except EOFError:
            return
        time.sleep(0.2)  # threads of the one before come to rest
        cpu, wall = time.process_time(), time.perf_counter()
        answer = answers[what](texts)
        pipe.send((time.process_time() - cpu, time.perf_counter() - wall, answer))


def _annotator(pipe: Connection, backend: str) -> None:
    from nlp.annotate import annotate, warm_up

    warm_up(threads=THREADS, backend=backend)
    _serve(
        pipe,
        {
            "time": lambda texts: len(annotate(texts, tasks=ASKED, reasons=False)),
            "label": lambda texts: [_labels(one) for one in annotate(texts, reasons=False)],
            "one by one": lambda texts: [_seconds(text, reasons=False) for text in texts],
            "one by one with reasons": lambda texts: [_seconds(text, reasons=True) for text in texts],
        },
    )


def _labels(annotation: Annotation) -> dict[str, tuple[str, tuple[str, ...], bool]]:
    return {
        one.task: (one.label, tuple(sorted(label for label, _ in one.labels)), one.abstained)
        for one in annotation.predictions
    }


def _seconds(text: str, *, reasons: bool) -> float:
    from nlp.annotate import annotate

    began = time.perf_counter()
    annotate([text], reasons=reasons)
    return time.perf_counter() - began


def _pipeline(pipe: Connection, folder: str, batch: int) -> None:
    import torch
    from transformers import logging, pipeline

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    torch.set_num_threads(THREADS)
    classify = pipeline("text-classification", model=folder, tokenizer=folder, device=-1)
    options = {"batch_size": batch, "truncation": True, "max_length": 128}
    classify(["Where is my parcel?"], **options)
    _serve(pipe, {"time": lambda texts: len(classify(texts, **options))})


def _save_classifier(folder: Path) -> None:
    """Save the encoder that ships as a classifier that the pipeline knows: one head, over the first token."""
    from safetensors.torch import load_file
    from transformers import BertForSequenceClassification, PreTrainedTokenizerFast, logging

    from nlp.loading import MODEL_FOLDER, TOKENIZER
    from nlp.model import HALF
    from nlp.network import bare_network

    logging.disable_progress_bar()
    config = bare_network({"sentiment": 3}).encoder.config
    config.num_labels = 3
    model = BertForSequenceClassification(config)
    weights = {
        name.removeprefix("encoder."): value.float()
        for name, value in load_file(MODEL_FOLDER / HALF).items()
        if name.startswith("encoder.")
    }
    missing = model.bert.load_state_dict(weights, strict=False)
    assert not missing.unexpected_keys
    assert all(name.startswith("pooler.") for name in missing.missing_keys)
    model.config._attn_implementation = "sdpa"  # noqa: SLF001 - what a pipeline uses unless told otherwise
    model.save_pretrained(folder)
    marks = {"pad_token": "[PAD]", "cls_token": "[CLS]", "sep_token": "[SEP]", "unk_token": "[UNK]"}
    PreTrainedTokenizerFast(tokenizer_file=str(MODEL_FOLDER / TOKENIZER), **marks).save_pretrained(folder)


# ---------------------------------------------------------------- texts


def _texts(path: Path | None, count: int) -> list[str]:
    """Return so many texts in a random order: of the file, or of our own rows, alone and two by two."""
    dice = random.Random(SEED)
    if path is not None:
        found = _read(path)
        dice.shuffle(found)
        return found[:count]
    from nlp.training.rows import own_rows

    rows = [row.text for row in own_rows(dev=False)]
    return [" ".join(dice.sample(rows, 2)) if dice.random() < JOINED else dice.choice(rows) for _ in range(count)]


def _read(path: Path) -> list[str]:
    from nlp.tsv import read_tsv

    if ".tsv" in path.suffixes:
        return [record["text"] for record in read_tsv(path)]
    return [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


if __name__ == "__main__":
    given = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    for label, value in run(given, int(sys.argv[2]) if len(sys.argv) > 2 else COUNT).items():
        print(f"  {label:<44}{value}")
