"""The results page of a search: conversations by fit or newest first, and what else fits. At most eight queries.

Fit is ranked among the newest MOST messages that the search finds; "newest first" goes on to the oldest. A page begins
after the row that the page before ended with (keyset): what comes in meanwhile moves nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, func, select, text
from sqlalchemy.orm import Session, aliased

from app.clock import now
from app.models import Channel, Contact, Conversation, Direction, Inbox, Message, SearchKind, Status, User, Visibility
from app.phrases import phrase
from app.queries import search_things, text_query
from app.queries._json import InboxIds
from app.queries.conversation_list import contact_label
from app.queries.search_messages import MOST, Asked, Hit, again_above, asked, hits
from app.queries.search_standing import standing
from app.queries.search_terms import MOST_TERMS, Search, parse
from app.queries.search_things import Things

PAGE, GLANCE = 25, 5  # rows of one kind, and of each where all are shown
LONGEST_TEXT = 20_000  # characters that an excerpt is looked for in
BEST, NEWEST = "best", "newest"
HALF_FIT, HALF_DAYS, OF_AGE = 0.1, 60.0, 0.6  # how fit and age are weighed
TRIES = 3
LONGEST_MILLISECONDS = 4_000  # of one statement
TOO_LONG = phrase("This search takes too long. Add a word, or write more letters before a star.")
Author = aliased(User)


@dataclass(frozen=True, slots=True)
class ConversationFound:
    """A conversation, and the message of it that fits best (none where only operators were asked of it)."""

    public_id: UUID
    number: int
    subject: str
    contact_name: str
    status: Status
    inbox_name: str
    channel_kind: str
    channel_name: str
    text: str
    author_name: str | None
    is_ours: bool
    is_note: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class Conversations:
    rows: tuple[ConversationFound, ...] = ()
    count: int = 0
    is_capped: bool = False
    more: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """`kind` is "all", or the one that is shown alone; `things` has contacts, cases and articles."""

    typed: str
    search: Search
    kind: str = "all"
    order: str = BEST
    conversations: Conversations = Conversations()
    things: dict[SearchKind, Things] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        return not self.conversations.count and not any(things.count for things in self.things.values())


def page(
    session: Session,
    *,
    typed: str,
    user: User,
    inbox_ids: InboxIds,
    kind: str = "all",
    order: str = BEST,
    after: str = "",
) -> Page:
    """Read what a search finds. What cannot be understood finds nothing; its `search.problems` say why.

    Raises sqlalchemy's OperationalError where one statement takes longer than LONGEST_MILLISECONDS.
    """
    search = _understood(typed)
    if search.problems or not search.terms:
        return Page(typed, search, kind, order)
    session.execute(text(f"SET LOCAL statement_timeout = {LONGEST_MILLISECONDS}"))
    wanted = asked(search, user=user, inbox_ids=inbox_ids)
    shown = {"all": GLANCE, SearchKind.MESSAGE: PAGE}.get(kind, 0)
    found = _conversations(session, wanted, order, after if kind == SearchKind.MESSAGE else "", shown)
    things = {}
    if search.words and not search.operators:
        rows = {one: GLANCE if kind == "all" else PAGE for one in search_things.KINDS if kind in {"all", one}}
        things = search_things.find(
            session, written=wanted.written, user=user, inbox_ids=inbox_ids, rows=rows, after=after
        )
    return Page(typed, search, kind, order, found, things)


def _understood(typed: str) -> Search:
    """Read a search, and say what words alone cannot be looked for."""
    search = parse(typed, most_words=MOST_TERMS)
    if search.problems or not search.words:
        return search
    readable = [term for term in search.words if text_query.of_term(term)]
    if not readable:
        word = str(search.words[0].value)[:40]
        return Search(problems=(phrase("“{word}” has no letters or digits to look for.", word=word),))
    if all(term.is_negated for term in readable):
        return Search(problems=(phrase("Say a word to look for beside those that are left out."),))
    return search


def _conversations(session: Session, wanted: Asked, order: str, after: str, shown: int) -> Conversations:
    if not wanted.written:
        found, count, more = standing(session, wanted, after=after, rows=shown)
        return Conversations(_rows(session, found), min(count, MOST), count > MOST, more)
    if order == NEWEST and after.isdecimal() and len(after) < 19:
        return _older(session, wanted, int(after), shown)
    found = hits(session, wanted)
    is_capped = len(found) > MOST
    ids = {hit.conversation_id for hit in found[:MOST]}
    ranked, more = _newest(found[:MOST], shown) if order == NEWEST else _best(found[:MOST], shown, after)
    return Conversations(_rows(session, ranked), len(ids), is_capped, more)


def _newest(found: Iterable[Hit], shown: int) -> tuple[list[Hit], str]:
    firsts: dict[int, Hit] = {}
    for hit in found:
        firsts.setdefault(hit.conversation_id, hit)
    kept = list(firsts.values())
    return kept[:shown], str(kept[shown - 1].message_id) if len(kept) > shown > 0 else ""


def _older(session: Session, wanted: Asked, below: int, shown: int) -> Conversations:
    """Read on below a message; conversations that stood above already are left out."""
    kept: list[Hit] = []
    is_capped = True
    for _ in range(TRIES):
        found = hits(session, wanted, below=below)
        above = again_above(session, wanted, sorted({hit.conversation_id for hit in found}), below)
        kept = [hit for hit in found if hit.conversation_id not in above]
        is_capped = len(found) > MOST
        if kept or not is_capped:
            break
        below = found[-1].message_id
    rows, more = _newest(kept, shown)
    if not more and is_capped and rows:
        more = str(rows[-1].message_id)
    return Conversations(_rows(session, rows), len({hit.conversation_id for hit in kept}), is_capped, more)


def _best(found: Sequence[Hit], shown: int, after: str) -> tuple[list[Hit], str]:
    moment, last = _place(after)
    best: dict[int, tuple[float, Hit]] = {}
    for hit in found:
        score = _score(hit, moment)
        if hit.conversation_id not in best or score > best[hit.conversation_id][0]:
            best[hit.conversation_id] = (score, hit)
    ranked = sorted(((score, id_) for id_, (score, _) in best.items()), reverse=True)
    rest = [one for one in ranked if last is None or one < last]
    kept = rest[:shown]
    more = f"{kept[-1][0]!r}:{kept[-1][1]}:{moment!r}" if len(rest) > shown > 0 else ""
    return [best[id_][1] for _, id_ in kept], more


def _score(hit: Hit, moment: float) -> float:
    """Weigh how well a message fits with how old it is, both from 0 to 1."""
    days = max(0.0, moment - hit.at.timestamp()) / 86_400
    return hit.fit / (hit.fit + HALF_FIT) * (1 - OF_AGE + OF_AGE * HALF_DAYS / (HALF_DAYS + days))


def _place(after: str) -> tuple[float, tuple[float, int] | None]:
    """Return the moment that ages are told from, and the score and conversation that a page begins after."""
    try:
        score, id_, moment = after.split(":")
        return float(moment), (float(score), int(id_))
    except ValueError:
        return now().timestamp(), None


def _rows(session: Session, found: Sequence[Hit]) -> tuple[ConversationFound, ...]:
    """Read rows for the page, in the order of `found`."""
    if not found:
        return ()
    its = and_(Message.conversation_id == Conversation.id, Message.id.in_([hit.message_id for hit in found]))
    query = (
        select(
            Conversation,
            contact_label().label("contact_name"),
            Inbox.name.label("inbox_name"),
            Channel.kind,
            Channel.name.label("channel_name"),
            func.left(Message.text, LONGEST_TEXT).label("text"),
            Message.direction,
            Message.visibility,
            Message.created_at.label("said_at"),
            Author.name.label("author_name"),
        )
        .join(Contact, Contact.id == Conversation.contact_id)
        .join(Inbox, Inbox.id == Conversation.inbox_id)
        .join(Channel, Channel.id == Conversation.channel_id)
        .outerjoin(Message, and_(its, Message.deleted_at.is_(None)))
        .outerjoin(Author, Author.id == Message.author_id)
        .where(Conversation.id.in_([hit.conversation_id for hit in found]))
    )
    by_id = {row.Conversation.id: _row(row) for row in session.execute(query)}
    return tuple(by_id[hit.conversation_id] for hit in found if hit.conversation_id in by_id)


def _row(row: Any) -> ConversationFound:
    of: Conversation = row.Conversation
    return ConversationFound(
        public_id=of.public_id,
        number=of.number,
        subject=of.subject,
        contact_name=row.contact_name,
        status=of.status,
        inbox_name=row.inbox_name,
        channel_kind=row.kind,
        channel_name=row.channel_name,
        text=row.text if row.text is not None else of.preview,
        author_name=row.author_name,
        is_ours=row.direction is Direction.OUTBOUND,
        is_note=row.visibility is Visibility.PRIVATE,
        at=row.said_at or of.last_message_at,
    )
