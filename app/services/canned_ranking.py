"""Which canned responses come first while somebody types after a slash, and the uses that this is learned from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.clock import now
from app.errors import Invalid
from app.models import CannedResponse, CannedResponseUse, Conversation, User
from app.services import canned_responses, liquid_texts

SHOWN = 8
RECENT = timedelta(days=14)
LONGEST_SEARCH = 80  # characters


@dataclass(frozen=True, slots=True)
class Candidate:
    """`text` is as it stands in the conversation's language, its variables not filled. `for_intent`: how often anybody
    used it where the customer wanted the same; `mine_at`: when this user did last.
    """

    public_id: UUID
    shortcut: str
    title: str
    text: str
    uses: int = 0
    for_intent: int = 0
    mine_at: datetime | None = None


def search(session: Session, *, conversation: Conversation, user: User, typed: str) -> list[Candidate]:
    """Return what a user may use in a conversation and what fits what they typed, best first, at most SHOWN."""
    return ranked(_offered(session, conversation, user), typed)[:SHOWN]


def ranked(candidates: Sequence[Candidate], typed: str) -> list[Candidate]:
    """Leave those in which every word of a search occurs, and put the best first.

    The exact shortcut is first. Then come those that the words begin (shortcut or title), before those that merely hold
    them; among these what was used for this intent most often, then what this user used of late, then by the shortcut.
    """
    words = typed.casefold()[:LONGEST_SEARCH].split()
    fitting = [one for one in candidates if _fits(one, words)]
    since = now() - RECENT
    return sorted(fitting, key=lambda one: (_place(one, words), -one.for_intent, *_recency(one, since), one.shortcut))


def record_use(session: Session, *, canned: CannedResponse, conversation: Conversation, user: User) -> None:
    """Count that a user put a canned response into a draft, for what the customer wants there."""
    key = {"canned_response_id": canned.id, "user_id": user.id, "intent": conversation.intent or ""}
    statement = insert(CannedResponseUse).values(**key, uses=1, last_used_at=now())
    again = {"uses": CannedResponseUse.uses + 1, "last_used_at": statement.excluded.last_used_at}
    session.execute(statement.on_conflict_do_update(index_elements=list(key), set_=again))


def _offered(session: Session, conversation: Conversation, user: User) -> list[Candidate]:
    use = CannedResponseUse
    known = use.intent == (conversation.intent or "") if conversation.intent else use.intent.is_(None)
    used = (
        select(
            use.canned_response_id.label("id"),
            func.sum(use.uses).label("uses"),
            func.coalesce(func.sum(use.uses).filter(known), 0).label("for_intent"),
            func.max(use.last_used_at).filter(use.user_id == user.id).label("mine_at"),
        )
        .group_by(use.canned_response_id)
        .subquery()
    )
    query = (
        select(
            CannedResponse.public_id,
            CannedResponse.shortcut,
            CannedResponse.title,
            canned_responses.in_language(conversation.language),
            func.coalesce(used.c.uses, 0),
            func.coalesce(used.c.for_intent, 0),
            used.c.mine_at,
        )
        .outerjoin(used, used.c.id == CannedResponse.id)
        .where(canned_responses.offered_in(conversation, user))
        .order_by(func.lower(CannedResponse.shortcut), CannedResponse.id)
        .limit(canned_responses.MOST)
    )
    rows = session.execute(query)
    return [
        Candidate(id_, shortcut, title, text, int(uses), int(for_intent), mine_at)
        for id_, shortcut, title, text, uses, for_intent, mine_at in rows
    ]


def _fits(one: Candidate, words: Sequence[str]) -> bool:
    if not words:
        return True
    searched = f"{one.shortcut} {one.title} {one.text}".casefold()
    return all(word in searched for word in words)


def _place(one: Candidate, words: Sequence[str]) -> int:
    """Return 0 for the exact shortcut, 1 for what a search begins, 2 for the rest."""
    if not words:
        return 1
    if words == [one.shortcut.casefold()]:
        return 0
    begins = one.shortcut.casefold().startswith(words[0]) or one.title.casefold().startswith(" ".join(words))
    return 1 if begins else 2


def _recency(one: Candidate, since: datetime) -> tuple[bool, float]:
    is_recent = one.mine_at is not None and one.mine_at >= since
    return not is_recent, -one.mine_at.timestamp() if is_recent and one.mine_at else 0.0


def excerpt(candidate: Candidate, values: dict[str, str], *, most: int = 160) -> str:
    """Return how a candidate begins with its variables filled; as it is written where it cannot be read any more."""
    try:
        return liquid_texts.render(candidate.text, values)[:most]
    except Invalid:
        return candidate.text[:most]
