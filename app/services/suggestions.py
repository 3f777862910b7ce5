"""What can be suggested: read by the model once a version, and remembered when an agent takes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, exists, insert, select
from sqlalchemy.orm import Session

from app import outbox
from app.errors import NotFound
from app.events import SuggestionChanged
from app.models import Ask, CannedResponse, Conversation, KbArticle, Message, SuggestionEmbedding, SuggestionUse
from app.services.suggestion_rank import ARTICLE, CANNED, REPLY

PIECE, MOST_PIECES = 1_000, 8  # characters of an article that are read together, and how many such pieces
COLUMN = {CANNED: "canned_response_id", ARTICLE: "kb_article_id", REPLY: "reply_id"}
KINDS: dict[str, type[CannedResponse | KbArticle | Message]] = {
    CANNED: CannedResponse,
    ARTICLE: KbArticle,
    REPLY: Message,
}


@dataclass(frozen=True, slots=True)
class Unread:
    """A text that the model in use has not read yet, in pieces."""

    source: str
    id: int
    version: int
    pieces: tuple[str, ...]


def unread(session: Session, *, model_version: str, limit: int) -> list[Unread]:
    """Return texts that are new, were changed, or were read by another model."""
    canned = select(CannedResponse).where(
        CannedResponse.is_archived.is_(False),
        ~_is_read(CannedResponse, SuggestionEmbedding.canned_response_id, model_version),
    )
    articles = select(KbArticle).where(~_is_read(KbArticle, SuggestionEmbedding.kb_article_id, model_version))
    found = [
        Unread(CANNED, row.id, row.version, (f"{row.title}\n{row.text}"[:PIECE],))
        for row in session.scalars(canned.order_by(CannedResponse.id).limit(limit))
    ]
    left = limit - len(found)
    found += [
        Unread(ARTICLE, row.id, row.version, _pieces(row.title, row.body))
        for row in session.scalars(articles.order_by(KbArticle.id).limit(left))
    ]
    return found


def keep_read(
    session: Session, *, read: Sequence[Unread], points: Mapping[str, Sequence[float]], model_version: str
) -> None:
    """Store the embeddings of texts, by piece; one that changed meanwhile is read again."""
    for text in read:
        column = getattr(SuggestionEmbedding, COLUMN[text.source])
        session.execute(delete(SuggestionEmbedding).where(column == text.id))
        kind = CannedResponse if text.source == CANNED else KbArticle
        if session.scalar(select(kind.id).where(kind.id == text.id).with_for_update(key_share=True)) is None:
            continue
        rows = [
            {
                COLUMN[text.source]: text.id,
                "piece": number,
                "source_version": text.version,
                "model_version": model_version,
                "embedding": list(points[piece]),
            }
            for number, piece in enumerate(text.pieces)
            if len(points[piece])
        ]
        if rows:
            session.execute(insert(SuggestionEmbedding), rows)


def ask_for_reading(session: Session, *, unread: Unread) -> None:
    """Have the rest of what is unread read in the background."""
    outbox.record(session, SuggestionChanged(suggestion_id=unread.id))


def record_use(session: Session, *, ask: Ask, place: int) -> None:
    """Remember that who asked took the suggestion at a place of the answer. Raises NotFound."""
    answer: dict[str, Any] = ask.answer or {}
    items, message_id = answer.get("items", []), answer.get("message_id")
    if not 0 <= place < len(items) or message_id is None:
        raise NotFound
    item = items[place]
    if session.get(KINDS[item["source"]], item["id"]) is None:  # deleted since it was suggested
        raise NotFound
    conversation = session.get_one(Conversation, ask.conversation_id)
    session.add(
        SuggestionUse(
            user_id=ask.user_id,
            conversation_id=ask.conversation_id,
            message_id=message_id,
            mood_before=conversation.mood,
            **{COLUMN[item["source"]]: item["id"]},
        )
    )


def _is_read(kind: Any, column: Any, model_version: str) -> Any:
    return exists().where(
        column == kind.id,
        SuggestionEmbedding.source_version == kind.version,
        SuggestionEmbedding.model_version == model_version,
    )


def _pieces(title: str, body: str) -> tuple[str, ...]:
    """Cut an article at blank lines into pieces to be read; each begins with the title."""
    pieces, piece = [], ""
    for paragraph in body.split("\n\n"):
        if piece and len(piece) + len(paragraph) > PIECE:
            pieces.append(piece)
            piece = ""
        piece += paragraph[:PIECE] + "\n"
    return tuple(f"{title}\n{piece}"[: PIECE + 200] for piece in [*pieces, piece][:MOST_PIECES])
