"""Who follows a conversation: a part of the conversation's query."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, select

from app.models import Conversation, Follower, User
from app.queries._json import json_list, json_object

MOST = 50


@dataclass(frozen=True, slots=True)
class FollowerLine:
    """`id` is the public id of the user."""

    id: str
    name: str


@cache
def of_conversation() -> ColumnElement[Any]:
    """Return the JSON of the active users who follow a conversation, by name."""
    lines = (
        select(json_object(id=User.public_id, name=User.name).label("line"), User.name, User.id)
        .join(Follower, Follower.user_id == User.id)
        .where(Follower.conversation_id == Conversation.id, ~Follower.is_off, User.is_active)
        .order_by(User.name, User.id)
        .limit(MOST)
        .correlate(Conversation)
        .subquery()
    )
    return select(json_list(lines.c.line, order=lines.c.name)).scalar_subquery()


def read(told: list[dict[str, Any]]) -> tuple[FollowerLine, ...]:
    """Read what `of_conversation` selected."""
    return tuple(FollowerLine(**one) for one in told)
