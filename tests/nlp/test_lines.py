"""The contract of `python -m nlp annotate` and `evaluate`."""

from __future__ import annotations

import gzip
import io
import json
import queue
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, BinaryIO, cast

import pytest

from nlp.__main__ import main
from nlp.lines import MAX_LINE_BYTES, annotate_lines, parse_line

pytestmark = pytest.mark.usefixtures("warm")


def answers(*lines: bytes, batch: int = 256) -> tuple[int, list[dict[str, Any]]]:
    target = io.StringIO()
    status = annotate_lines(io.BytesIO(b"\n".join(lines)), target, batch=batch)
    return status, [json.loads(line) for line in target.getvalue().splitlines()]


def test_keys_are_those_of_the_contract() -> None:
    status, (found,) = answers(b'{"id": "a1", "text": "Where is my parcel?"}')
    assert status == 0
    assert set(found) == {"id", "sentiment", "intent", "language", "model"}
    assert {"label", "score", "confidence", "abstained"} <= set(found["sentiment"])
    assert {"label", "confidence", "abstained"} <= set(found["intent"])
    assert (found["id"], found["language"], found["intent"]["label"]) == ("a1", "en", "order_status")


@pytest.mark.parametrize("batch", [1, 7, 256])
def test_answers_come_in_the_order_of_the_lines(batch: int) -> None:
    lines = [json.dumps({"id": number, "text": "word " * (number * 13 % 40)}).encode() for number in range(60)]
    status, found = answers(*lines, batch=batch)
    assert status == 0
    assert [one["id"] for one in found] == list(range(60))


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
    assert all(one["error"] for one in found if "line" in one)
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
    work = threading.Thread(target=annotate_lines, args=(cast("BinaryIO", read_end), target), kwargs={"batch": 256})
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
sys.exit(main(["annotate", "--threads", "1"]))
"""
    lines = '{"id": "x", "text": "I want a refund"}\nbroken\n'
    found = subprocess.run(
        [sys.executable, "-c", program], input=lines, capture_output=True, text=True, check=False, timeout=100
    )
    assert (found.returncode, found.stderr) == (1, "")
    first, second = map(json.loads, found.stdout.splitlines())
    assert (first["id"], first["intent"]["label"]) == ("x", "refund_return")
    assert second["line"] == 2


def test_a_file_is_read_like_standard_input(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "lines.jsonl").write_text('{"id": "x", "text": "I want a refund"}\n')
    assert main(["annotate", str(tmp_path / "lines.jsonl")]) == 0
    assert json.loads(capsys.readouterr().out)["intent"]["label"] == "refund_return"


def test_a_file_that_is_not_there_is_one_sentence_and_status_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["annotate", "no-such-file.jsonl"]) == 2
    assert "no-such-file.jsonl" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["rows.tsv", "rows.tsv.gz"])
def test_evaluate_measures_a_labelled_file(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = "text\tlabel\nThank you, wonderful!\tpositive\nI hate it, terrible.\tnegative\nGreat, I love it!\tnegative\n"
    raw = gzip.compress(rows.encode()) if name.endswith("gz") else rows.encode()
    (tmp_path / name).write_bytes(raw)
    assert main(["evaluate", "--task", "sentiment", str(tmp_path / name)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["n"], found["accuracy"], found["macro_recall"]) == (3, 0.6667, 0.75)
    assert found["per_class"]["negative"] == {"recall": 0.5, "precision": 1.0, "f1": 0.6667, "support": 2}


def test_evaluate_says_what_a_file_lacks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "rows.tsv").write_text("words\tlabel\na\tb\n")
    assert main(["evaluate", "--task", "intent", str(tmp_path / "rows.tsv")]) == 2
    assert "columns text and label" in capsys.readouterr().err
