"""A data folder in the shape of the real one, with a handful of rows a set, and a configuration for it."""

from __future__ import annotations

import gzip
from collections.abc import Mapping, Sequence
from pathlib import Path

from nlp.tasks import LABELS
from nlp.training.rows import INTENT_SOURCES, OWN_DEV

CONFIG = """
seed = 3
epochs = 1
tokens_a_batch = 96
max_tokens = 32
learning_rate = 1e-4
layer_decay = 0.9
head_learning_rate = 1e-2
weight_decay = 0.01
warm_up = 0.1
dropout = 0.1
label_smoothing = 0.05
remember = 0.3
weights = {sentiment = 1.0, emotion = 1.0, intent = 1.0, urgency = 1.0, request = 1.0, spam = 1.0, banking77 = 0.5}
rows = {sms_spam = 10}
own = {repeat = 2, weight = 1.5}
"""
FEELINGS = {"negative": "I hate this awful thing", "neutral": "The box is grey", "positive": "I love this nice thing"}
EMOTIONS = {"gratitude": "thanks a lot", "sadness": "so sad", "joy|sadness": "glad and sad", "neutral": "a table"}
ASKED = {"where": "where is parcel", "pay": "pay my bill", "oos": "sing me a song"}
MAPPED = {"where": "order_status", "pay": "billing_payment"}
OWN_COLUMNS = ("text", *LABELS)
OWN_ROWS = [
    ("Where is my parcel {}?", "neutral", "none", "order_status", "normal", "yes", "ham"),
    ("Card {} was stolen, block it NOW / Jo", "negative", "worry|anger", "security_fraud", "high", "yes", "ham"),
    ("Thank you for order {}!", "positive", "gratitude", "praise_thanks", "low", "no", "ham"),
    ("Buy {} backlinks today", "neutral", "none", "spam_marketing", "low", "no", "spam"),
]


def write_data(folder: Path) -> Path:
    """Write the data sets into `folder`, eight rows a label and split; return it."""
    sentiment = [f"{text} {n}\t{label}" for n in range(8) for label, text in FEELINGS.items()]
    _write(folder, "tweeteval_sentiment", "text\tlabel", sentiment)
    _write(folder, "uci_review_sentences", "text\tlabel", [row for row in sentiment if "neutral" not in row])
    _rows(folder, "goemotions", EMOTIONS, "labels")
    _rows(folder, "enron_email_intent", {"No": "the meeting was on Monday", "Yes": "please send me the report"})
    _rows(folder, "sms_spam", {"ham": "see you at home", "spam": "WIN a FREE prize"})
    for source in INTENT_SOURCES:
        _rows(folder, source, ASKED, "labels" if source in {"nlupp_multilabel", "multidogo"} else "label")
    mapped = [f"{source},{label},{intent}" for source in INTENT_SOURCES for label, intent in MAPPED.items()]
    (folder / "intent_map.csv").write_text("\n".join(["dataset,label,crm_intent", *mapped]) + "\n")
    return folder


def write_own(folder: Path) -> Path:
    """Write a few rows of our own into `folder`, to train on and to judge by; return it."""
    folder.mkdir()
    for name, numbers in (("some.tsv", range(8)), (OWN_DEV, range(50, 56))):
        rows = ["\t".join((row[0].format(n), *row[1:])) for n in numbers for row in OWN_ROWS]
        (folder / name).write_text("\n".join(["\t".join(OWN_COLUMNS), *rows]) + "\n", encoding="utf-8")
    return folder


def _rows(folder: Path, source: str, texts: Mapping[str, str], column: str = "label") -> None:
    _write(
        folder, source, f"text\t{column}", [f"{text} {n}\t{label}" for n in range(8) for label, text in texts.items()]
    )


def _write(folder: Path, source: str, header: str, rows: Sequence[str]) -> None:
    (folder / source).mkdir(parents=True)
    for split in ("train", "dev"):
        raw = "\n".join([header, *rows, ""]).encode()
        (folder / source / f"{split}.tsv.gz").write_bytes(gzip.compress(raw))
