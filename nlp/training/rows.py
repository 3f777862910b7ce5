"""Labelled text for the heads: read from the data folder and from our own rows, mapped to our labels, weighted.

The data folder holds one folder a data set with train.tsv.gz and dev.tsv.gz (header, then columns text, label or
labels), `crm_intents.json` (the routing intents) and `intent_map.csv` (data set, label -> routing intent). Its rows
stay there; `own/crm.tsv` is ours and ships.
"""

from __future__ import annotations

import csv
import gzip
import json
import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

SENTIMENTS = ("negative", "neutral", "positive")
OWN = "own"
OWN_ROWS = Path(__file__).parent / "own" / "crm.tsv"
INTENT_SOURCES = ("banking77", "clinc150", "bitext_support", "nlupp_multilabel", "sms_spam", "multidogo", "goemotions")
# Those that talk as customers to a business: left out one by one they stand for a business never seen.
UNSEEN_BUSINESSES = ("banking77", "bitext_support", "nlupp_multilabel", "multidogo")
MOST_ROWS = {"multidogo": 15_000, "goemotions": 20_000}  # more of the same costs minutes and brings nothing
SENTIMENT_WEIGHT = {"tweeteval_sentiment": 1.0, "uci_review_sentences": 1.0, "goemotions": 0.5, OWN: 10.0}
OWN_INTENT_WEIGHT = 40.0
ROWS_A_CLASS = 400  # what one source may weigh in one class

_GLAD = {
    "admiration",
    "amusement",
    "approval",
    "caring",
    "excitement",
    "gratitude",
    "joy",
    "love",
    "optimism",
    "pride",
    "relief",
}
_SAD = {
    "anger",
    "annoyance",
    "disappointment",
    "disapproval",
    "disgust",
    "embarrassment",
    "fear",
    "grief",
    "nervousness",
}
_SAD |= {"remorse", "sadness"}
_ALSO_SAID = {"other", "praise_thanks"}  # beside another intent these are politeness


@dataclass(frozen=True, slots=True)
class Row:
    text: str
    label: str
    source: str
    weight: float = 1.0


class BadData(Exception):
    """The data folder is not what training expects; the message names the file."""


def read_tsv(path: Path) -> list[dict[str, str]]:
    """Return the records of a TSV file with a header, gzip or plain. Raises BadData."""
    if not path.is_file():
        raise BadData(f"{path} is missing")
    try:
        raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        header, *lines = raw.decode("utf-8").split("\n")
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise BadData(f"{path} cannot be read: {error}") from error
    columns = header.rstrip("\r").split("\t")
    return [dict(zip(columns, line.rstrip("\r").split("\t"), strict=False)) for line in lines if line.strip()]


def routing_intents(data: Path) -> tuple[str, ...]:
    """Return the routing intents in the order of crm_intents.json. Raises BadData."""
    try:
        return tuple(json.loads((data / "crm_intents.json").read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise BadData(f"{data / 'crm_intents.json'} cannot be read: {error}") from error


def sentiment_rows(data: Path, split: str, *, seed: int) -> list[Row]:
    """Return the rows for sentiment of "train" or "dev", without our own. Raises BadData."""
    rows = []
    for source in ("tweeteval_sentiment", "uci_review_sentences", "goemotions"):
        for record in _sampled(data, source, split, seed):
            label = _feeling(record["labels"]) if source == "goemotions" else record["label"]
            if label in SENTIMENTS:
                rows.append(Row(record["text"], label, source, SENTIMENT_WEIGHT[source]))
    return rows


def intent_rows(data: Path, split: str, *, seed: int) -> list[Row]:
    """Return the rows for intent of "train" or "dev", without our own; no class of a source outweighs `ROWS_A_CLASS`.

    Raises BadData.
    """
    rows = []
    routing = _routing(data / "intent_map.csv")
    for source in INTENT_SOURCES:
        mapped = [(record["text"], _intent(source, record, routing)) for record in _sampled(data, source, split, seed)]
        counts = Counter(label for _text, label in mapped)
        rows += [Row(text, label, source, min(1.0, ROWS_A_CLASS / counts[label])) for text, label in mapped if label]
    return rows


def own_rows(task: str) -> list[Row]:
    """Return our own customer messages that carry a label for the task ("sentiment" or "intent")."""
    weight = SENTIMENT_WEIGHT[OWN] if task == "sentiment" else OWN_INTENT_WEIGHT
    return [Row(record["text"], record[task], OWN, weight) for record in read_tsv(OWN_ROWS) if record.get(task)]


def english_texts(data: Path, *, seed: int) -> Iterable[tuple[str, str]]:
    """Yield source and text of all that is English customer talk, for the word list. Raises BadData."""
    for source in INTENT_SOURCES:
        for record in _sampled(data, source, "train", seed):
            yield source, record["text"]
    for record in read_tsv(OWN_ROWS):
        yield OWN, record["text"]


def _sampled(data: Path, source: str, split: str, seed: int) -> Sequence[dict[str, str]]:
    records = read_tsv(data / source / f"{split}.tsv.gz")
    most = MOST_ROWS.get(source, len(records))
    if len(records) <= most:
        return records
    return random.Random(seed).sample(records, most)  # noqa: S311 - a sample of rows, not a secret


def _routing(path: Path) -> dict[tuple[str, str], str]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return {(row["dataset"], row["label"]): row["crm_intent"] for row in csv.DictReader(file)}
    except (OSError, KeyError) as error:
        raise BadData(f"{path} cannot be read: {error}") from error


def _intent(source: str, record: dict[str, str], routing: dict[tuple[str, str], str]) -> str:
    """Return the one routing intent of a record, "" where there is none or more than one."""
    labels = record.get("labels", record.get("label", "")).split("|")
    if source == "goemotions":
        return "praise_thanks" if labels == ["gratitude"] else ""
    intents = {routing.get((source, label), "") for label in labels} - {""}
    if len(intents) > 1:
        intents -= _ALSO_SAID
    return intents.pop() if len(intents) == 1 else ""


def _feeling(labels: str) -> str:
    """Fold GoEmotions' labels into a sentiment, "" where they disagree."""
    emotions = set(labels.split("|"))
    if emotions == {"neutral"}:
        return "neutral"
    if emotions <= _GLAD:
        return "positive"
    return "negative" if emotions <= _SAD else ""
