"""How sure the model must be, by task; every change is kept with who made it."""

from __future__ import annotations

import math

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from app.errors import Invalid
from app.models import TaskThreshold, User
from app.phrases import phrase
from app.services.labels import CORRECTABLE


def current(session: Session) -> dict[str, float]:
    """Return the thresholds the workspace has set, by task; a task that is not in it keeps the model's own."""
    query = select(TaskThreshold.task, TaskThreshold.threshold)
    query = query.ext(distinct_on(TaskThreshold.task)).order_by(TaskThreshold.task, TaskThreshold.id.desc())
    return {task: threshold for task, threshold in session.execute(query) if threshold is not None}


def put(session: Session, *, task: str, threshold: float | None, actor: User) -> None:
    """Ask for this confidence from the next message on; None goes back to the model's own. Raises Invalid."""
    if task not in CORRECTABLE:
        raise Invalid(phrase("This task has no threshold to set."), field="task")
    if threshold is not None and not (math.isfinite(threshold) and 0 <= threshold <= 1):
        raise Invalid(phrase("A threshold is a number from 0 to 1."), field="threshold")
    if current(session).get(task) == threshold:
        return
    session.add(TaskThreshold(task=task, threshold=threshold, user_id=actor.id))
    session.flush()
