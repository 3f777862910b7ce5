"""Another model in the place of one task."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from nlp.__main__ import main
from nlp.annotate import annotate
from nlp.loading import MODEL_FOLDER, TOKENIZER, ModelMissing
from nlp.replacement import Replacement

pytestmark = pytest.mark.usefixtures("warm")

REVISION = "0123456789abcdef0123456789abcdef01234567"
GERMAN = "Wo bleibt mein Paket? Das ist doch nicht zu fassen!"


def saved(folder: Path, labels: Sequence[str]) -> str:
    """Save a small random classifier with our tokenizer, as its makers publish theirs."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

    torch.manual_seed(4)
    config = BertConfig(
        vocab_size=30_522,
        hidden_size=24,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        id2label=dict(enumerate(labels)),
        label2id={label: place for place, label in enumerate(labels)},
    )
    BertForSequenceClassification(config).save_pretrained(folder)
    PreTrainedTokenizerFast(
        tokenizer_file=str(MODEL_FOLDER / TOKENIZER), pad_token="[PAD]", cls_token="[CLS]", sep_token="[SEP]"
    ).save_pretrained(folder)
    return str(folder)


@pytest.fixture(scope="module")
def shouting(tmp_path_factory: pytest.TempPathFactory) -> str:
    return saved(tmp_path_factory.mktemp("shouting"), ["POS", "Neu", "NEGATIVE"])


def test_its_labels_are_ours_in_other_spellings_and_other_order(
    shouting: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    texts = ["I love it", "I hate it", "The box is grey"]
    plain = saved(tmp_path_factory.mktemp("plain"), ["positive", "neutral", "negative"])
    numbered = saved(tmp_path_factory.mktemp("numbered"), ["LABEL_2", "LABEL_1", "LABEL_0"])
    rows = [Replacement("sentiment", folder).probabilities(texts) for folder in (plain, numbered, shouting)]
    assert rows[0] == pytest.approx(rows[1], abs=1e-6)
    assert rows[0] == pytest.approx(rows[2], abs=1e-6)
    assert rows[0].sum(1) == pytest.approx(1, abs=1e-5)
    turned = Replacement("sentiment", saved(tmp_path_factory.mktemp("turned"), ["negative", "neutral", "positive"]))
    assert turned.probabilities(texts)[:, ::-1] == pytest.approx(rows[0], abs=1e-6)


def test_it_answers_its_task_alone_in_every_language(shouting: str) -> None:
    texts = ["I love it", GERMAN, ""]
    usual = annotate(texts, reasons=False)
    replacement = Replacement("sentiment", shouting)
    replaced = annotate(texts, replacements={"sentiment": replacement}, thresholds={"sentiment": 0.0}, reasons=False)
    for was, one in zip(usual, replaced, strict=True):
        assert [p for p in one.predictions if p.task != "sentiment"] == [
            p for p in was.predictions if p.task != "sentiment"
        ]
    love, german, empty = (one.of("sentiment") for one in replaced)
    chances = replacement.probabilities(["I love it"])[0]
    assert love.confidence == pytest.approx(chances.max(), abs=1e-4)
    assert love.probabilities != usual[0].of("sentiment").probabilities
    assert (german.abstained, usual[1].of("sentiment").abstain_reason) == (False, "language:de")
    assert empty.abstain_reason == "empty"


def test_reasons_of_another_model_are_words_without_which_it_is_less_sure(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    text = "The blue box and the green lamp came on Tuesday, I am furious and disgusted about them."
    for labels in (["negative", "other", "positive"], ["other", "negative", "positive"]):
        folder = saved(tmp_path_factory.mktemp("two"), labels)
        replacements = {"sentiment": Replacement("sentiment", folder)}
        (found,) = annotate([text], tasks=("sentiment",), replacements=replacements, thresholds={"sentiment": 0.0})
        feeling = found.of("sentiment")
        assert feeling.label in {"negative", "positive"}
        for why in feeling.reasons:
            without = text[: why.start] + " " + text[why.end :]
            (other,) = annotate([without], tasks=("sentiment",), replacements=replacements, reasons=False)
            assert other.of("sentiment").probabilities[feeling.label] < feeling.probabilities[feeling.label]


def test_through_the_command_line(shouting: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "lines.jsonl"
    path.write_text(json.dumps({"id": 1, "text": GERMAN}) + "\n")
    assert main(["annotate", "--replace", f"sentiment={shouting}", "--no-reasons", str(path)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["language"] == "de"
    assert found["sentiment"].get("abstain_reason") != "language:de"
    assert found["intent"]["abstain_reason"] == "language:de"
    (tmp_path / "rows.tsv").write_text("text\tlabel\nI love it\tpositive\n")
    assert (
        main(["evaluate", "--task", "sentiment", "--replace", f"sentiment={shouting}", str(tmp_path / "rows.tsv")]) == 0
    )
    assert json.loads(capsys.readouterr().out)["n"] == 1


@pytest.mark.parametrize(
    ("missing", "said"), [("config.json", "config"), ("model.safetensors", "safetensors"), ("tokenizer.json", "token")]
)
def test_a_file_that_is_missing_is_said(missing: str, said: str, shouting: str, tmp_path: Path) -> None:
    for path in Path(shouting).iterdir():
        if path.name != missing:
            (tmp_path / path.name).write_bytes(path.read_bytes())
    with pytest.raises(ModelMissing, match="is not on this machine") as raised:
        Replacement("sentiment", str(tmp_path)).probabilities(["hello"])
    assert said in str(raised.value)
    assert str(tmp_path) in str(raised.value)


def test_a_model_of_other_labels_is_refused(tmp_path: Path) -> None:
    folder = saved(tmp_path, ["cat", "dog"])
    with pytest.raises(ModelMissing, match="knows cat, dog; sentiment needs negative, neutral, positive"):
        Replacement("sentiment", folder).probabilities(["hello"])


@pytest.mark.parametrize(
    "text",
    [
        "sentiment",
        "sentiment=",
        "mood=someone/model@" + REVISION,
        "sentiment=someone/model",
        "sentiment=someone/model@main",
        "sentiment=someone/model@" + REVISION + "0",
    ],
)
def test_what_is_no_replacement_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"expected TASK=FOLDER|pinned revision"):
        Replacement.parse(text)


def test_a_pinned_model_is_taken_by_its_revision() -> None:
    found = Replacement.parse(f"sentiment=someone/model@{REVISION}")
    assert (found.task, found.model, found.revision) == ("sentiment", "someone/model", REVISION)


def test_a_pinned_model_that_is_not_here_is_an_error_and_never_a_download(tmp_path: Path) -> None:
    program = f"""
import socket, sys
def refuse(*arguments, **options):
    raise AssertionError("a connection was tried")
socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse
from nlp.__main__ import main
sys.exit(main(["annotate", "--replace", "sentiment=someone/model@{REVISION}", sys.argv[1]]))
"""
    (tmp_path / "lines.jsonl").write_text('{"id": 1, "text": "hello"}\n')
    found = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "lines.jsonl")],
        capture_output=True,
        text=True,
        check=False,
        timeout=110,
    )
    assert (found.returncode, found.stdout) == (2, "")
    assert f"someone/model at revision {REVISION}" in found.stderr
    assert "is not on this machine" in found.stderr
    assert "connection was tried" not in found.stderr
    assert "Traceback" not in found.stderr
