"""What stands beside a search: what the user looked for lately, and how far back messages can be found. One query."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.models import Message, RecentSearch, SearchKind, SearchProgress, User
from app.queries._json import json_list

RECENT = 10


@dataclass(frozen=True, slots=True)
class Beside:
    """`is_filling`: messages that are older than `back_to` (None: all) cannot be found yet."""

    recent: tuple[str, ...] = ()
    is_filling: bool = False
    back_to: datetime | None = None


def beside(session: Session, *, user: User) -> Beside:
    """Read both."""
    mine = select(RecentSearch.query, RecentSearch.used_at).where(RecentSearch.user_id == user.id)
    newest = mine.order_by(RecentSearch.used_at.desc()).limit(RECENT).subquery()
    recent = select(json_list(newest.c.query, order=newest.c.used_at.desc())).scalar_subquery()
    done = select(SearchProgress.oldest).where(SearchProgress.kind == SearchKind.MESSAGE).scalar_subquery()
    oldest = select(func.min(Message.id)).scalar_subquery()
    since = select(Message.created_at).where(Message.id >= done).order_by(Message.id).limit(1).scalar_subquery()
    told, done_to, first, back_to = session.execute(select(recent, done, oldest, since)).one()
    is_filling = first is not None and (done_to is None or done_to > max(first, 1))
    return Beside(tuple(told), is_filling, back_to if is_filling and done_to is not None else None)
