"""The versions of what the workspace taught the model: which one is used, and going back to an older one."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from app.clock import now
from app.errors import NotFound
from app.models import Correction, HeadActivation, HeadKind, Learning, LightHead, Subject, User

MOST_VERSIONS = 50  # kept to go back to; each is at most 4 MB


@dataclass(frozen=True, slots=True)
class ActiveHead:
    """A head in use; its weights are read apart, for they are large and seldom change.

    The id alone does not name a head for ever: a restored database gives it out again.
    """

    id: int
    task: str
    version: int
    model_version: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Fitted:
    """A head that was just fitted. `weights` are those of nlp.light.LightHead.to_bytes."""

    weights: bytes
    labels: Sequence[str]
    examples: int
    metrics: dict[str, object]
    learned_from: Sequence[int]  # ids of corrections
    model_version: str


def active(session: Session, *, model_version: str) -> list[ActiveHead]:
    """Return the heads in use that belong to the embeddings of a model version, one a task."""
    columns = (LightHead.id, LightHead.task, LightHead.version, LightHead.model_version, LightHead.created_at)
    query = select(*columns)
    query = query.where(LightHead.is_active, LightHead.model_version == model_version).order_by(LightHead.task)
    return [ActiveHead(*row) for row in session.execute(query)]


def weights(session: Session, ids: Collection[int]) -> dict[int, bytes]:
    """Return the weights of heads by their ids."""
    query = select(LightHead.id, LightHead.weights).where(LightHead.id.in_(ids))
    return dict(session.execute(query).all())


def in_use(session: Session, task: str) -> LightHead | None:
    """Return the version of a task's head that is used, None where the model alone decides."""
    return session.scalars(select(LightHead).where(LightHead.task == task, LightHead.is_active)).one_or_none()


def kind_in_use(session: Session, task: str) -> HeadKind | None:
    return session.scalar(select(LightHead.kind).where(LightHead.task == task, LightHead.is_active))


def next_version(session: Session, task: str) -> int:
    return (session.scalar(select(func.max(LightHead.version)).where(LightHead.task == task)) or 0) + 1


def add(session: Session, *, subject: Subject, fitted: Fitted, version: int, actor_id: int | None) -> LightHead:
    """Store a version, not yet in use; those before the newest MOST_VERSIONS are forgotten."""
    head = LightHead(
        task=subject.task,
        version=version,
        kind=subject.kind,
        weights=fitted.weights,
        labels=list(fitted.labels),
        examples=fitted.examples,
        metrics=dict(fitted.metrics),
        learned_from=list(fitted.learned_from),
        model_version=fitted.model_version,
        created_by_id=actor_id,
    )
    session.add(head)
    session.flush()
    old = (
        (LightHead.task == head.task) & (LightHead.version <= version - MOST_VERSIONS) & LightHead.is_active.is_(False)
    )
    session.execute(delete(LightHead).where(old))
    return head


def put_to_use(session: Session, *, task: str, head: LightHead | None, actor_id: int | None) -> None:
    """Use this version from now on, or none; written down with who and when. The caller has locked the learning."""
    was = in_use(session, task)
    if was is head:
        return
    if was:
        was.is_active = False
        session.flush()  # only one may be active
    if head:
        head.is_active = True
    session.add(HeadActivation(task=task, version=head.version if head else None, user_id=actor_id))
    session.flush()


def activate(session: Session, *, task: str, version: int | None, actor: User) -> None:
    """Go back to a version (or forward again, or with None to the model alone).

    Corrections that a later version had learned and this one had not are set aside: they still hold for their
    messages, but are not learned from, until a version that knew them is used again. Raises NotFound.
    """
    rows = session.scalars(select(Learning).where(Learning.subject.in_(_subjects(task))).order_by(Learning.id))
    learnings = session.scalars(
        select(Learning).where(Learning.id.in_([row.id for row in rows])).order_by(Learning.id).with_for_update()
    ).all()
    head = None
    if version is not None:
        query = select(LightHead).where(LightHead.task == task, LightHead.version == version)
        head = session.scalars(query).one_or_none()
        if head is None:
            raise NotFound
    put_to_use(session, task=task, head=head, actor_id=actor.id)
    _set_aside(session, task, set(head.learned_from) if head else set())
    for row in learnings:  # what a worker is fitting at this moment is no longer wanted
        row.wanted += 1
        row.learned = row.wanted
        row.claimed_until = None


def _set_aside(session: Session, task: str, known: set[int]) -> None:
    """Set aside what any version has learned from but `known` has not; take up the rest again."""
    every = session.scalars(select(LightHead.learned_from).where(LightHead.task == task))
    learned = {id_ for ids in every for id_ in ids}
    ours = update(Correction).where(Correction.task == task)
    left_out = ours.where(Correction.id.in_(learned - known), Correction.set_aside_at.is_(None))
    session.execute(left_out.values(set_aside_at=now()))
    session.execute(ours.where(Correction.id.in_(known)).values(set_aside_at=None))


def _subjects(task: str) -> list[Subject]:
    return [subject for subject in Subject if subject.task == task]
