"""What is looked through when somebody searches: words, as app/folding.py sees them, beside the rows they are of."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Created, Id, one_of


class SearchKind(StrEnum):
    MESSAGE = "message"
    CONTACT = "contact"
    CASE = "case"
    ARTICLE = "article"


class MessageWords(Base):
    """The words of a message: none of what is hidden on screens, and no row for what its writer deleted.

    Beside words there are marks that no word can be: `~0.17` says in which block of ids it stands, `~to.a@b.example`
    to whom it was sent, `~y.2026` and `~m.2026-11` when (UTC), `~has.attachment` what it has.
    """

    __tablename__ = "message_words"
    __table_args__ = (
        Index(
            "ix_message_words",
            "words",
            postgresql_using="gin",
            postgresql_with={"fastupdate": "on", "gin_pending_list_limit": 256},
        ),
    )

    message_id: Mapped[int] = mapped_column(
        ForeignKey("message.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    words: Mapped[str] = mapped_column(TSVECTOR)


class FoundWords(Base):
    """The words of one contact, case or article."""

    __tablename__ = "found_words"
    __table_args__ = (
        CheckConstraint("num_nonnulls(contact_id, case_id, article_id) = 1", name="of_one"),
        Index("ix_found_words", "words", postgresql_using="gin"),
    )

    id: Mapped[Id]
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contact.id", ondelete="CASCADE"), unique=True)
    case_id: Mapped[int | None] = mapped_column(ForeignKey("case.id", ondelete="CASCADE"), unique=True)
    article_id: Mapped[int | None] = mapped_column(ForeignKey("kb_article.id", ondelete="CASCADE"), unique=True)
    words: Mapped[str] = mapped_column(TSVECTOR)


class ContactKey(Base):
    """What a contact is looked up by while somebody types: a name from each of its words on, an address, a number."""

    __tablename__ = "contact_key"
    __table_args__ = (Index("ix_contact_key_contact", "contact_id"),)

    key: Mapped[str] = mapped_column(String(collation="C"), primary_key=True)
    contact_id: Mapped[int] = mapped_column(
        ForeignKey("contact.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )


class SearchProgress(Base):
    """How far a table was read for the search: what lies between `oldest` and `newest` (ids) is done.

    What comes new is written with the change itself; this is for what was there before, and for what slipped through.
    """

    __tablename__ = "search_progress"

    kind: Mapped[SearchKind] = mapped_column(one_of(SearchKind), primary_key=True)
    newest: Mapped[int]
    oldest: Mapped[int]


class RecentSearch(Base):
    """What a user looked for lately, the newest `used_at` first; nobody else sees it."""

    __tablename__ = "recent_search"
    __table_args__ = (UniqueConstraint("user_id", "query"), Index("ix_recent_search_user", "user_id", "used_at"))

    id: Mapped[Id]
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"))
    query: Mapped[str]
    used_at: Mapped[datetime]
    created_at: Mapped[Created]
