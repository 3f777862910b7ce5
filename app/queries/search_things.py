"""Contacts, cases and articles that fit a search: how many, and the best of them. One query for all.

Accounts will be one more kind here: a column of FoundWords, a row, and who may see it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Float, cast, exists, func, select, tuple_
from sqlalchemy.orm import Session

from app.models import (
    ArticleState,
    Case,
    CaseConversation,
    Contact,
    ContactIdentity,
    Conversation,
    FoundWords,
    KbArticle,
    Role,
    SearchKind,
    User,
)
from app.queries import text_query
from app.queries._json import AnySelect, InboxIds, json_list, json_object, json_rows
from app.queries.contact_lookup import seen_by
from app.queries.conversation_list import contact_label

MOST = 1_000  # counted of each kind
LONGEST_TEXT = 20_000  # characters that an excerpt is looked for in
KINDS = (SearchKind.CONTACT, SearchKind.CASE, SearchKind.ARTICLE)


@dataclass(frozen=True, slots=True)
class Things:
    """Rows of one kind, best first, as the queries below name their columns; `more` is where the next ones begin."""

    rows: tuple[dict[str, Any], ...] = ()
    count: int = 0
    is_capped: bool = False
    more: str = ""


def find(
    session: Session,
    *,
    written: str,
    user: User,
    inbox_ids: InboxIds,
    rows: Mapping[SearchKind, int],
    after: str = "",
) -> dict[SearchKind, Things]:
    """Return what fits a tsquery, by kind.

    Args:
        written: from text_query.
        user: who asks.
        inbox_ids: what they may see.
        rows: how many of each kind are shown.
        after: `more` of the page before, where one kind is paged.

    """
    columns = []
    for kind in KINDS:
        found = _found(kind, written, user, inbox_ids)
        best = json_rows(_best(kind, found, rows.get(kind, 0) + 1, after if rows.get(kind) else ""))
        columns += [select(func.count()).select_from(found).scalar_subquery(), best]
    told = session.execute(select(*columns)).one()
    return {kind: _things(told[2 * at], told[2 * at + 1], rows.get(kind, 0)) for at, kind in enumerate(KINDS)}


def _things(count: int, found: list[dict[str, Any]], shown: int) -> Things:
    kept = tuple(found[:shown])
    last = kept[-1] if len(found) > shown and kept else None
    more = f"{last['fit']!r}:{last['id']}" if last else ""
    return Things(kept, min(count, MOST), count > MOST, more)


def _found(kind: SearchKind, written: str, user: User, inbox_ids: InboxIds) -> Any:
    """Ask the index alone, then who may see it: never a walk over the table."""
    wanted = text_query.tsquery(written)
    its = getattr(FoundWords, f"{kind.value}_id")
    fit = cast(func.ts_rank(FoundWords.words, wanted, 1), Float(53))
    fits = FoundWords.words.op("@@")(wanted)
    words = select(its.label("id"), fit.label("fit")).where(fits).cte(f"{kind.value}_words").prefix_with("MATERIALIZED")
    query = select(words.c.id, words.c.fit)
    if kind is SearchKind.CONTACT:
        query = query.join(Contact, Contact.id == words.c.id).where(*seen_by(user, inbox_ids))
    elif kind is SearchKind.CASE:
        of = CaseConversation.case_id == words.c.id, Conversation.id == CaseConversation.conversation_id
        query = query.where(words.c.id.is_not(None), exists().where(*of, Conversation.inbox_id.in_(inbox_ids)))
    else:
        query = query.join(KbArticle, KbArticle.id == words.c.id)
        if user.role not in {Role.SUPERVISOR, Role.ADMIN}:
            query = query.where(KbArticle.state == ArticleState.PUBLISHED)
    return query.limit(MOST + 1).subquery()


def _best(kind: SearchKind, found: Any, limit: int, after: str) -> AnySelect:
    query = {SearchKind.CONTACT: _contacts, SearchKind.CASE: _cases, SearchKind.ARTICLE: _articles}[kind](found)
    place = _place(after)
    if place is not None:
        query = query.where(tuple_(found.c.fit, found.c.id) < tuple_(*place))
    return query.order_by(found.c.fit.desc(), found.c.id.desc()).limit(limit)


def _place(after: str) -> tuple[float, int] | None:
    fit, _, id_ = after.partition(":")
    try:
        return float(fit), int(id_)
    except ValueError:
        return None


def _contacts(found: Any) -> AnySelect:
    address = json_object(kind=ContactIdentity.kind, address=ContactIdentity.address)
    of = select(json_list(address, order=ContactIdentity.id)).where(ContactIdentity.contact_id == Contact.id)
    return select(
        found.c.id,
        found.c.fit,
        Contact.public_id,
        contact_label().label("name"),
        func.left(Contact.note, LONGEST_TEXT).label("note"),
        of.correlate(Contact).scalar_subquery().label("addresses"),
        Contact.last_message_at.label("at"),
    ).join(Contact, Contact.id == found.c.id)


def _cases(found: Any) -> AnySelect:
    text = func.left(Case.description, LONGEST_TEXT)
    return select(
        found.c.id,
        found.c.fit,
        Case.public_id,
        Case.number,
        Case.title,
        text.label("about"),
        Case.status,
        Case.priority,
        Case.created_at.label("at"),
    ).join(Case, Case.id == found.c.id)


def _articles(found: Any) -> AnySelect:
    text = func.left(KbArticle.body, LONGEST_TEXT)
    return select(
        found.c.id,
        found.c.fit,
        KbArticle.public_id,
        KbArticle.title,
        text.label("about"),
        KbArticle.state,
        KbArticle.language,
    ).join(KbArticle, KbArticle.id == found.c.id)
