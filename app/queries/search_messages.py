"""Which messages a search finds: the newest MOST that fit, with how well; only of inboxes that the user may see.

Words must all stand in one message (its subject, its new words, its form fields and file names), or name its customer.
Operators ask of its conversation; dates, recipients and files of the message itself. Where operators leave few
conversations their messages are read; else the function messages_with walks the index of words, newest first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import ARRAY, BigInteger, ColumnElement, func, null, select
from sqlalchemy import cast as as_type
from sqlalchemy.orm import Session

from app.models import Conversation, Inbox, Message, MessageWords, User
from app.queries import conversation_search, text_query
from app.queries._json import AnySelect, InboxIds
from app.queries.search_terms import Search, Term

MOST = 1_000  # messages that are ranked and counted
FEW = 2_000  # conversations that are looked through by themselves
MOST_PEOPLE = 200  # of one name
LOOKED_AT = (8_000, 60_000)  # messages with the words, where operators leave many conversations
OF_MESSAGE = {"before", "after", "to"}
MARKED = {"attachment": "'~has.attachment'", "note": "'~has.note'"}
NAME_FITS = 0.3  # how well a message fits whose customer was named


@dataclass(frozen=True, slots=True)
class Hit:
    """`fit` says how well a message fits, from 0 on."""

    message_id: int
    conversation_id: int
    at: datetime
    fit: float


@dataclass(frozen=True, slots=True)
class Asked:
    """A search, ready to be run: `written` is its tsquery, "" without words."""

    search: Search
    user: User
    inbox_ids: InboxIds
    written: str
    of_message: tuple[ColumnElement[bool], ...]
    of_conversation: tuple[ColumnElement[bool], ...]


def asked(search: Search, *, user: User, inbox_ids: InboxIds) -> Asked:
    """Tell what a search asks of messages from what it asks of conversations."""
    own = [term for term in search.operators if _is_of_message(term)]
    rest = Search(tuple(term for term in search.operators if term not in own))
    written = text_query.all_of(search.words, [_mark(term) for term in own]) if search.words else ""
    if not search.words:
        rest, own = Search(search.operators), []
    return Asked(
        search=search,
        user=user,
        inbox_ids=inbox_ids,
        written=written,
        of_message=tuple(_date(term) for term in own if term.name in {"before", "after"}),
        of_conversation=tuple(conversation_search.standing(rest, user)),
    )


def hits(session: Session, asked: Asked, *, below: int | None = None) -> list[Hit]:
    """Return the newest messages that fit, at most MOST + 1, newest first. `below`: only ids below.

    Two to five queries.
    """
    few = _few_conversations(session, asked) if asked.of_conversation else None
    if few is not None:
        found = _read(session, _of_conversations(asked, few, below))
    elif asked.of_conversation or asked.of_message:
        found = _looked_through(session, asked, below)
    else:
        found = _read(session, _by_words(asked, below, MOST + 1))
    named = _of_named_people(session, asked, few, below)
    together = {hit.message_id: hit for hit in (*named, *found)}
    return sorted(together.values(), key=lambda hit: -hit.message_id)[: MOST + 1]


def again_above(session: Session, asked: Asked, conversation_ids: Sequence[int], above: int) -> set[int]:
    """Return those of some conversations that have a fitting message from `above` (an id) on too."""
    fits = MessageWords.words.op("@@")(text_query.tsquery(asked.written))
    query = select(Message.conversation_id).join(MessageWords, MessageWords.message_id == Message.id)
    query = query.where(Message.conversation_id.in_(conversation_ids), Message.id >= above, fits, *asked.of_message)
    return set(session.scalars(query.distinct()))


def _is_of_message(term: Term) -> bool:
    return not term.is_negated and (term.name in OF_MESSAGE or (term.name == "has" and term.value in MARKED))


def _mark(term: Term) -> str:
    if term.name == "to":
        return text_query.sent_to(str(term.value))
    if term.name == "has":
        return MARKED[str(term.value)]
    moment = conversation_search.moment_of(term)
    return text_query.until(moment) if term.name == "before" else text_query.since(moment)


def _date(term: Term) -> ColumnElement[bool]:
    moment = conversation_search.moment_of(term)
    return Message.created_at < moment if term.name == "before" else Message.created_at >= moment


def _few_conversations(session: Session, asked: Asked) -> list[int] | None:
    """Return the conversations that the operators leave; None where they are many."""
    query = select(Conversation.id).where(Conversation.inbox_id.in_(asked.inbox_ids), *asked.of_conversation)
    ids = list(session.scalars(query.limit(FEW + 1)))
    return ids if len(ids) <= FEW else None


def _looked_through(session: Session, asked: Asked, below: int | None) -> list[Hit]:
    found: list[Hit] = []
    for most in LOOKED_AT:
        query = _by_words(asked, below, most).join(Conversation, Conversation.id == Message.conversation_id)
        found = _read(session, query.where(*asked.of_conversation, *asked.of_message).limit(MOST + 1))
        if len(found) > MOST:
            break
    return found


def _by_words(asked: Asked, below: int | None, most: int) -> AnySelect:
    wanted = text_query.tsquery(asked.written)
    called = func.messages_with(wanted, _inboxes(asked), as_type(below, BigInteger), most)
    walked = called.table_valued("id").render_derived(name="found")
    found = walked.c.id
    query = select(Message.id, Message.conversation_id, Message.created_at, _fit(wanted))
    query = query.select_from(walked).join(Message, Message.id == found)
    query = query.join(MessageWords, MessageWords.message_id == found).where(Message.deleted_at.is_(None))
    return query.order_by(Message.id.desc())


def _of_conversations(asked: Asked, ids: Sequence[int], below: int | None) -> AnySelect:
    query = _all_of(asked.written, below).where(Message.conversation_id.in_(ids), *asked.of_message)
    return query.order_by(Message.id.desc()).limit(MOST + 1)


def _of_named_people(session: Session, asked: Asked, few: Sequence[int] | None, below: int | None) -> list[Hit]:
    """Find messages of customers whom some of the words name, with the other words in them."""
    wanted = [term for term in asked.search.words if not term.is_negated]
    people = {term: ids for term, ids in zip(wanted, _people(session, wanted), strict=True) if ids}
    everybody = set.intersection(*people.values()) if people else set()
    if not everybody:
        return []
    rest = [term for term in asked.search.words if term not in people]
    marks = [_mark(term) for term in asked.search.operators if _is_of_message(term)]
    query = _all_of(text_query.all_of(rest, marks), below)
    query = query.join(Conversation, Conversation.id == Message.conversation_id)
    query = query.where(Message.contact_id.in_(everybody), Conversation.inbox_id.in_(asked.inbox_ids))
    query = query.where(*asked.of_message, *([Message.conversation_id.in_(few)] if few is not None else []))
    query = query.where(*(asked.of_conversation if few is None else ()))
    found = _read(session, query.order_by(Message.id.desc()).limit(MOST + 1))
    return [Hit(hit.message_id, hit.conversation_id, hit.at, hit.fit + NAME_FITS) for hit in found]


def _people(session: Session, terms: Sequence[Term]) -> list[set[int]]:
    """Return whom each word names; nobody where it names too many to mean one. One query."""
    asked = [text_query.of_term(term) for term in terms]
    if not any(asked):
        return [set() for _ in terms]
    columns = [
        select(func.array_agg(conversation_search.called(one, MOST_PEOPLE + 1).subquery().c[0])).scalar_subquery()
        for one in asked
        if one
    ]
    told = iter(session.execute(select(*columns)).one())
    found = [set(next(told) or ()) if one else set() for one in asked]
    return [ids if len(ids) <= MOST_PEOPLE else set() for ids in found]


def _all_of(written: str, below: int | None) -> AnySelect:
    """Read messages that fit; all, where nothing is written."""
    wanted = text_query.tsquery(written)
    fit = _fit(wanted) if written else as_type(0, MessageWords.message_id.type)
    query = select(Message.id, Message.conversation_id, Message.created_at, fit)
    query = query.join(MessageWords, MessageWords.message_id == Message.id).where(Message.deleted_at.is_(None))
    if written:
        query = query.where(MessageWords.words.op("@@")(wanted))
    return query if below is None else query.where(Message.id < below)


def _fit(wanted: ColumnElement[str]) -> ColumnElement[float]:
    return func.ts_rank(MessageWords.words, wanted, 1)


def _inboxes(asked: Asked) -> ColumnElement[Any]:
    """Return the inboxes as a value; null for admins, who see all: their search need not ask."""
    if asked.user.is_admin:
        return cast("ColumnElement[Any]", as_type(null(), ARRAY(BigInteger)))
    ids = select(Inbox.id).where(Inbox.id.in_(asked.inbox_ids))
    return func.array(ids.scalar_subquery(), type_=ARRAY(BigInteger))


def _read(session: Session, query: AnySelect) -> list[Hit]:
    return [Hit(*row) for row in session.execute(query)]
