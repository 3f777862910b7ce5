"""Articles of the knowledge base: written, published, taken back."""

from __future__ import annotations

import re

from sqlalchemy.orm import Session

from app import outbox
from app.errors import Conflict, Invalid
from app.events import SuggestionChanged
from app.models import ArticleState, KbArticle
from app.phrases import phrase
from app.services import search_index

MAX_TITLE, MAX_BODY = 200, 100_000
_LANGUAGE = re.compile(r"[a-z]{2}|")


def save(
    session: Session,
    *,
    article: KbArticle | None,
    title: str,
    body: str,
    language: str,
    state: str,
    version: int | None = None,
) -> KbArticle:
    """Write an article, a new one for None, and have the models read it. Raises Invalid, or Conflict where somebody
    else wrote since `version`.
    """
    article = article or KbArticle(version=0)
    if version is not None and article.version not in {0, version}:
        raise Conflict(
            phrase("Somebody else has changed this article. Look again, then decide."), version=article.version
        )
    article.title = _filled(" ".join(title.split()), "title", MAX_TITLE)
    article.body = _filled(body.replace("\r\n", "\n").replace("\x00", "").strip(), "body", MAX_BODY)
    if not _LANGUAGE.fullmatch(language):
        raise Invalid(phrase("Choose one of the languages offered."), field="language")
    try:
        article.state = ArticleState(state)
    except ValueError:
        raise Invalid(phrase("An article is a draft or published."), field="state") from None
    article.language = language
    article.version += 1
    session.add(article)
    session.flush()  # the event carries its id
    search_index.articles(session, [article.id])
    outbox.record(session, SuggestionChanged(suggestion_id=article.id))
    return article


def delete(session: Session, *, article: KbArticle) -> None:
    """Remove an article, and what is known of its use."""
    session.delete(article)


def _filled(words: str, field: str, most: int) -> str:
    if not words or len(words) > most:
        raise Invalid(phrase("Write 1 to {most} characters.", most=most), field=field)
    return words
