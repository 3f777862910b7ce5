"""`python -m nlp train`: from the data folder to weights, their description and the model card."""

from __future__ import annotations

import json
import shutil
import tempfile
import time
import tomllib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from nlp.encoder import Cutter
from nlp.language import ENGLISH_WORDS, words_of
from nlp.light import Matrix
from nlp.loading import ENCODER_ID, ENCODER_SHA256, TOKENIZER, encoder_folder
from nlp.model import HALF, INT8, save_model
from nlp.network import Network, load_network
from nlp.tasks import TASKS
from nlp.training.batches import Example, Targets
from nlp.training.calibration import judge, task_model
from nlp.training.card import write_card
from nlp.training.export import export_onnx, save_half
from nlp.training.loop import Settings, fit, predict
from nlp.training.rows import INTENT_SOURCES, OWN, Row, own_rows, public_rows, sizes_of

CONFIG = Path(__file__).parent / "config.toml"
NOTHING = [101, 102]  # a text that says nothing is its two end marks
WORDS, SEEN_OFTEN = 5_000, 5
UNSEEN = "unseen.json"  # written by nlp.training.unseen
TOKENS_ON_A_GPU = 8  # times as many in a batch, and the rates grow by the root of it


@dataclass(frozen=True, slots=True)
class Config:
    """config.toml, as read."""

    settings: Settings
    max_tokens: int
    dropout: float
    rows: Mapping[str, int]
    own: Mapping[str, float]


def train(
    data: Path, out: Path, *, config: Path | None, work: Path | None, device: str, seed: int | None
) -> dict[str, dict[str, Any]]:
    """Train the network and write weights, description, word list and model card to `out`.

    A run that was stopped goes on from the checkpoint in `work`. The same seed, data, device and machine give the same
    model. Returns the measures by task and set. Raises BadData, ModelMissing.
    """
    started = time.monotonic()
    on = chosen_device(device)
    read = read_config(config or CONFIG, seed=seed, device=on)
    work = work or Path(tempfile.gettempdir()) / "tributary-training"
    rows = training_rows(data, read)
    labels = sizes_of(rows)
    torch.manual_seed(read.settings.seed)  # new heads begin at random
    network = load_network(encoder_folder(), _sizes(labels), dropout=read.dropout)
    out.mkdir(parents=True, exist_ok=True)
    _copy_tokenizer(out)
    examples = make_examples(rows, network, out, read.max_tokens, on)
    fit(
        network,
        examples,
        Targets(rows, labels),
        read.settings,
        name="training",
        checkpoint=work / "training.checkpoint",
        device=on,
    )
    facts = {
        "trained_on": dict(Counter(row.source for row in rows)),
        "seed": read.settings.seed,
        "epochs": read.settings.epochs,
        "device": str(on),
        "seconds": round(time.monotonic() - started),
    }
    return finish(network.cpu(), data, out, read, facts)


def read_config(path: Path, *, seed: int | None, device: torch.device) -> Config:
    """Read the configuration; on a GPU batches and rates grow."""
    read = tomllib.loads(path.read_text(encoding="utf-8"))
    rows, own = read.pop("rows"), read.pop("own")
    max_tokens, dropout = read.pop("max_tokens"), read.pop("dropout")
    settings = Settings(**read)
    if seed is not None:
        settings = replace(settings, seed=seed)
    if device.type == "cuda":
        more = TOKENS_ON_A_GPU**0.5
        settings = replace(
            settings,
            tokens_a_batch=settings.tokens_a_batch * TOKENS_ON_A_GPU,
            learning_rate=settings.learning_rate * more,
            head_learning_rate=settings.head_learning_rate * more,
        )
    return Config(settings, max_tokens, dropout, rows, own)


def training_rows(data: Path, config: Config) -> list[Row]:
    """Return all rows to learn from, our own repeated. Raises BadData."""
    own = own_rows(dev=False, weight=config.own["weight"])
    return public_rows(data, "train", most=config.rows, seed=config.settings.seed) + own * int(config.own["repeat"])


