"""Learn from people: fit light heads from corrections and from the workspace's own intents. Runs in the annotator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from app.db import assert_no_transaction, reading, transaction
from app.log import get_logger
from app.models import HeadKind
from app.phrases import phrase
from app.services import learning, lessons
from app.services.labels import OUT_OF_SCOPE
from app.services.learning import Claim
from app.services.lessons import Lesson
from app.services.light_heads import Fitted
from app.services.workspace_intents import LEAST_INTENTS
from workers.jobs import ask

if TYPE_CHECKING:
    from nlp.light import LightHead
    from nlp.prediction import Annotation

AT_ONCE = 32  # texts embedded between two words about progress


def learn(learning_ids: Sequence[int]) -> None:  # noqa: ARG001 - the job is a wake-up; all that waits is learned
    """Learn everything that waits."""
    while learn_next():
        pass


def learn_next() -> bool:
    """Learn one subject; return whether there was one. Cheap where there is none: asked between batches."""
    with reading() as session:
        if not learning.is_waiting(session):
            return False
    with transaction() as session:
        claim = learning.claim(session)
    if claim is None:
        return False
    fit = _fit_intents if claim.subject.kind is HeadKind.INTENTS else _fit_corrections
    try:
        fitted = fit(claim)
    except ValueError as problem:  # nlp.light refuses, for example, a single intent
        get_logger().warning("learning.refused", subject=claim.subject.value, reason=str(problem))
        with transaction() as session:
            learning.give_up(
                session, claim, reason=str(phrase("Nothing was learned: {problem}.", problem=str(problem)))
            )
        return True
    with transaction() as session:
        learning.keep(session, claim, fitted)
    return True


def take_up(model_version: str) -> None:
    """Have learned anew what was learned from another model's embeddings; the annotator says so when it starts."""
    with transaction() as session:
        learning.take_up(session, model_version=model_version)


def _fit_corrections(claim: Claim) -> Fitted | None:
    """Fit what people said of a task; None where nobody says anything any more."""
    from nlp.light import fit_corrections

    model_version = _model_version()
    with reading() as session:
        found = lessons.of_corrections(session, claim.subject, model_version=model_version)
    known = _with_answers(found, claim, model_version)
    if not known:
        return None
    head = fit_corrections(
        claim.subject.task,
        embeddings=[embedding for _, embedding, _ in known],
        base=[base for _, _, base in known],
        truths=[lesson.truth for lesson, _, _ in known],
        version=claim.version,
    )
    return _fitted(head, [lesson for lesson, _, _ in known], model_version)


def _fit_intents(claim: Claim) -> Fitted | None:
    """Fit the workspace's own intents; None where fewer than two have enough examples."""
    from nlp.light import Example, fit_intents

    model_version = _model_version()
    with reading() as session:
        found = lessons.of_intents(session, model_version=model_version)
    if len({lesson.truth for lesson in found} - {OUT_OF_SCOPE}) < LEAST_INTENTS:
        return None
    known = [(lesson, embedding) for lesson, embedding in _embedded(found, claim, model_version) if embedding]
    _tell(claim, phrase("Fitting, and checking on examples held back."), 0.8)
    examples = [Example(embedding, lesson.text, lesson.truth) for lesson, embedding in known]
    head = fit_intents(examples, version=claim.version)
    return _fitted(head, [lesson for lesson, _ in known], model_version)


def _fitted(head: LightHead, learned: Sequence[Lesson], model_version: str) -> Fitted:
    return Fitted(
        weights=head.to_bytes(),
        labels=head.labels,
        examples=len(learned),
        metrics={"threshold": head.threshold, **head.metrics},
        learned_from=[lesson.correction_id for lesson in learned if lesson.correction_id is not None],
        model_version=model_version,
    )


def _with_answers(
    found: Sequence[Lesson], claim: Claim, model_version: str
) -> list[tuple[Lesson, Sequence[float], Mapping[str, float]]]:
    """Return lessons with embedding and the model's own answer; what is not stored is asked once, and kept."""
    task = claim.subject.task
    lacking = [lesson for lesson in found if not lesson.embedding or not lesson.base]
    said = dict(zip(map(id, lacking), _say([lesson.text for lesson in lacking], task), strict=True))
    known = []
    for lesson in found:
        one = said.get(id(lesson))
        embedding, base = (one.embedding, one.of(task).probabilities) if one else (lesson.embedding, lesson.base)
        if embedding and base:  # a message without words teaches nothing
            known.append((lesson, embedding, base))
    new = {lesson.correction_id: base for lesson, _, base in known if id(lesson) in said and lesson.correction_id}
    if new:
        with transaction() as session:
            lessons.keep_bases(session, new, model_version=model_version)
    return known


def _embedded(found: Sequence[Lesson], claim: Claim, model_version: str) -> list[tuple[Lesson, Sequence[float]]]:
    """Return examples with their embeddings; new ones are read, and kept for the next time."""
    read: dict[int, Sequence[float]] = {}
    lacking = [lesson for lesson in found if lesson.embedding is None]
    for start in range(0, len(lacking), AT_ONCE):
        _tell(
            claim,
            phrase("Reading example {number} of {count}.", number=str(start + 1), count=str(len(lacking))),
            0.7 * start / len(lacking),
        )
        chunk = lacking[start : start + AT_ONCE]
        ask.answer(())  # who looks at a screen does not wait until all is read
        said = _say([lesson.text for lesson in chunk], "intent")
        read |= {id(lesson): one.embedding for lesson, one in zip(chunk, said, strict=True)}
        new = {lesson.example_id: read[id(lesson)] for lesson in chunk if lesson.example_id and read[id(lesson)]}
        with transaction() as session:
            lessons.keep_embeddings(session, new, model_version=model_version)
    return [(lesson, read.get(id(lesson), lesson.embedding or ())) for lesson in found]


def _say(texts: Sequence[str], task: str) -> list[Annotation]:
    """Return what the model itself says, without any head of the workspace."""
    from nlp.annotate import annotate

    assert_no_transaction()
    return annotate(texts, tasks=(task,), reasons=False) if texts else []


def _tell(claim: Claim, step: str, progress: float) -> None:
    with transaction() as session:
        learning.tell(session, claim, step=str(step), progress=progress)


def _model_version() -> str:
    from nlp.annotate import model_identity

    return model_identity()[1]
