"""A search without words: conversations that its operators leave, those with the newest messages first."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session

from app.models import Conversation
from app.queries._json import AnySelect
from app.queries.search_messages import MOST, Asked, Hit


def standing(session: Session, asked: Asked, *, after: str, rows: int) -> tuple[list[Hit], int, str]:
    """Return rows, how many there are (up to MOST + 1), and where the next page begins. Two queries."""
    where = Conversation.inbox_id.in_(asked.inbox_ids), *asked.of_conversation
    counted = select(Conversation.id).where(*where).limit(MOST + 1).subquery()
    count = session.scalar(select(func.count()).select_from(counted)) or 0
    order = Conversation.last_message_at, Conversation.id
    query: AnySelect = select(Conversation.id, Conversation.last_message_id, Conversation.last_message_at).where(*where)
    place = _place(after)
    if place is not None:
        query = query.where(tuple_(*order) < tuple_(*place))
    found = session.execute(query.order_by(*(column.desc() for column in order)).limit(rows + 1)).all()
    kept = [Hit(row.last_message_id or 0, row.id, row.last_message_at, 1.0) for row in found[:rows]]
    more = f"{kept[-1].at.isoformat()}~{kept[-1].conversation_id}" if len(found) > rows and kept else ""
    return kept, count, more


def _place(after: str) -> tuple[datetime, int] | None:
    moment, _, id_ = after.partition("~")
    try:
        place = datetime.fromisoformat(moment), int(id_)
    except ValueError:
        return None
    return place if place[0].tzinfo else None
