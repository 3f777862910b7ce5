"""Labelled text for training: read from the data folder and from our own rows, one `Row` a text.

The data folder holds one folder a data set with train.tsv.gz and dev.tsv.gz (header, then columns text, label or
labels) and `intent_map.csv` (data set, label -> routing intent). Its rows stay there; `own/*.tsv` are ours and ship.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from nlp.folding import emotions_of
from nlp.tasks import LABELS, MANY, NONE
from nlp.tsv import BadData, read_tsv

OWN = "own"
OWN_FOLDER = Path(__file__).parent / "own"
OWN_DEV = "dev.tsv"  # written apart, never trained on
# Data sets whose own labels are learned beside our tasks: they shape the embedding, their heads do not ship.
BESIDE = ("banking77", "clinc150", "bitext_support")
INTENT_SOURCES = ("banking77", "clinc150", "bitext_support", "nlupp_multilabel", "multidogo")

_ALSO_SAID = {"other", "praise_thanks"}  # beside another intent these are politeness


@dataclass(frozen=True, slots=True)
class Row:
    """One text. `labels` holds what people said by task; a task that is missing was not judged.

    The label of a task is a string, for emotion a tuple of strings (empty: none).
    """

    text: str
    source: str
    labels: Mapping[str, str | tuple[str, ...]]
    weight: float = 1.0
    soft: Mapping[str, Sequence[float]] = field(default_factory=dict)


def public_rows(data: Path, split: str, *, most: Mapping[str, int], seed: int) -> list[Row]:
    """Return the rows of all data sets of "train" or "dev"; of a source in `most` only that many. Raises BadData."""
    routing = _routing(data / "intent_map.csv")
    readers: dict[str, Callable[[dict[str, str]], dict[str, Any]]] = {
        "tweeteval_sentiment": lambda record: {"sentiment": record["label"]},
        "uci_review_sentences": lambda record: {"sentiment": record["label"]},
        "goemotions": lambda record: {"emotion": emotions_of(record["labels"].split("|"))},
        "enron_email_intent": lambda record: {"request": record["label"].lower()},
        "sms_spam": lambda record: {"spam": record["label"]} | _spam_intent(record["label"]),
    }
    for source in INTENT_SOURCES:
        readers[source] = lambda record, source=source: _intents(source, record, routing)  # type: ignore[misc]
    return [
        Row(record["text"], source, labels)
        for source, labels_of in readers.items()
        for record in _some(read_tsv(data / source / f"{split}.tsv.gz"), most.get(source), seed)
        if (labels := labels_of(record))
    ]


def own_rows(*, dev: bool, weight: float = 1.0) -> list[Row]:
    """Return our own customer messages: those to train on, or those written apart to judge by. Raises BadData."""
    paths = [path for path in sorted(OWN_FOLDER.glob("*.tsv")) if (path.name == OWN_DEV) == dev]
    rows = {}
    for path in paths:
        for record in read_tsv(path):
            rows[record["text"]] = Row(record["text"].replace(" / ", "\n"), OWN, _own_labels(path, record), weight)
    return list(rows.values())


def sizes_of(rows: Iterable[Row]) -> dict[str, list[str]]:
    """Return the labels of every task that the rows carry: ours in our order, those learned beside sorted."""
    seen: dict[str, set[str]] = {}
    for row in rows:
        for task, label in row.labels.items():
            seen.setdefault(task, set()).update(label if isinstance(label, tuple) else (label,))
    return {task: list(LABELS[task]) if task in LABELS else sorted(seen[task]) for task in sorted(seen)}


def _own_labels(path: Path, record: dict[str, str]) -> dict[str, str | tuple[str, ...]]:
    labels: dict[str, str | tuple[str, ...]] = {}
    for task, known in LABELS.items():
        said = (record.get(task) or "").strip()
        if not said:
            continue
        parts = [] if said == NONE else said.split("|")
        if not set(parts) <= set(known) or (task not in MANY and len(parts) != 1):
            raise BadData(f"{path}: {said!r} is no label of {task}, in the row {record['text'][:60]!r}")
        labels[task] = tuple(label for label in known if label in parts) if task in MANY else said
    return labels


def _intents(source: str, record: dict[str, str], routing: Mapping[tuple[str, str], str]) -> dict[str, str]:
    labels = record.get("labels", record.get("label", "")).split("|")
    intents = {routing.get((source, label), "") for label in labels} - {""}
    if len(intents) > 1:
        intents -= _ALSO_SAID
    found = {"intent": intents.pop()} if len(intents) == 1 else {}
    return found | ({source: record["label"]} if source in BESIDE else {})


def _spam_intent(label: str) -> dict[str, str]:
    return {"intent": "spam_marketing"} if label == "spam" else {}


def _some(records: Sequence[dict[str, str]], most: int | None, seed: int) -> Sequence[dict[str, str]]:
    if most is None or len(records) <= most:
        return records
    return random.Random(seed).sample(records, most)  # noqa: S311 - a sample of rows, not a secret


@cache
def _routing(path: Path) -> dict[tuple[str, str], str]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return {(row["dataset"], row["label"]): row["crm_intent"] for row in csv.DictReader(file)}
    except (OSError, KeyError) as error:
        raise BadData(f"{path} cannot be read: {error}") from error
