"""Followers of a conversation: told of what is said in it, though it is not theirs.

Who is mentioned follows, and who writes a note, unless they said that they do not want to.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.models import Conversation, Follower, User
from app.services.changes import conversation_changed


def follow(session: Session, *, conversation: Conversation, user: User) -> None:
    """Let a user follow a conversation because they want to; the conversation is locked."""
    _set(session, conversation, user, is_off=False)


def unfollow(session: Session, *, conversation: Conversation, user: User) -> None:
    """Let a user follow it no more, and not again by a note of theirs; the conversation is locked."""
    _set(session, conversation, user, is_off=True)


def add(session: Session, *, conversation: Conversation, user_ids: Iterable[int], anew: bool = False) -> None:
    """Let users follow because of what was written; `anew`: also those who left it (they were mentioned)."""
    rows = [{"conversation_id": conversation.id, "user_id": one} for one in sorted(set(user_ids))]
    if not rows:
        return
    key = [Follower.conversation_id, Follower.user_id]
    statement = insert(Follower).values(rows)
    if anew:
        session.execute(statement.on_conflict_do_update(index_elements=key, set_={"is_off": False}))
    else:
        session.execute(statement.on_conflict_do_nothing(index_elements=key))


def ids(session: Session, *, conversation: Conversation) -> set[int]:
    """Return the ids of the users who follow a conversation."""
    query = select(Follower.user_id).where(Follower.conversation_id == conversation.id, ~Follower.is_off)
    return set(session.scalars(query))


def _set(session: Session, conversation: Conversation, user: User, *, is_off: bool) -> None:
    row = insert(Follower).values(conversation_id=conversation.id, user_id=user.id, is_off=is_off)
    key = [Follower.conversation_id, Follower.user_id]
    session.execute(row.on_conflict_do_update(index_elements=key, set_={"is_off": is_off}))
    conversation_changed(session, conversation)
