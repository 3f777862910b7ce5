"""How much people have to do already, for whoever hands a conversation over. One query."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.models import Conversation, Status, User
from app.queries._json import InboxIds


@dataclass(frozen=True, slots=True)
class Workload:
    """`open` counts the open conversations of a user, in the inboxes of who asks."""

    is_accepting: bool
    open: int


def workloads(session: Session, *, user_ids: Collection[int], inbox_ids: InboxIds) -> dict[int, Workload]:
    """Return the workload of users by their ids."""
    theirs = select(func.count()).where(
        Conversation.assignee_id == User.id, Conversation.status == Status.OPEN, Conversation.inbox_id.in_(inbox_ids)
    )
    query = select(User.id, User.is_accepting, theirs.correlate(User).scalar_subquery()).where(User.id.in_(user_ids))
    return {id_: Workload(takes, many) for id_, takes, many in session.execute(query)}
