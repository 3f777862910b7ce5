"""The lessons a head is fitted from: corrected messages, and examples of the workspace's own intents."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, case, select, update
from sqlalchemy.orm import Session

from app.models import Correction, IntentExample, Message, MessageEmbedding, Prediction, Subject
from app.services import predictions, workspace_intents
from app.services.labels import BUILT_IN, NO_EMOTION, OUT_OF_SCOPE

MOST_LESSONS = 2_000  # the newest corrections; nlp.light looks at no more


@dataclass(frozen=True, slots=True)
class Lesson:
    """One text and what it is about. `embedding` and `base` (the model's own answer) are None where not stored."""

    text: str
    truth: str
    embedding: Sequence[float] | None
    base: Mapping[str, float] | None = None
    correction_id: int | None = None
    example_id: int | None = None


def of_corrections(session: Session, subject: Subject, *, model_version: str) -> list[Lesson]:
    """Return what people said of a task, oldest first, with what is stored of the model's own answers."""
    kept = case((Correction.base_version == model_version, Correction.base), else_=Prediction.probabilities)
    query = (
        select(Correction.id, Correction.labels, Message, MessageEmbedding.embedding, kept)
        .join(Message, Message.id == Correction.message_id)
        .outerjoin(MessageEmbedding, _stored(model_version))
        .outerjoin(
            Prediction,
            and_(
                Prediction.message_id == Message.id,
                Prediction.task == subject.task,
                Prediction.model_version == model_version,
                Prediction.head_version.is_(None),
            ),
        )
        .where(Correction.task == subject.task, *_learned_from())
        .order_by(Correction.id.desc())
        .limit(MOST_LESSONS)
    )
    known = {label for label, _ in BUILT_IN[subject.task]} | {NO_EMOTION}
    lessons = [
        Lesson(
            text=predictions.annotated_text(message.subject, message.text),
            truth="|".join(labels),
            embedding=embedding,
            base=base or None,
            correction_id=id_,
        )
        for id_, labels, message, embedding, base in session.execute(query)
        if set(labels) <= known
    ]
    return lessons[::-1]


def of_intents(session: Session, *, model_version: str) -> list[Lesson]:
    """Return the examples of the workspace's own intents: those written down and those from corrections.

    An intent with fewer than workspace_intents.LEAST_EXAMPLES is left out.
    """
    slugs = workspace_intents.live_slugs(session)
    examples = _written_examples(session, slugs, model_version)
    taken = {lesson[0] for lesson in examples}
    lessons = [lesson for _, lesson in examples]
    lessons += [lesson for id_, lesson in _corrected_examples(session, slugs, model_version) if id_ not in taken]
    counts = Counter(lesson.truth for lesson in lessons)
    least = workspace_intents.LEAST_EXAMPLES
    return [one for one in lessons if one.truth == OUT_OF_SCOPE or counts[one.truth] >= least]


def keep_embeddings(session: Session, embeddings: Mapping[int, Sequence[float]], *, model_version: str) -> None:
    """Keep the embeddings of examples by their ids, so that the next training is quicker."""
    for id_, embedding in sorted(embeddings.items()):
        values = {"embedding": list(embedding), "model_version": model_version}
        session.execute(update(IntentExample).where(IntentExample.id == id_).values(values))


def keep_bases(session: Session, bases: Mapping[int, Mapping[str, float]], *, model_version: str) -> None:
    """Keep what the model itself says of corrected messages, by correction id, so that it is asked once."""
    for id_, base in sorted(bases.items()):
        values = {"base": dict(base), "base_version": model_version}
        session.execute(update(Correction).where(Correction.id == id_).values(values))


def _written_examples(
    session: Session, slugs: Mapping[int, str], model_version: str
) -> list[tuple[int | None, Lesson]]:
    query = select(IntentExample).where(IntentExample.intent_id.in_(slugs)).order_by(IntentExample.id)
    return [
        (
            row.message_id,
            Lesson(
                text=row.text,
                truth=slugs[row.intent_id],
                embedding=row.embedding if row.model_version == model_version else None,
                example_id=row.id,
            ),
        )
        for row in session.scalars(query)
    ]


def _corrected_examples(session: Session, slugs: Mapping[int, str], model_version: str) -> list[tuple[int, Lesson]]:
    by_slug = workspace_intents.final_slugs(session)
    query = (
        select(Correction, Message, MessageEmbedding.embedding)
        .join(Message, Message.id == Correction.message_id)
        .outerjoin(MessageEmbedding, _stored(model_version))
        .where(Correction.task == "intent", *_learned_from())
        .order_by(Correction.id.desc())
        .limit(MOST_LESSONS)
    )
    found = []
    for correction, message, embedding in session.execute(query):
        truth = by_slug.get(correction.truth, correction.truth)
        if truth == OUT_OF_SCOPE or truth in slugs.values():
            text = predictions.annotated_text(message.subject, message.text)
            found.append((message.id, Lesson(text, truth, embedding, correction_id=correction.id)))
    return found[::-1]


def _learned_from() -> tuple[ColumnElement[bool], ...]:
    """Say what is learned from: nothing that was taken back, by us or by who wrote it. Message is joined."""
    return Correction.undone_at.is_(None), Correction.set_aside_at.is_(None), Message.deleted_at.is_(None)


def _stored(model_version: str) -> ColumnElement[bool]:
    return and_(MessageEmbedding.message_id == Message.id, MessageEmbedding.model_version == model_version)
