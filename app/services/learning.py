"""Learning from people: what waits to be learned, who is at it, and keeping what came of it.

The worker claims a subject, reads its lessons (app/services/lessons.py), fits a head with no transaction open, and
keeps it as a new version. What is wanted and what was learned are numbers in the table, so that a lost job is found
again by reconcile.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.orm import Session

from app import outbox
from app.clock import now
from app.events import LearningAsked
from app.models import HeadKind, Learning, LightHead, Subject, User
from app.phrases import phrase
from app.services import light_heads
from app.services.light_heads import Fitted

CLAIM = timedelta(seconds=120)


@dataclass(frozen=True, slots=True)
class Claim:
    """A worker's claim on a subject: it learns all that was wanted up to `wanted`, as `version`."""

    learning_id: int
    subject: Subject
    wanted: int
    version: int
    actor_id: int | None


def ask(session: Session, *, subject: Subject, actor: User | None) -> None:
    """Have the annotator learn a subject anew."""
    statement = (
        update(Learning)
        .where(Learning.subject == subject)
        .values(
            wanted=Learning.wanted + 1,
            asked_by_id=actor.id if actor else None,
            asked_at=now(),
            error="",
        )
        .returning(Learning.id)
    )
    outbox.record(session, LearningAsked(learning_id=session.execute(statement).scalar_one()))


def is_waiting(session: Session) -> bool:
    """Say whether there is something to learn that nobody is at."""
    return session.scalar(select(Learning.id).where(_free()).limit(1)) is not None


def nudge(session: Session, *, older_than: timedelta) -> list[int]:
    """Return what nobody has begun to learn in this time, or whose worker died, each as if it were asked for now."""
    late = or_(Learning.asked_at.is_(None), Learning.asked_at <= now() - older_than)
    nudged = update(Learning).where(_free(), late).values(asked_at=now()).returning(Learning.id)
    return sorted(session.scalars(nudged))


def claim(session: Session) -> Claim | None:
    """Claim what waits longest, for this worker alone."""
    query = select(Learning).where(_free()).order_by(Learning.asked_at.nulls_first(), Learning.id).limit(1)
    row = session.scalars(query.with_for_update(skip_locked=True)).one_or_none()
    if row is None:
        return None
    row.claimed_until = now() + CLAIM
    row.step, row.progress = str(phrase("Reading examples.")), 0.0
    version = light_heads.next_version(session, row.subject.task)
    return Claim(row.id, row.subject, row.wanted, version, row.asked_by_id)


def tell(session: Session, claim: Claim, *, step: str, progress: float) -> None:
    """Say how far a claim has come, and hold it for longer."""
    ours = (Learning.id == claim.learning_id) & Learning.claimed_until.is_not(None)
    session.execute(update(Learning).where(ours).values(step=step, progress=progress, claimed_until=now() + CLAIM))


def keep(session: Session, claim: Claim, fitted: Fitted | None) -> LightHead | None:
    """Store a version and use it; None (nothing is left to learn from) goes back to the model alone.

    Where somebody chose another version meanwhile, theirs stays in use.
    """
    row = session.get_one(Learning, claim.learning_id, with_for_update=True)
    task = claim.subject.task
    head = None
    if fitted is not None:
        version = light_heads.next_version(session, task)
        head = light_heads.add(session, subject=claim.subject, fitted=fitted, version=version, actor_id=claim.actor_id)
    if row.learned < claim.wanted:
        row.learned = claim.wanted
        if _may_use(session, claim.subject):
            light_heads.put_to_use(session, task=task, head=head, actor_id=claim.actor_id)
    _finish(row, error="")
    return head


def give_up(session: Session, claim: Claim, *, reason: str) -> None:
    """Say why nothing came of a claim; it is tried again when something is asked anew."""
    row = session.get_one(Learning, claim.learning_id, with_for_update=True)
    row.learned = max(row.learned, claim.wanted)
    _finish(row, error=reason)


def take_up(session: Session, *, model_version: str) -> None:
    """Have everything learned anew whose heads belong to another model than the one that annotates from now on."""
    query = select(LightHead.task, LightHead.kind).where(LightHead.is_active, LightHead.model_version != model_version)
    for task, kind in session.execute(query):
        ask(session, subject=Subject.INTENTS if kind is HeadKind.INTENTS else Subject(task), actor=None)


def _may_use(session: Session, subject: Subject) -> bool:
    """Corrections of the built-in intents do not push the workspace's own aside."""
    in_use = light_heads.kind_in_use(session, subject.task)
    return subject.kind is HeadKind.INTENTS or in_use is not HeadKind.INTENTS


def _finish(row: Learning, *, error: str) -> None:
    row.claimed_until = None
    row.step, row.progress, row.error = "", 0.0, error
    row.finished_at = now()


def _free() -> ColumnElement[bool]:
    nobody = or_(Learning.claimed_until.is_(None), Learning.claimed_until <= now())
    return and_(Learning.learned < Learning.wanted, nobody)
