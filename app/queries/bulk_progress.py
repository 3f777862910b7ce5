"""How far what was done to many conversations has come, for who did it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from app.clock import now
from app.models import BulkAction, BulkItem, BulkItemState, BulkState, User

SHOWN_FOR = timedelta(minutes=30)  # after its end, until it is put away


@dataclass(frozen=True, slots=True)
class Progress:
    """`counts` says how many conversations are in each state."""

    id: str
    verb: str
    value: dict[str, Any]
    state: BulkState
    total: int
    counts: dict[str, int]

    def of(self, *states: str) -> int:
        return sum(self.counts.get(state, 0) for state in states)

    @property
    def is_running(self) -> bool:
        return self.state in {BulkState.RUNNING, BulkState.UNDOING}

    @property
    def to_do(self) -> int:
        """How many there are to go through: all, or what was done and is undone now."""
        return self.of("done", "restored", "kept") if self.state is BulkState.UNDOING else self.total

    @property
    def gone_through(self) -> int:
        left = BulkItemState.DONE if self.state is BulkState.UNDOING else BulkItemState.WAITING
        return self.to_do - self.of(left.value)


def newest(session: Session, *, user: User) -> Progress | None:
    """Read what a user did last, while it runs and for a while after. One query."""
    recent = or_(BulkAction.finished_at.is_(None), BulkAction.finished_at > now() - SHOWN_FOR)
    shown = (BulkAction.user_id == user.id, BulkAction.is_dismissed.is_(False), recent)
    last = select(BulkAction.id).where(*shown).order_by(BulkAction.id.desc()).limit(1).scalar_subquery()
    counted = select(BulkItem.state, func.count().label("many")).where(BulkItem.bulk_id == last)
    items = counted.group_by(BulkItem.state).subquery()
    query = select(BulkAction, items.c.state, items.c.many).where(BulkAction.id == last)
    rows = session.execute(query.outerjoin(items, items.c.state.is_not(None))).all()
    if not rows:
        return None
    bulk: BulkAction = rows[0][0]
    counts = {row.state.value: row.many for row in rows if row.state}
    return Progress(str(bulk.public_id), bulk.verb, bulk.value, bulk.state, bulk.total, counts)
