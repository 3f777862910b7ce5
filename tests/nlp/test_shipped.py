"""The model that ships is as good as it says, its card is whole, and our own rows are well formed."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest

from nlp.evaluation import Judged, measures
from nlp.loading import MODEL_FOLDER
from nlp.prediction import Annotation
from nlp.tasks import LABELS, MANY, TASKS
from nlp.training.card import SOURCES
from nlp.training.rows import OWN, OWN_FOLDER, Row, own_rows
from nlp.tsv import read_tsv

# what a model must reach to be shipped, on development rows
FLOORS = {
    ("sentiment", "tweeteval_sentiment", "macro_recall"): 0.72,
    ("sentiment", "uci_review_sentences", "accuracy"): 0.84,
    ("sentiment", OWN, "macro_recall"): 0.80,
    ("emotion", "goemotions", "macro_f1"): 0.55,
    ("emotion", OWN, "macro_f1"): 0.65,
    ("intent", "banking77", "accuracy"): 0.88,
    ("intent", "bitext_support", "accuracy"): 0.95,
    ("intent", OWN, "accuracy"): 0.75,
    ("urgency", OWN, "macro_recall"): 0.80,
    ("request", OWN, "accuracy"): 0.88,
    ("request", "enron_email_intent", "accuracy"): 0.77,
    ("spam", OWN, "macro_recall"): 0.90,
    ("spam", "sms_spam", "macro_recall"): 0.93,
}
MOST_MISCALIBRATED = {("sentiment", "tweeteval_sentiment"): 0.05, ("intent", OWN): 0.08, ("spam", "sms_spam"): 0.04}
QUANTISED = 0.03  # by how much what runs may differ from what was measured in full precision
SHORT = 16  # letters
LEAST_ROWS = {"complaint": 200, "spam": 200, "high": 200}  # thin classes that our own rows must fill


def described() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((MODEL_FOLDER / "model.json").read_text())
    return found


@pytest.mark.parametrize(("task", "source", "measure"), FLOORS)
def test_recorded_scores_stand_above_their_floors(task: str, source: str, measure: str) -> None:
    assert described()["tasks"][task]["scores"][source][measure] >= FLOORS[task, source, measure]


@pytest.mark.parametrize(("task", "source"), MOST_MISCALIBRATED)
def test_confidence_means_what_it_says(task: str, source: str) -> None:
    assert described()["tasks"][task]["scores"][source]["ece"] <= MOST_MISCALIBRATED[task, source]


@pytest.mark.parametrize("task", [task for task in TASKS if task not in MANY])
def test_recorded_scores_are_of_these_weights(task: str, said: Sequence[Annotation], corpus: Sequence[Row]) -> None:
    judged = [
        Judged(str(row.labels[task]), one.of(task).label, one.of(task).confidence, one.of(task).abstained)
        for row, one in zip(corpus, said, strict=True)
        if task in row.labels
    ]
    found, recorded = measures(judged), described()["tasks"][task]["scores"][OWN]
    assert found["n"] == recorded["n"]
    for measure in ("accuracy", "macro_recall", "coverage", "precision"):
        assert found[measure] == pytest.approx(recorded[measure], abs=QUANTISED), measure


def test_what_is_used_is_righter_than_the_whole(said: Sequence[Annotation], corpus: Sequence[Row]) -> None:
    """Abstaining must be worth something: on what is left the model is right more often."""
    for task in ("sentiment", "intent", "urgency", "request", "spam"):
        of_task = described()["tasks"][task]["scores"][OWN]
        assert of_task["coverage"] >= 0.4
        assert of_task["precision"] >= of_task["accuracy"]


def test_the_card_names_every_source_licence_task_and_the_version() -> None:
    card, about = (MODEL_FOLDER / "MODEL_CARD.md").read_text(), described()
    assert about["model_version"] in card
    assert about["encoder"]["sha256"] in card
    for source in about["trained_on"]:
        what, licence, attribution = SOURCES[source]
        assert {source, what, licence, attribution} <= {cell.strip() for cell in card.replace("\n", "|").split("|")}
    assert all(f"## {task.capitalize()}" in card for task in TASKS)
    assert all(label in card for labels in LABELS.values() for label in labels)
    assert {"## Limits", "## Train again"} <= set(card.splitlines())


def test_nothing_was_trained_on_that_may_not_ship() -> None:
    assert set(described()["trained_on"]) <= set(SOURCES)


def test_our_own_rows_are_well_formed() -> None:
    """`own_rows` refuses labels that are none; here the rest of what own/README.md promises."""
    assert own_rows(dev=False)
    texts: dict[str, dict[str, str]] = {}
    for path in sorted(OWN_FOLDER.glob("*.tsv")):
        records = read_tsv(path)
        assert len(records) > 50, path
        for record in records:
            before = texts.setdefault(record["text"], record)
            assert all(before[column] == record[column] for column in set(before) & set(record)), (path, record)
            assert record["text"].strip() == record["text"] != "", (path, record)
            assert None not in record.values()
            if record.get("spam") == "spam":
                assert (record["request"], record["urgency"], record["intent"]) == ("no", "low", "spam_marketing")


def test_rows_to_judge_by_were_not_trained_on(corpus: Sequence[Row]) -> None:
    """Two people may both write "are you a robot?"; nothing longer is in both."""
    known = {_bare(row.text) for row in own_rows(dev=False)}
    assert [row.text for row in corpus if _bare(row.text) in known and len(_bare(row.text)) > SHORT] == []


def _bare(text: str) -> str:
    return "".join(character for character in text.lower() if character.isalnum())


def test_every_label_is_among_the_rows_to_judge_by_and_thin_ones_are_filled(corpus: Sequence[Row]) -> None:
    for task, labels in LABELS.items():
        counts = Counter(label for row in corpus for label in _labels(row, task))
        assert {label: counts[label] for label in labels if counts[label] < 15} == {}
    trained = Counter(label for row in own_rows(dev=False) for task in TASKS for label in _labels(row, task))
    assert {label: trained[label] for label, least in LEAST_ROWS.items() if trained[label] < least} == {}


def _labels(row: Row, task: str) -> tuple[str, ...]:
    said = row.labels.get(task, ())
    return said if isinstance(said, tuple) else (said,)
