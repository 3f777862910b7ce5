"""Conditions on conversations that colleagues share: followed, and mentioned in. For use in queries of lists."""

from __future__ import annotations

from sqlalchemy import ColumnElement, select

from app.models import Conversation, Follower, MentionedUser, Message, User


def is_followed(user: User) -> ColumnElement[bool]:
    """Say that a user follows a Conversation."""
    mine = select(Follower.conversation_id).where(Follower.user_id == user.id, ~Follower.is_off)
    return Conversation.id.in_(mine.correlate(None))


def is_mentioned(user: User, *, unseen: bool = False) -> ColumnElement[bool]:
    """Say that a note in a Conversation mentions a user; `unseen`: one that they have not seen."""
    mine = select(Message.conversation_id).join(MentionedUser, MentionedUser.message_id == Message.id)
    mine = mine.where(MentionedUser.user_id == user.id)
    return Conversation.id.in_((mine.where(MentionedUser.seen_at.is_(None)) if unseen else mine).correlate(None))
