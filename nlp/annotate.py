"""The one public function of this room: `annotate(texts)`."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from nlp.decisions import decided
from nlp.language import UNDETERMINED, Language, detect
from nlp.prediction import Annotation, Prediction, Reason
from nlp.reasons import MOST_REASONS, SILENT, Stretch, candidates
from nlp.tasks import MANY, TASKS

if TYPE_CHECKING:
    from nlp.backends import Backend
    from nlp.encoder import Cut, Cutter
    from nlp.light import LightHead, Matrix
    from nlp.model import Model
    from nlp.replacement import Replacement

TEXTS_AT_ONCE = 512  # bounds the memory of one round; more texts are done in rounds
LEAST_FALL = 0.005  # of a label's probability, for a stretch to count as a reason
PIECES_FOR_TWO_REASONS = 2  # longer texts get one, each costs a pass over all of the text

_loading = threading.Lock()
_chosen: dict[str, str | int | None] = {"backend": None, "threads": None}
_replaced: dict[str, Replacement] = {}


@dataclass(frozen=True, slots=True)
class _Models:
    cutter: Cutter
    backend: Backend
    model: Model


@dataclass(frozen=True, slots=True)
class _Understood:
    """What the network says of texts: the model's own probabilities [texts, labels] by task, pooled over pieces."""

    cuts: Sequence[Cut]
    own: Mapping[str, Matrix]
    embeddings: Matrix
    shares: Sequence[Sequence[Matrix]]


def warm_up(
    *, threads: int | None = None, backend: str | None = None, replacements: Mapping[str, Replacement] | None = None
) -> None:
    """Load everything (about 1 s, once a process) and run it once. Raises ModelMissing.

    `threads` is how many CPU threads the network may use, its own choice by default; `backend` is "onnx" (the default)
    or "torch"; `replacements` are models that answer a task in our model's place. All hold for the process, and only
    the first call can choose the first two.
    """
    _chosen.update(threads=threads, backend=backend)
    _replaced.clear()
    _replaced.update(replacements or {})
    annotate(["Where is my parcel?"])


def annotate(
    texts: Sequence[str],
    *,
    tasks: Sequence[str] = TASKS,
    heads: Mapping[str, LightHead] | None = None,
    thresholds: Mapping[str, float] | None = None,
    replacements: Mapping[str, Replacement] | None = None,
    reasons: bool = True,
) -> list[Annotation]:
    """Say what each text is about: its language and one Prediction a task, in the order of the texts.

    A text is the new words of one message, any string at all; time and memory a text are bounded, whatever its size.
    `heads` are what the workspace taught (nlp.light), `thresholds` its own least confidence by task, `replacements`
    models that answer a task in our model's place (those of the process by default). Where a prediction must not be
    used, `abstained` is true. May be called from several threads and never opens a connection. Raises ValueError for
    an unknown task and ModelMissing where a model's files are not on this machine.
    """
    if unknown := set(tasks) - set(TASKS):
        raise ValueError(f"unknown task {min(unknown)!r}, there are {', '.join(TASKS)}")
    replaced = _replaced if replacements is None else replacements
    asked = _Asked(_models(), tasks, heads or {}, thresholds or {}, replaced, reasons)
    waiting = iter(texts)
    annotations: list[Annotation] = []
    while round_ := list(islice(waiting, TEXTS_AT_ONCE)):
        annotations.extend(asked.answers(round_))
    return annotations


def model_identity() -> tuple[str, str]:
    """Return the id and the version of the model that annotates. Raises ModelMissing.

    Models that stand in for a task make the version another one.
    """
    from nlp.model import load_model

    model = load_model()
    return model.model_id, _version(model.model_version, _replaced)


def _version(own: str, replaced: Mapping[str, Replacement]) -> str:
    if not replaced:
        return own
    named = "\n".join(sorted(f"{task}={by.model}@{by.revision}" for task, by in replaced.items()))
    return f"{own}+{hashlib.sha256(named.encode()).hexdigest()[:6]}"


def _models() -> _Models:
    with _loading:
        return _load_models()


@cache
def _load_models() -> _Models:
    from nlp.backends import load_backend
    from nlp.encoder import Cutter
    from nlp.model import load_model

    model = load_model()
    name, threads = _chosen["backend"], _chosen["threads"]
    backend = load_backend(
        name if isinstance(name, str) else None, model, threads=threads if isinstance(threads, int) else None
    )
    return _Models(Cutter(), backend, model)


