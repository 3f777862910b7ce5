"""Settings: canned responses and articles, with how often each was taken."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.models import ArticleState, CannedResponse, Inbox, KbArticle, SuggestionUse, Team


@dataclass(frozen=True, slots=True)
class CannedRow:
    """`place` names the inbox or team it is kept to, "" for everywhere."""

    public_id: UUID
    shortcut: str
    title: str
    text: str
    language: str
    is_archived: bool
    place: str
    uses: int


@dataclass(frozen=True, slots=True)
class ArticleRow:
    public_id: UUID
    title: str
    beginning: str
    language: str
    is_published: bool
    uses: int


def canned_responses(session: Session) -> list[CannedRow]:
    uses = select(func.count(SuggestionUse.id)).where(SuggestionUse.canned_response_id == CannedResponse.id)
    query = (
        select(
            CannedResponse.public_id,
            CannedResponse.shortcut,
            CannedResponse.title,
            func.left(CannedResponse.text, 300),
            CannedResponse.language,
            CannedResponse.is_archived,
            func.coalesce(Inbox.name, Team.name, ""),
            uses.scalar_subquery(),
        )
        .outerjoin(Inbox, Inbox.id == CannedResponse.inbox_id)
        .outerjoin(Team, Team.id == CannedResponse.team_id)
        .order_by(CannedResponse.is_archived, func.lower(CannedResponse.shortcut))
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
