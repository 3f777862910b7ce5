"""Settings, one canned response: its texts in other languages, and the conversation it is previewed with."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import CannedResponseVariant, Conversation
from app.queries._json import InboxIds


def variants(session: Session, *, canned_id: int) -> list[tuple[str, str]]:
    """Return (language, text) by language."""
    query = select(CannedResponseVariant.language, CannedResponseVariant.text)
    of = query.where(CannedResponseVariant.canned_response_id == canned_id)
    return [(language, text) for language, text in session.execute(of.order_by(CannedResponseVariant.language))]


def conversation(session: Session, *, inbox_ids: InboxIds, number: int | None) -> Conversation | None:
    """Return the conversation of a number in one of the inboxes, without a number the newest; None where none is."""
    query = select(Conversation).where(Conversation.inbox_id.in_(inbox_ids))
    if number is not None:
        query = query.where(Conversation.number == number)
    return session.scalars(query.order_by(Conversation.last_message_at.desc()).limit(1)).one_or_none()
