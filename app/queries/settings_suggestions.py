"""Settings: canned responses and articles, with how often each was taken."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, cast, func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import Session

from app.models import (
    ArticleState,
    CannedResponse,
    CannedResponseUse,
    CannedResponseVariant,
    Inbox,
    KbArticle,
    SuggestionUse,
    Team,
)


@dataclass(frozen=True, slots=True)
class CannedRow:
    """`place` names the inbox or team it is kept to, "" for everywhere; `languages` are those of its other texts."""

    public_id: UUID
    shortcut: str
    title: str
    text: str
    language: str
    is_archived: bool
    place: str
    is_own: bool
    languages: list[str]
    uses: int


@dataclass(frozen=True, slots=True)
class ArticleRow:
    public_id: UUID
    title: str
    beginning: str
    language: str
    is_published: bool
    uses: int


def canned_responses(session: Session, *, seen: ColumnElement[bool]) -> list[CannedRow]:
    """Return those that fulfil a condition, one's own first, by their shortcuts; the archived ones last."""
    use, variant = CannedResponseUse, CannedResponseVariant
    suggested = select(func.count(SuggestionUse.id)).where(SuggestionUse.canned_response_id == CannedResponse.id)
    typed = select(func.coalesce(func.sum(use.uses), 0)).where(use.canned_response_id == CannedResponse.id)
    languages = select(func.array_agg(aggregate_order_by(variant.language, variant.language)))
    languages = languages.where(variant.canned_response_id == CannedResponse.id)
    query = (
        select(
            CannedResponse.public_id,
            CannedResponse.shortcut,
            CannedResponse.title,
            func.left(CannedResponse.text, 300),
            CannedResponse.language,
            CannedResponse.is_archived,
            func.coalesce(Inbox.name, Team.name, ""),
            CannedResponse.owner_id.is_not(None),
            func.coalesce(languages.scalar_subquery(), []),
            cast(suggested.scalar_subquery() + typed.scalar_subquery(), BigInteger),
        )
        .outerjoin(Inbox, Inbox.id == CannedResponse.inbox_id)
        .outerjoin(Team, Team.id == CannedResponse.team_id)
        .where(seen)
        .order_by(CannedResponse.is_archived, CannedResponse.owner_id.nulls_last(), func.lower(CannedResponse.shortcut))
    )
    return [CannedRow(*row) for row in session.execute(query)]


def articles(session: Session) -> list[ArticleRow]:
    uses = select(func.count(SuggestionUse.id)).where(SuggestionUse.kb_article_id == KbArticle.id)
    query = select(
        KbArticle.public_id,
        KbArticle.title,
        func.left(KbArticle.body, 300),
        KbArticle.language,
        KbArticle.state == ArticleState.PUBLISHED,
        uses.scalar_subquery(),
    ).order_by(func.lower(KbArticle.title), KbArticle.id)
    return [ArticleRow(*row) for row in session.execute(query)]
