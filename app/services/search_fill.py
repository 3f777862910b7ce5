"""Fill the index of the search with what was there before it, the newest first, a portion a transaction.

The same look also finds what somebody wrote without telling the search (an older process during an update): among the
newest rows, those without words are done again and again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.models import Case, Contact, FoundWords, KbArticle, Message, MessageWords, SearchKind, SearchProgress
from app.services import search_index

AT_ONCE = 200  # rows a transaction
LOOKED_AT = 1_000  # of the newest ids, for rows that slipped through
Write = Callable[[Session, Collection[int]], None]


def next_portion(session: Session) -> bool:
    """Do a portion of the first kind that is not complete; return whether there may be more to do."""
    for kind in SearchKind:
        missed = _missed(session, kind)
        if missed:
            WRITERS[kind](session, missed)
            return True
        if _go_back(session, kind):
            return True
    return False


def is_due(session: Session) -> bool:
    """Say whether there is anything to fill in."""
    done = {row.kind for row in session.scalars(select(SearchProgress)) if row.oldest <= 1}
    return any(kind not in done or _missed(session, kind) for kind in SearchKind)


def start_again(session: Session) -> None:
    """Have all be read anew: what is hidden has changed."""
    session.execute(delete(SearchProgress))


def write_all(session: Session) -> None:
    """Do everything at once: for small workspaces that were written straight into the tables."""
    while next_portion(session):
        session.flush()


def _go_back(session: Session, kind: SearchKind) -> bool:
    """Write the rows below those that were done; return whether there were any."""
    column = ROWS[kind]
    newest = select(func.coalesce(func.max(column), 0)).scalar_subquery()
    start = insert(SearchProgress).values(kind=kind, newest=newest, oldest=newest + 1)
    session.execute(start.on_conflict_do_nothing())
    row = session.get_one(SearchProgress, kind, with_for_update={"skip_locked": False}, populate_existing=True)
    if row.oldest <= 1:
        return False
    ids = list(session.scalars(select(column).where(column < row.oldest).order_by(column.desc()).limit(AT_ONCE)))
    if ids:
        WRITERS[kind](session, ids)
    row.oldest = min(ids, default=1) if len(ids) == AT_ONCE else 1
    return bool(ids)


def _missed(session: Session, kind: SearchKind) -> Sequence[int]:
    column = ROWS[kind]
    newest = select(func.max(column) - LOOKED_AT).scalar_subquery()
    return session.scalars(_without_words(kind, column).where(column > newest).order_by(column).limit(AT_ONCE)).all()


def _without_words(kind: SearchKind, column: InstrumentedAttribute[int]) -> Select[int]:
    has_words: ColumnElement[bool]
    if kind is SearchKind.MESSAGE:
        has_words = select(MessageWords.message_id).where(MessageWords.message_id == column).exists()
        return select(column).where(~has_words, Message.deleted_at.is_(None))
    its = getattr(FoundWords, f"{kind.value}_id")
    return select(column).where(~select(its).where(its == column).exists())


def _messages(session: Session, ids: Collection[int]) -> None:
    """Write words of messages that nobody changes meanwhile: who is at it is waited for."""
    query = select(Message).where(Message.id.in_(ids)).order_by(Message.id)
    rows = session.scalars(query.with_for_update(read=True), execution_options={"populate_existing": True}).all()
    search_index.messages(session, rows)


def _contacts(session: Session, ids: Collection[int]) -> None:
    query: Any = select(Contact.id).where(Contact.id.in_(ids)).order_by(Contact.id).with_for_update(read=True)
    search_index.contacts(session, session.scalars(query).all())


ROWS: dict[SearchKind, InstrumentedAttribute[int]] = {
    SearchKind.MESSAGE: Message.id,
    SearchKind.CONTACT: Contact.id,
    SearchKind.CASE: Case.id,
    SearchKind.ARTICLE: KbArticle.id,
}
WRITERS: dict[SearchKind, Write] = {
    SearchKind.MESSAGE: _messages,
    SearchKind.CONTACT: _contacts,
    SearchKind.CASE: search_index.cases,
    SearchKind.ARTICLE: search_index.articles,
}