@dataclass(frozen=True, slots=True)
class _Asked:
    """One call of `annotate`."""

    models: _Models
    tasks: Sequence[str]
    heads: Mapping[str, LightHead]
    thresholds: Mapping[str, float]
    replacements: Mapping[str, Replacement]
    reasons: bool

    def answers(self, texts: Sequence[str]) -> Iterator[Annotation]:
        understood = self._understand(texts)
        languages = [
            detect(text) if cut.pieces else Language(UNDETERMINED, supported=False)
            for text, cut in zip(texts, understood.cuts, strict=True)
        ]
        said = [
            tuple(self._decided(task, understood, place, languages[place]) for task in self.tasks)
            for place in range(len(texts))
        ]
        if self.reasons:
            said = self._with_reasons(texts, understood, said)
        for place, predictions in enumerate(said):
            some = understood.cuts[place].pieces
            yield Annotation(
                language=languages[place].code,
                predictions=predictions,
                model_id=self.models.model.model_id,
                model_version=_version(self.models.model.model_version, self.replacements),
                embedding=tuple(understood.embeddings[place].tolist()) if some else (),
            )

    def _understand(self, texts: Sequence[str]) -> _Understood:
        from nlp.backends import forward

        cuts = self.models.cutter.cut(texts)
        pieces = [piece for cut in cuts for piece in cut.pieces]
        tasks = self.models.model.tasks
        if not pieces:
            empty = {name: np.zeros((len(texts), len(task.labels)), np.float32) for name, task in tasks.items()}
            return _Understood(cuts, empty, np.zeros((len(texts), 0), np.float32), [[] for _ in texts])
        passed = forward(self.models.backend, pieces)
        columns = self.models.model.columns
        own = {name: _pooled(task.probabilities(passed.logits[:, columns[name]]), cuts) for name, task in tasks.items()}
        for name, replacement in self.replacements.items():
            own[name] = replacement.probabilities([cut.cleaned for cut in cuts])
        embeddings = _pooled(passed.embeddings, cuts)
        embeddings /= np.maximum(np.linalg.norm(embeddings, axis=1, keepdims=True), 1e-6)
        waiting = iter(passed.shares)
        return _Understood(cuts, own, embeddings, [list(islice(waiting, len(cut.pieces))) for cut in cuts])

    def _decided(self, task: str, understood: _Understood, place: int, language: Language) -> Prediction:
        supported = language.supported or task in self.replacements
        return decided(
            self.models.model.tasks[task],
            own=understood.own[task][place],
            embedding=understood.embeddings[place],
            text=understood.cuts[place].cleaned,
            head=self.heads.get(task),
            threshold=self.thresholds.get(task),
            empty=not understood.cuts[place].pieces,
            language="" if supported else language.code,
        )

    def _with_reasons(
        self, texts: Sequence[str], understood: _Understood, said: Sequence[tuple[Prediction, ...]]
    ) -> list[tuple[Prediction, ...]]:
        """Delete every candidate from its text, look again, and keep those whose label became less likely."""
        tried: dict[tuple[int, Stretch], int] = {}
        wanted: list[tuple[int, int, Stretch]] = []
        for place, predictions in enumerate(said):
            for number, prediction in enumerate(predictions):
                for stretch in self._candidates(texts[place], understood, place, prediction):
                    tried.setdefault((place, stretch), len(tried))
                    wanted.append((place, number, stretch))
        if not wanted:
            return list(said)
        without = [texts[place][: cut.start] + " " + texts[place][cut.end :] for place, cut in tried]
        again = self._understand(without)
        found: dict[tuple[int, int], list[Reason]] = {}
        for place, number, stretch in wanted:
            prediction = said[place][number]
            other = self._decided(prediction.task, again, tried[place, stretch], Language("en", supported=True))
            fall = prediction.probabilities[prediction.label] - other.probabilities.get(prediction.label, 0.0)
            if fall >= LEAST_FALL:
                found.setdefault((place, number), []).append(Reason(stretch.start, stretch.end, round(fall, 4)))
        return [
            tuple(
                replace(prediction, reasons=tuple(sorted(found.get((place, number), []), key=lambda one: one.start)))
                for number, prediction in enumerate(predictions)
            )
            for place, predictions in enumerate(said)
        ]

    def _candidates(self, text: str, understood: _Understood, place: int, prediction: Prediction) -> Sequence[Stretch]:
        model = self.models.model
        labels = model.tasks[prediction.task].labels
        if prediction.abstained or prediction.label in SILENT or prediction.label not in labels:
            return ()
        first = model.columns[prediction.task].start
        column = first + labels.index(prediction.label)
        rivals = [] if prediction.task in MANY else [first + other for other in range(len(labels))]
        cut = understood.cuts[place]
        found = candidates(text, cut, understood.shares[place], column, [rival for rival in rivals if rival != column])
        return found[: MOST_REASONS if len(cut.pieces) <= PIECES_FOR_TWO_REASONS else 1]


def _pooled(rows: Matrix, cuts: Sequence[Cut]) -> Matrix:
    """Return the mean over each text's pieces [texts, columns], weighted by their length; zeros for an empty text."""
    pooled = np.zeros((len(cuts), rows.shape[1]), np.float32)
    first = 0
    for place, cut in enumerate(cuts):
        if cut.pieces:
            lengths = np.array([len(piece.tokens) for piece in cut.pieces], np.float32)
            pooled[place] = lengths @ rows[first : first + len(lengths)] / lengths.sum()
            first += len(lengths)
    return pooled
