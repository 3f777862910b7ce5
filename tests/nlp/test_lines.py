"""The contract of `python -m nlp annotate`: lines in, lines out."""

from __future__ import annotations

import io
import json
import queue
import subprocess
import sys
import threading
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, cast

import pytest

from nlp.__main__ import main
from nlp.annotate import annotate
from nlp.lines import MAX_LINE_BYTES, annotate_lines, parse_line
from nlp.prediction import Annotation
from nlp.tasks import EMOTIONS, LABELS, TASKS

pytestmark = pytest.mark.usefixtures("warm")

ANGRY = "This is a disgrace, I am furious! Where is my parcel?"


def answers(*lines: bytes, batch: int = 256, tasks: Sequence[str] = TASKS) -> tuple[int, list[dict[str, Any]]]:
    target = io.StringIO()
    say = partial(annotate, tasks=tasks, reasons=False)
    status = annotate_lines(io.BytesIO(b"\n".join(lines)), target, say, batch=batch)
    return status, [json.loads(line) for line in target.getvalue().splitlines()]


@pytest.fixture
def asked(tmp_path: Path) -> Path:
    path = tmp_path / "lines.jsonl"
    lines = [{"id": "a1", "text": ANGRY}, {"id": 2, "text": "Wo ist mein Paket?"}, {"id": None, "text": ""}]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, Any]]:
    assert main(["annotate", *arguments]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


DECISION = {"label", "confidence", "abstained"}


def test_keys_and_values_are_those_of_the_contract(asked: Path, capsys: pytest.CaptureFixture[str]) -> None:
    angry, german, empty = run(capsys, str(asked))
    keys = {"id", *TASKS, "emotion_decision", "abstained", "reasons", "language", "model"}
    assert set(angry) == set(german) == set(empty) == keys
    assert (angry["id"], german["id"], empty["id"]) == ("a1", 2, None)
    for task in ("sentiment", "urgency"):
        assert DECISION | {"score"} <= set(angry[task]) <= DECISION | {"score", "abstain_reason"}
    for task in ("intent", "request", "spam"):
        assert set(angry[task]) - {"abstain_reason"} == DECISION
        assert angry[task]["label"] in LABELS[task]
    assert all(set(one) == {"label", "confidence"} and one["label"] in EMOTIONS for one in angry["emotion"])
    assert (angry["sentiment"]["label"], angry["language"]) == ("negative", "en")
    assert angry["reasons"]
    for why in angry["reasons"]:
        assert set(why) == {"task", "label", "start", "end", "weight"}
        assert 0 <= why["start"] < why["end"] <= len(ANGRY)
    assert angry["abstained"] == [task for task in sorted(TASKS) if decision(angry, task)["abstained"]]


def test_what_abstains_says_why(asked: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, german, empty = run(capsys, str(asked))
    assert german["abstained"] == empty["abstained"] == sorted(TASKS)
    assert german["reasons"] == empty["reasons"] == empty["emotion"] == []
    assert {decision(german, task)["abstain_reason"] for task in TASKS} == {"language:de"}
    assert {decision(empty, task)["abstain_reason"] for task in TASKS} == {"empty"}


def decision(answer: dict[str, Any], task: str) -> dict[str, Any]:
    found: dict[str, Any] = answer[f"{task}_decision" if task == "emotion" else task]
    return found


def test_only_the_tasks_that_were_asked_for(asked: Path, capsys: pytest.CaptureFixture[str]) -> None:
    angry, *_ = run(capsys, "--tasks", "sentiment, urgency", str(asked))
    assert set(angry) == {"id", "sentiment", "urgency", "abstained", "reasons", "language", "model"}
    assert {why["task"] for why in angry["reasons"]} <= {"sentiment", "urgency"}


def test_without_reasons_the_answers_are_the_same(asked: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bare, full = run(capsys, "--no-reasons", "--batch", "1", str(asked)), run(capsys, str(asked))
    assert all(one.pop("reasons") == [] for one in bare)
    assert any(one.pop("reasons") for one in full)
    assert bare == [{name: value for name, value in one.items() if name != "reasons"} for one in full]


@pytest.mark.parametrize("batch", [1, 7, 256])
def test_answers_come_in_the_order_of_the_lines(batch: int) -> None:
    lines = [json.dumps({"id": number, "text": "word " * (number * 13 % 40)}).encode() for number in range(60)]
    status, found = answers(*lines, batch=batch, tasks=("sentiment",))
    assert status == 0
    assert [one["id"] for one in found] == list(range(60))


def test_no_more_than_a_batch_is_annotated_at_once() -> None:
    sizes: list[int] = []

    def say(texts: Sequence[str]) -> Sequence[Annotation]:
        sizes.append(len(texts))
        return annotate(texts, tasks=("sentiment",), reasons=False)

    lines = b"\n".join(json.dumps({"id": n, "text": "ok"}).encode() for n in range(50))
    annotate_lines(io.BytesIO(lines), io.StringIO(), say, batch=8)
    assert sum(sizes) == 50
    assert max(sizes) <= 8


def test_bad_lines_are_answered_in_their_place_and_the_rest_goes_on() -> None:
    status, found = answers(
        b'{"id": 1, "text": "Thank you!"}',
        b"not json",
        b'{"id": 3}',
        b"",
        b"[1, 2]",
        b'{"text": "no id"}',
        b'{"id": 7, "text": null}',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"id": {"any": "value"}, "text": "Thank you!"}',
    )
    assert status == 1
    assert [one.get("line") for one in found] == [None, 2, 3, 5, 6, 7, 8, 9, None]
    assert [one["id"] for one in found] == [1, None, 3, None, None, 7, None, None, {"any": "value"}]
    assert all(set(one) == {"id", "line", "error"} and one["error"] for one in found if "line" in one)
    assert found[-1]["intent"]["label"] == "praise_thanks"


def test_a_line_that_is_too_long_is_an_error_and_its_rest_is_not_taken_for_the_next() -> None:
    long = b'{"id": 1, "text": "' + b"x" * (2 * MAX_LINE_BYTES) + b'"}'
    status, found = answers(long, b'{"id": 2, "text": "Thank you!"}')
    assert status == 1
    assert [(one["id"], "error" in one) for one in found] == [(None, True), (2, False)]


def test_half_a_character_in_json_is_annotated() -> None:
    line = parse_line(rb'{"id": "\ud800", "text": "my order \ud83d is late"}', 1)
    assert line.error is None
    status, (found,) = answers(rb'{"id": "\ud800", "text": "my order \ud83d is late"}')
    assert (status, found["id"]) == (0, "\ud800")


def test_a_lone_line_is_answered_before_the_source_ends() -> None:
    """A co-process that writes one line and waits must get its answer."""
    read_end, target = LineByLine(), Answered()
    say = partial(annotate, reasons=False)
    work = threading.Thread(
        target=annotate_lines, args=(cast("BinaryIO", read_end), target, say), kwargs={"batch": 256}
    )
    work.start()
    try:
        for number in range(3):
            read_end.waiting.put(json.dumps({"id": number, "text": "Thank you!"}).encode() + b"\n")
            assert json.loads(target.lines.get(timeout=30))["id"] == number
    finally:
        read_end.waiting.put(b"")
        work.join()


class Answered(io.StringIO):
    """A target whose lines can be waited for."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: queue.Queue[str] = queue.Queue()

    def write(self, text: str) -> int:
        self.lines.put(text)
        return len(text)


class LineByLine:
    """A source whose lines come one at a time, like a pipe's."""

    def __init__(self) -> None:
        self.waiting: queue.Queue[bytes] = queue.Queue()

    def readline(self, _limit: int) -> bytes:
        return self.waiting.get()


def test_the_command_runs_alone_and_opens_no_connection() -> None:
    program = """
import socket, sys
def refuse(*arguments, **options):
    raise AssertionError("a connection was tried")
socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse
from nlp.__main__ import main
status = main(["annotate", "--threads", "1"])
assert not {"torch", "transformers", "flask", "sqlalchemy"} & set(sys.modules), "far too much was loaded"
sys.exit(status)
"""
    lines = '{"id": "x", "text": "I want a refund"}\nbroken\n'
    found = subprocess.run(
        [sys.executable, "-c", program], input=lines, capture_output=True, text=True, check=False, timeout=100
    )
    assert (found.returncode, found.stderr) == (1, "")
    first, second = map(json.loads, found.stdout.splitlines())
    assert (first["id"], first["intent"]["label"]) == ("x", "refund_return")
    assert second["line"] == 2


def test_a_reader_that_goes_away_is_no_error() -> None:
    lines = '{"id": 1, "text": "ok"}\n' * 2_000
    command = f"{sys.executable} -m nlp annotate --threads 1 --no-reasons --batch 4 --tasks spam | head -1"
    found = subprocess.run(
        ["bash", "-c", command], input=lines, capture_output=True, text=True, check=False, timeout=100
    )
    assert (found.stdout.count("\n"), found.stderr) == (1, "")


@pytest.mark.parametrize(
    ("arguments", "wrong"),
    [
        (["no-such-file.jsonl"], "no-such-file.jsonl"),
        (["."], "directory"),
        (["--replace", "sentiment=/no/such/folder", "x"], "sentiment"),
        (["--replace", "mood=.", "x"], "mood"),
        (["--tasks", "mood", "x"], "sentiment,emotion,intent"),
        (["--tasks", "", "x"], "sentiment,emotion,intent"),
        (["--backend", "jax", "x"], "jax"),
        (["--batch", "0", "x"], "1 or more"),
        (["--batch", "many", "x"], "many"),
    ],
)
def test_what_cannot_be_done_is_one_sentence_and_status_2(
    arguments: list[str], wrong: str, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        status: object = main(["annotate", *arguments])
    except SystemExit as left:  # argparse, before anything was begun
        status = left.code
    assert status == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert wrong in said.err
    assert "Traceback" not in said.err
    last = said.err.strip().splitlines()[-1]
    assert last.startswith(("nlp: ", "python -m nlp"))
