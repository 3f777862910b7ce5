"""Which conversations a user may still see, of those that a browser keeps. One query."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import Conversation
from app.queries._json import InboxIds

MOST = 50  # conversations asked about at once


def still_seen(session: Session, *, public_ids: Sequence[UUID], inbox_ids: InboxIds) -> tuple[UUID, ...]:
    """Return those of `public_ids` that exist in these inboxes and were not merged into another."""
    if not public_ids:
        return ()
    query = select(Conversation.public_id).where(
        Conversation.public_id.in_(public_ids[:MOST]),
        Conversation.inbox_id.in_(inbox_ids),
        Conversation.merged_into_id.is_(None),
    )
    return tuple(session.scalars(query))