def make_examples(
    rows: Sequence[Row], network: Network, folder: Path, max_tokens: int, device: torch.device
) -> list[Example]:
    """Return rows as the network reads them, with the embeddings that it gives them before it learns."""
    pieces = first_pieces([row.text for row in rows], folder, max_tokens)
    _, memory = predict(network.to(device), pieces)
    return [Example(piece, row, of) for piece, row, of in zip(pieces, rows, memory.bfloat16(), strict=True)]


def first_pieces(texts: Sequence[str], folder: Path, max_tokens: int) -> list[list[int]]:
    """Return the tokens of each text's first piece."""
    cuts = Cutter(folder).cut(texts)
    pieces = [cut.pieces[0].tokens if cut.pieces else NOTHING for cut in cuts]
    return [piece if len(piece) <= max_tokens else [*piece[: max_tokens - 1], piece[-1]] for piece in pieces]


def finish(
    network: Network, data: Path, out: Path, config: Config, facts: Mapping[str, Any]
) -> dict[str, dict[str, Any]]:
    """Calibrate, judge, export and describe a trained network."""
    network = network.eval()
    write_words(data, out, config)
    by_task = _development(network, data, out, config)
    strange = _in_a_new_business(out)
    least = {"intent": float(strange["threshold"])}
    models = [task_model(task, by_task[task], least=least.get(task, 0.0)) for task in TASKS]
    scores = {
        model.task: {source: judge(model, pool) for source, pool in by_task[model.task].items()} for model in models
    }
    save_half(network, list(TASKS), out / HALF)
    export_onnx(network, list(TASKS), out / INT8)
    about = {
        "encoder": {"id": ENCODER_ID, "sha256": ENCODER_SHA256},
        "languages": ["en"],
        **facts,
    }
    version = save_model(out, models, {task: {"scores": of} for task, of in scores.items()}, about)
    write_card(out, version, about, models, scores, unseen=strange["sources"])
    return scores


def write_words(data: Path, out: Path, config: Config) -> None:
    """Write the words common in English customer messages: seen often in two sources, or twice and in our own rows."""
    counts: Counter[str] = Counter()
    sources = defaultdict(set)
    for row in training_rows(data, replace(config, own={"weight": 1.0, "repeat": 1})):
        if row.source not in (*INTENT_SOURCES, "sms_spam", OWN):
            continue
        for word in words_of(row.text):
            # single letters are initials and part numbers
            if len(word) > 1 or word in {"a", "i"}:
                counts[word] += 1
                sources[word].add(row.source)
    common = [word for word, count in counts.most_common() if count >= SEEN_OFTEN and len(sources[word]) > 1][:WORDS]
    # once is a name, a slip, or "grazie mille"
    own = {word for word in counts if OWN in sources[word] and counts[word] > 1}
    (out / ENGLISH_WORDS).write_text("\n".join(sorted({*common, *own})) + "\n", encoding="utf-8")


def _development(
    network: Network, data: Path, out: Path, config: Config
) -> dict[str, dict[str, list[tuple[Row, Matrix]]]]:
    """Return by task and source the rows to judge by, with their logits."""
    rows = public_rows(data, "dev", most=config.rows, seed=config.settings.seed) + own_rows(dev=True)
    logits, _ = predict(network, first_pieces([row.text for row in rows], out, config.max_tokens))
    found: dict[str, dict[str, list[tuple[Row, Matrix]]]] = {task: defaultdict(list) for task in TASKS}
    for task in TASKS:
        of_task = logits[task].numpy()
        for place, row in enumerate(rows):
            if task in row.labels:
                found[task][row.source].append((row, of_task[place]))
    return found


def _in_a_new_business(out: Path) -> dict[str, Any]:
    """Return what `python -m nlp unseen` found; where it was not run, a threshold of 0 and no sources."""
    path = out / UNSEEN
    found: dict[str, Any] = {"threshold": 0.0, "sources": {}}
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else found


def _sizes(labels: Mapping[str, Sequence[str]]) -> dict[str, int]:
    return {task: len(names) for task, names in labels.items()}


def _copy_tokenizer(out: Path) -> None:
    if not (out / TOKENIZER).is_file():
        shutil.copyfile(encoder_folder() / TOKENIZER, out / TOKENIZER)


def chosen_device(wanted: str) -> torch.device:
    """Return the device of that name; "auto" takes a GPU where there is one."""
    if wanted == "auto":
        wanted = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(wanted)
