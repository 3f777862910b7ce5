"""The cases that a conversation could be added to: those of its contact first, or those found by number or title."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from app.models import Case, CaseConversation, CaseStatus, Contact, Conversation
from app.queries._json import InboxIds
from app.queries.conversation_list import contact_label

MOST = 20
LONGEST_WORD = 100  # characters


@dataclass(frozen=True, slots=True)
class CaseCandidate:
    public_id: UUID
    number: int
    title: str
    status: CaseStatus
    contact_name: str


def candidates(
    session: Session, conversation: Conversation, *, inbox_ids: InboxIds, word: str = ""
) -> Sequence[CaseCandidate]:
    """Read cases that the user may see and that the conversation is not in; without a word the open ones. One query."""
    joined = (CaseConversation.case_id == Case.id) & (Conversation.id == CaseConversation.conversation_id)
    here = (CaseConversation.case_id == Case.id) & (CaseConversation.conversation_id == conversation.id)
    query = (
        select(Case.public_id, Case.number, Case.title, Case.status, contact_label().label("contact_name"))
        .join(Contact, Contact.id == Case.contact_id)
        .where(exists().where(joined, Conversation.inbox_id.in_(inbox_ids)), ~exists().where(here))
    )
    word = word[:LONGEST_WORD].strip()
    number = word.removeprefix("#")
    if not word:
        query = query.where(Case.status != CaseStatus.CLOSED)
    elif number.isascii() and number.isdigit() and len(number) < 19:
        query = query.where(Case.number == int(number))
    else:
        query = query.where(Case.title.icontains(word, autoescape=True))
    order = (Case.contact_id == conversation.contact_id).desc(), Case.number.desc()
    return [CaseCandidate(*row) for row in session.execute(query.order_by(*order).limit(MOST))]
