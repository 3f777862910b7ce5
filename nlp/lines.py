"""JSON lines in, JSON lines out, in the same order: the body of `python -m nlp annotate`.

What is waiting is annotated together, up to a batch; a single line that waits for its answer gets it at once.
"""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO, TextIO

from nlp.prediction import Annotation, Prediction
from nlp.tasks import MANY

MAX_LINE_BYTES = 16 * 1024 * 1024

Say = Callable[[Sequence[str]], Sequence[Annotation]]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the input: its `text` to annotate, or why it cannot be."""

    number: int
    id: Any = None
    text: str = ""
    error: str | None = None


def annotate_lines(source: BinaryIO, target: TextIO, say: Say, *, batch: int) -> int:
    """Let `say` annotate every line {"id", "text"} of `source`, write one line for it; return 1 if one was bad, else 0.

    A bad line gives {"id", "line", "error"} in its place, its id null where it has none. Empty lines give nothing.
    """
    any_bad = False
    for lines in _waiting(source, batch):
        good = [line for line in lines if line.error is None]
        annotations = iter(say([line.text for line in good]))
        for line in lines:
            any_bad = any_bad or line.error is not None
            answer = _bad(line) if line.error is not None else {"id": line.id, **as_json(next(annotations))}
            target.write(json.dumps(answer) + "\n")
        target.flush()
    return int(any_bad)


def as_json(annotation: Annotation) -> dict[str, Any]:
    """Return an annotation as the command line prints it."""
    tasks: dict[str, Any] = {}
    for one in annotation.predictions:
        answer = _answer(one)
        tasks[one.task] = (
            [{"label": label, "confidence": sure} for label, sure in one.labels] if one.task in MANY else answer
        )
        if one.task in MANY:
            tasks[f"{one.task}_decision"] = answer
    return {
        **tasks,
        "abstained": sorted(one.task for one in annotation.predictions if one.abstained),
        "reasons": [
            {"task": one.task, "label": one.label, "start": why.start, "end": why.end, "weight": why.weight}
            for one in annotation.predictions
            for why in one.reasons
        ],
        "language": annotation.language,
        "model": f"{annotation.model_id}@{annotation.model_version}",
    }


def _answer(one: Prediction) -> dict[str, Any]:
    score = {} if one.score is None else {"score": one.score}
    why = {"abstain_reason": one.abstain_reason} if one.abstain_reason else {}
    return {"label": one.label, **score, "confidence": one.confidence, "abstained": one.abstained, **why}


def parse_line(raw: bytes, number: int) -> Line:
    """Read one line; whatever is wrong with it is said in `error`."""
    if len(raw) > MAX_LINE_BYTES:
        return Line(number, error=f"longer than {MAX_LINE_BYTES} bytes")
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError) as error:
        return Line(number, error=f"not JSON: {error}")
    if not isinstance(found, dict) or "id" not in found:
        return Line(number, error='not an object with "id" and "text"')
    if not isinstance(found.get("text"), str):
        return Line(number, id=found["id"], error='"text" must be a string')
    return Line(number, id=found["id"], text=found["text"])


def _bad(line: Line) -> dict[str, Any]:
    return {"id": line.id, "line": line.number, "error": line.error}


def _waiting(source: BinaryIO, batch: int) -> Iterator[Sequence[Line]]:
    """Yield the lines read so far, at least one and at most a batch, until the source ends; a thread reads ahead."""
    lines: queue.Queue[Line | BaseException | None] = queue.Queue(maxsize=2 * batch)
    threading.Thread(target=_read, args=(source, lines), name="nlp-lines", daemon=True).start()
    while True:
        found = [lines.get()]
        while len(found) < batch and not lines.empty():
            found.append(lines.get())
        ended = [one for one in found if not isinstance(one, Line)]
        if together := [one for one in found if isinstance(one, Line)]:
            yield together
        if ended:
            if ended[0] is not None:
                raise ended[0]
            return


def _read(source: BinaryIO, lines: queue.Queue[Line | BaseException | None]) -> None:
    try:
        for number, raw in enumerate(_raw_lines(source), start=1):
            if raw.strip():
                lines.put(parse_line(raw, number))
    except (OSError, ValueError) as error:
        lines.put(error)
        return
    lines.put(None)


def _raw_lines(source: BinaryIO) -> Iterator[bytes]:
    """Yield lines; of one that is too long only the first part, never more than that in memory."""
    while raw := source.readline(MAX_LINE_BYTES + 1):
        part = raw
        while len(part) > MAX_LINE_BYTES and not part.endswith(b"\n"):
            part = source.readline(MAX_LINE_BYTES + 1)
        yield raw
