"""Soft locks: a colleague who is writing a reply has the conversation for the moment; it ends by itself.

Nothing is forbidden. Who writes as well is told before they begin, and asked once before their reply leaves. The lock
is the colleague's shared draft while it is alive; there is no row of its own that could be left behind.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.clock import now
from app.models import Conversation, Draft, DraftKind, ScheduledReply, ScheduledState, User
from app.models.draft import ALIVE


@dataclass(frozen=True, slots=True)
class Holder:
    """A colleague whose reply is on its way: being written since a moment, or scheduled for one (`is_scheduled`).

    `key` is what somebody who was told of it names, to send theirs all the same.
    """

    key: str
    name: str
    at: datetime
    is_scheduled: bool = False


def holders(session: Session, *, conversation: Conversation, user: User, known: Collection[str] = ()) -> list[Holder]:
    """Return the colleagues who are writing a reply now, but those that are `known`; the longest there first."""
    alive = Draft.kind == DraftKind.REPLY, Draft.written_at > now() - ALIVE, func.btrim(Draft.text, " \t\r\n") != ""
    query = (
        select(Draft.public_id, User.name, Draft.writing_since)
        .join(User, User.id == Draft.author_id)
        .where(Draft.conversation_id == conversation.id, Draft.author_id != user.id, *alive)
        .order_by(Draft.writing_since, Draft.id)
    )
    found = [Holder(str(key), name, since) for key, name, since in session.execute(query)]
    return [one for one in found if one.key not in known]


def scheduled(
    session: Session, *, conversation: Conversation, user: User, seen_id: int | None, known: Collection[str] = ()
) -> list[Holder]:
    """Return colleagues' replies that leave later and answer what `seen_id`, the newest message seen, says."""
    if seen_id is None:
        return []
    query = (
        select(ScheduledReply.public_id, func.coalesce(User.name, ""), ScheduledReply.due_at)
        .outerjoin(User, User.id == ScheduledReply.author_id)
        .where(ScheduledReply.conversation_id == conversation.id, ScheduledReply.author_id.is_distinct_from(user.id))
        .where(ScheduledReply.state == ScheduledState.WAITING, ScheduledReply.seen_id >= seen_id)
        .order_by(ScheduledReply.due_at, ScheduledReply.id)
    )
    found = [Holder(str(key), name, due, is_scheduled=True) for key, name, due in session.execute(query)]
    return [one for one in found if one.key not in known]
