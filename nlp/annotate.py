"""The one public function of this room: `annotate(texts)`."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING

from nlp.encoder import Encoder, Piece
from nlp.heads import LABEL_OF_NOTHING, Head, Heads, load_heads
from nlp.language import UNDETERMINED, Language, detect
from nlp.prediction import Annotation, Prediction

if TYPE_CHECKING:
    from torch import Tensor

TASKS = ("sentiment", "intent")
TEXTS_AT_ONCE = 512  # bounds the memory of one round; more texts are done in rounds
DIGITS = 4  # of confidence and score: what a batch's padding changes lies beyond them

_loading = threading.Lock()


@dataclass(frozen=True, slots=True)
class _Models:
    encoder: Encoder
    heads: Heads


def warm_up(*, threads: int | None = None) -> None:
    """Load everything (3 to 5 s, once a process) and run it once. Raises ModelMissing.

    `threads` is how many CPU threads torch may use, its own choice by default; it holds for the process.
    """
    if threads is not None:
        import torch

        torch.set_num_threads(threads)
    annotate(["Where is my parcel?"])


def annotate(texts: Sequence[str], *, tasks: Sequence[str] = TASKS) -> list[Annotation]:
    """Say what each text is about: its language and one Prediction a task, in the order of the texts.

    A text is the new words of one message, any string at all; time and memory a text are bounded, whatever its size.
    Where a prediction must not be used, `abstained` is true and `abstain_reason` is "empty", "language:xx" or
    "confidence". May be called from several threads and never opens a connection.
    Raises ValueError for an unknown task and ModelMissing where the model's files are not on this machine.
    """
    models = _models()
    if unknown := set(tasks) - set(models.heads.by_task):
        raise ValueError(f"unknown task {min(unknown)!r}, there are {', '.join(models.heads.by_task)}")
    heads = [models.heads.by_task[task] for task in tasks]
    waiting = iter(texts)
    annotations: list[Annotation] = []
    while round_ := list(islice(waiting, TEXTS_AT_ONCE)):
        annotations.extend(_annotate_round(models, heads, round_))
    return annotations


def model_identity() -> tuple[str, str]:
    """Return the id and the version of the model that annotates. Raises ModelMissing."""
    heads = _models().heads
    return heads.model_id, heads.model_version


def _models() -> _Models:
    with _loading:
        return _load_models()


@cache
def _load_models() -> _Models:
    return _Models(encoder=Encoder(), heads=load_heads())


def _annotate_round(models: _Models, heads: Sequence[Head], texts: Sequence[str]) -> Iterator[Annotation]:
    pieces = models.encoder.pieces(texts)
    features = models.encoder.features([piece for of_text in pieces for piece in of_text])
    probabilities = {head.task: _pooled(head.probabilities(features), pieces) for head in heads}
    for index, text in enumerate(texts):
        is_empty = not pieces[index]
        language = Language(UNDETERMINED, supported=False) if is_empty else detect(text)
        yield Annotation(
            language=language.code,
            predictions=tuple(_prediction(head, probabilities[head.task][index], language) for head in heads),
            model_id=models.heads.model_id,
            model_version=models.heads.model_version,
        )


def _pooled(probabilities: Tensor, pieces: Sequence[Sequence[Piece]]) -> list[list[float]]:
    """Return a text's probabilities: the mean over its pieces, weighted by their length; [] for a text without any."""
    pooled, first = [], 0
    rows = probabilities.tolist()
    for of_text in pieces:
        total = sum(map(len, of_text))
        own = list(zip(rows[first : first + len(of_text)], of_text, strict=True))
        first += len(of_text)
        labels = range(probabilities.shape[1]) if own else ()
        pooled.append([sum(row[label] * len(piece) for row, piece in own) / total for label in labels])
    return pooled


def _prediction(head: Head, probabilities: Sequence[float], language: Language) -> Prediction:
    if not probabilities:
        label, confidence, reason = LABEL_OF_NOTHING[head.task], 0.0, "empty"
    else:
        best = max(range(len(head.labels)), key=probabilities.__getitem__)
        label, confidence = head.labels[best], round(probabilities[best], DIGITS)
        reason = _reason_to_abstain(head, label, confidence, language)
    return Prediction(
        task=head.task,
        label=label,
        confidence=confidence,
        score=_polarity(head, probabilities),
        abstained=reason != "",
        abstain_reason=reason or None,
    )


def _reason_to_abstain(head: Head, label: str, confidence: float, language: Language) -> str:
    if not language.supported:
        return f"language:{language.code}"
    return "" if head.is_sure(label, confidence) else "confidence"


def _polarity(head: Head, probabilities: Sequence[float]) -> float | None:
    """Return p(positive) - p(negative) for sentiment, None for tasks without a direction."""
    if head.task != "sentiment":
        return None
    by_label = dict(zip(head.labels, probabilities, strict=False))
    return round(by_label.get("positive", 0.0) - by_label.get("negative", 0.0), DIGITS)
