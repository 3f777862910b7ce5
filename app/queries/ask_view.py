"""An Ask with what its answer points at, for the one fragment that shows it. Texts are read when they are shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, String, func, literal, select, union_all
from sqlalchemy.orm import Session, aliased

from app.models import Ask, CannedResponse, Contact, Conversation, KbArticle, Message, User, Visibility
from app.queries._json import InboxIds

LONGEST_TEXT = 6_000
Author = aliased(User)


@dataclass(frozen=True, slots=True)
class Quote:
    """Words of a message; `rest` is what the answer says of them."""

    message_id: UUID
    text: str
    who: str
    is_customer: bool
    is_note: bool
    created_at: datetime
    rest: dict[str, Any]


@dataclass(frozen=True, slots=True)
class SuggestionText:
    """`contact` and `author` are who a past reply was for and of; `place` is where it stands in the answer."""

    place: int
    source: str
    title: str
    text: str
    contact: str
    author: str
    likeness: float
    uses: int
    ended_well: int


def quotes(session: Session, *, ask: Ask, found: Sequence[dict[str, Any]]) -> list[Quote]:
    """Return the words that an answer points at: dicts with `message_id`, `start`, `end` and more."""
    query = (
        select(Message.id, Message.public_id, func.left(Message.text, LONGEST_TEXT).label("text"))
        .add_columns(
            Message.author_id, Message.visibility, Message.created_at, func.coalesce(User.name, Message.sender)
        )
        .outerjoin(User, User.id == Message.author_id)
        .where(Message.conversation_id == ask.conversation_id, Message.id.in_({one["message_id"] for one in found}))
    )
    rows = {row.id: row for row in session.execute(query)}
    return [_quote(rows[one["message_id"]], one) for one in found if one["message_id"] in rows]


def _quote(row: Any, one: dict[str, Any]) -> Quote:
    return Quote(
        message_id=row.public_id,
        text=row.text[one["start"] : one["end"]],
        who=row[6],
        is_customer=row.author_id is None,
        is_note=row.visibility is Visibility.PRIVATE,
        created_at=row.created_at,
        rest=one,
    )


def suggestions(
    session: Session, *, inbox_ids: InboxIds, found: Sequence[dict[str, Any]], canned_text: ColumnElement[str]
) -> list[SuggestionText]:
    """Return the texts that were suggested, as far as they are still there and the user may see them. `canned_text` is
    what to show of a CannedResponse.
    """
    ids = {source: [one["id"] for one in found if one["source"] == source] for source in ("canned", "article", "reply")}
    canned = select(_word("canned"), CannedResponse.id, CannedResponse.title, canned_text, _word(""), _word(""))
    articles = select(_word("article"), KbArticle.id, KbArticle.title, KbArticle.body, _word(""), _word(""))
    replies = (
        select(
            _word("reply"), Message.id, Conversation.subject, Message.text, Contact.name, func.coalesce(Author.name, "")
        )
        .join(Conversation, Conversation.id == Message.conversation_id)
        .join(Contact, Contact.id == Conversation.contact_id)
        .outerjoin(Author, Author.id == Message.author_id)
        .where(Message.id.in_(ids["reply"]), Conversation.inbox_id.in_(inbox_ids))
    )
    both = union_all(
        canned.where(CannedResponse.id.in_(ids["canned"]), CannedResponse.is_archived.is_(False)),
        articles.where(KbArticle.id.in_(ids["article"])),
        replies,
    )
    rows = {(row[0], row[1]): row for row in session.execute(both)}
    return [
        SuggestionText(place, *_texts(rows[one["source"], one["id"]]), one["likeness"], one["uses"], one["ended_well"])
        for place, one in enumerate(found)
        if (one["source"], one["id"]) in rows
    ]


def _texts(row: Any) -> tuple[str, str, str, str, str]:
    return row[0], row[2], row[3][:LONGEST_TEXT], row[4], row[5]


def _word(value: str) -> Any:

    return literal(value, String)
