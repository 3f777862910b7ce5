"""What a user looked for lately: a few searches, for them alone, and nothing that screens hide."""

from __future__ import annotations

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.clock import now
from app.models import RecentSearch, User
from app.personal_data import SENSITIVE, spans

KEPT = 10  # a user
LONGEST = 300  # characters, as a search


def remember(session: Session, *, user: User, typed: str) -> None:
    """Keep a search as the newest; of the oldest ones those beyond KEPT go."""
    typed = " ".join(typed.split())
    if not typed or len(typed) > LONGEST or spans(typed, kinds=SENSITIVE):
        return
    statement = insert(RecentSearch).values(user_id=user.id, query=typed, used_at=now())
    key = [RecentSearch.user_id, RecentSearch.query]
    session.execute(statement.on_conflict_do_update(index_elements=key, set_={"used_at": statement.excluded.used_at}))
    theirs = select(RecentSearch.id).where(RecentSearch.user_id == user.id)
    newest = theirs.order_by(RecentSearch.used_at.desc(), RecentSearch.id.desc()).limit(KEPT)
    session.execute(delete(RecentSearch).where(RecentSearch.user_id == user.id, RecentSearch.id.not_in(newest)))


def forget(session: Session, *, user: User, typed: str = "") -> None:
    """Remove one search, or all of a user's."""
    mine = delete(RecentSearch).where(RecentSearch.user_id == user.id)
    session.execute(mine.where(RecentSearch.query == typed) if typed else mine)
