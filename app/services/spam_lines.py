"""What the line of the timeline keeps that says "marked as spam", so that it can be undone."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import Activity, Conversation, Direction, Message, Status

VERBS = ("conversation.marked_spam", "conversation.caught")
COMES_BACK = {Status.PENDING, Status.RESOLVED}  # what is not open again once it is out of spam


def as_it_is(conversation: Conversation) -> dict[str, Any]:
    """Return what a line has to keep of a conversation that goes to spam."""
    waiting = conversation.waiting_since.isoformat() if conversation.waiting_since else ""
    return {"spam": str(conversation.public_id), "was": conversation.status.value, "waiting": waiting}


def settle(session: Session, conversation: Conversation) -> None:
    """Say in the lines of a conversation that leaves spam that they are undone."""
    conversation.caught_by_id = None
    for line in session.scalars(_lines(conversation)):
        if not line.data.get("is_undone"):
            line.data = {**line.data, "is_undone": True}


def before(session: Session, conversation: Conversation) -> tuple[Status, datetime | None]:
    """Return status and the begin of the wait that a conversation in spam goes back to: open if they wrote since."""
    line = session.scalars(_lines(conversation).order_by(Activity.id.desc()).limit(1)).first()
    since = _written_since(session, conversation, line)
    if since is not None or line is None:
        return Status.OPEN, since
    was, waiting = Status(line.data["was"]), line.data["waiting"]
    return was if was in COMES_BACK else Status.OPEN, datetime.fromisoformat(waiting) if waiting else None


def _lines(conversation: Conversation) -> Any:
    return select(Activity).where(Activity.conversation_id == conversation.id, Activity.verb.in_(VERBS))


def _written_since(session: Session, conversation: Conversation, line: Activity | None) -> datetime | None:
    """Return when the first message came that arrived in spam."""
    query = select(Message.created_at).where(
        Message.conversation_id == conversation.id,
        Message.direction == Direction.INBOUND,
        Message.id > ((line.message_id if line else None) or 0),
    )
    return session.scalars(query.order_by(Message.id).limit(1)).first()
