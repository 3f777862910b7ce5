"""Mark a conversation as spam, and take it out again. The conversation is locked by the caller."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.models import Conversation, Status, User
from app.services import conversations, spam_lines


def mark(session: Session, *, conversation: Conversation, actor: User) -> None:
    """Put it into spam: in no list but that one, unanswered, until somebody takes it out."""
    conversations.set_status(session, conversation=conversation, actor=actor, status=Status.SPAM)


def unmark(session: Session, *, conversation: Conversation, actor: User) -> None:
    """Put it back to where it was before; what was written to meanwhile is open and waits."""
    if conversation.status is not Status.SPAM:
        return
    status, waiting = spam_lines.before(session, conversation)
    conversations.set_status(session, conversation=conversation, actor=actor, status=status)
    conversation.waiting_since = waiting
