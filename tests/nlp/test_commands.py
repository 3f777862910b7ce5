"""The contracts of `python -m nlp evaluate`, `intents` and `languages`."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from nlp.__main__ import main
from nlp.tasks import EMOTIONS
from tests.nlp.test_light import ASKED, DIVING, STRANGE

pytestmark = pytest.mark.usefixtures("warm")

MEASURES = {"task", "model", "n", "accuracy", "macro_f1", "macro_recall", "per_class", "ece", "coverage", "curve"}
FILES = {
    "sentiment": [
        ("Thank you, wonderful!", "positive"),
        ("I hate it, terrible.", "negative"),
        ("Great, I love it!", "negative"),
    ],
    "intent": [("I want my money back", "refund_return"), ("Please cancel my subscription", "cancellation")],
    "spam": [("Buy cheap SEO backlinks now, click here!!!", "spam"), ("Where is my parcel?", "ham")],
    "urgency": [("URGENT! Our shop is down, we lose money every minute!", "high"), ("Thanks, no hurry.", "low")],
    "request": [("Could you send me the invoice?", "yes"), ("Thanks, all good now.", "no")],
}


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert main([*arguments]) == 0
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    found: dict[str, Any] = json.loads(out)
    return found


def written(path: Path, rows: list[tuple[str, str]], label: str = "label") -> str:
    raw = "\n".join([f"text\t{label}", *("\t".join(row) for row in rows), ""]).encode()
    path.write_bytes(gzip.compress(raw) if path.suffix == ".gz" else raw)
    return str(path)


@pytest.mark.parametrize("task", FILES)
@pytest.mark.parametrize("name", ["rows.tsv", "rows.tsv.gz"])
def test_evaluate_measures_a_labelled_file(
    task: str, name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = run(capsys, "evaluate", "--task", task, written(tmp_path / name, FILES[task]))
    assert set(found) >= MEASURES
    assert (found["task"], found["n"]) == (task, len(FILES[task]))
    assert set(found["per_class"]) == {label for _, label in FILES[task]}
    assert all(set(of) == {"recall", "precision", "f1", "support"} for of in found["per_class"].values())
    assert [one["coverage"] for one in found["curve"]] == [1.0, 0.8, 0.6, 0.5, 0.3]


def test_evaluate_counts_right_and_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = run(capsys, "evaluate", "--task", "sentiment", written(tmp_path / "rows.tsv", FILES["sentiment"]))
    assert (found["accuracy"], found["macro_recall"]) == (0.6667, 0.75)
    assert found["per_class"]["negative"] == {"recall": 0.5, "precision": 1.0, "f1": 0.6667, "support": 2}


def test_evaluate_takes_emotions_of_ours_and_of_goemotions(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [
        ("Thank you so much!", "gratitude"),
        ("I am scared that my card was stolen", "fear|nervousness"),
        ("I don't understand, what does that mean?", "confusion|curiosity"),
        ("The box is grey.", "neutral"),
        ("It is a table.", "none"),
    ]
    found = run(capsys, "evaluate", "--task", "emotion", written(tmp_path / "rows.tsv", rows, "labels"))
    assert set(found) >= {"task", "model", "n", "accuracy", "macro_f1", "macro_recall", "per_class", "of_the_first"}
    assert set(found["per_class"]) == set(EMOTIONS)
    support = {label: of["support"] for label, of in found["per_class"].items() if of["support"]}
    assert support == {"gratitude": 1, "worry": 1, "confusion": 1}
    assert found["per_class"]["gratitude"]["recall"] == 1.0
    assert {"ece", "curve"} <= set(found["of_the_first"])


def test_intents_are_taught_by_one_file_and_judged_by_another(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train = written(tmp_path / "train.tsv", [(text, label) for label, texts in DIVING.items() for text in texts])
    test = written(tmp_path / "test.tsv.gz", ASKED)
    found = run(capsys, "intents", train, test)
    assert set(found) >= {*MEASURES, "trained_on", "cross_validated", "in_scope"}
    assert (found["n"], found["trained_on"], found["in_scope"]["n"]) == (len(ASKED), 32, len(ASKED))
    assert found["accuracy"] == found["in_scope"]["accuracy"] >= 0.75
    assert "oos" not in found


def test_intents_out_of_scope_are_counted_apart(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    train = written(tmp_path / "train.tsv", [(text, label) for label, texts in DIVING.items() for text in texts])
    test = written(tmp_path / "test.tsv", [*ASKED, *((text, "oos") for text in STRANGE)])
    found = run(capsys, "intents", train, test)
    assert (found["in_scope"]["n"], found["oos"]["n"]) == (len(ASKED), len(STRANGE))
    assert set(found["in_scope"]) == {"n", "accuracy", "rejected", "accuracy_after_rejection"}
    assert found["oos"]["recall"] >= 0.5
    assert found["per_class"]["oos"]["recall"] == found["oos"]["recall"]
    assert found["in_scope"]["accuracy_after_rejection"] <= found["in_scope"]["accuracy"]


def test_intents_learn_from_so_many_of_each_chosen_by_the_seed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train = written(tmp_path / "train.tsv", [(text, label) for label, texts in DIVING.items() for text in texts])
    test = written(tmp_path / "test.tsv", ASKED)
    one, same, other = (
        run(capsys, "intents", train, test, "--per-label", "3", "--seed", seed) for seed in ("1", "1", "2")
    )
    assert one == same
    assert one["trained_on"] == other["trained_on"] == 12
    assert one["curve"] != other["curve"]


@pytest.mark.parametrize(
    ("content", "wrong"),
    [
        ("words\tlabel\na\tb\n", "columns text and label"),
        ("", "columns text and label"),
        ("text\tlabel\n", "columns text and label"),
        ("text\tlabel\na\t\n", "row 2 has no label"),
        ("text\tlabel\na\tb\nonly text\n", "row 3 has no label"),
        (None, "rows.tsv is missing"),
        (b"\xff\xfe\x00", "rows.tsv cannot be read"),
    ],
)
@pytest.mark.parametrize("command", ["evaluate", "intents"])
def test_what_a_file_lacks_is_one_sentence_and_status_2(
    command: str, content: str | bytes | None, wrong: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "rows.tsv"
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    task = ["--task", "intent"] if command == "evaluate" else [str(path)]
    assert main([command, *task, str(path)]) == 2
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert wrong in said.err


def test_broken_gzip_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "rows.tsv.gz").write_bytes(gzip.compress(b"text\tlabel\na\tb\n")[:-6])
    assert main(["evaluate", "--task", "intent", str(tmp_path / "rows.tsv.gz")]) == 2
    assert "cannot be read" in capsys.readouterr().err


def test_one_intent_is_too_few(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path / "train.tsv", [("a", "one"), ("b", "one"), ("c", "oos")])
    assert main(["intents", path, path]) == 2
    assert "at least two intents" in capsys.readouterr().err


def test_languages_says_what_is_understood_and_what_is_detected(capsys: pytest.CaptureFixture[str]) -> None:
    found = run(capsys, "languages")
    assert found["understood"] == ["en"]
    assert {"en", "de", "fr", "ja", "ar"} <= set(found["detected"])
    assert found["otherwise"] == "und"
