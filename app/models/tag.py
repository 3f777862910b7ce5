"""One vocabulary of tags for every object."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Created, Id, PublicId


class Tag(Base):
    __tablename__ = "tag"
    __table_args__ = (Index("uq_tag_name_lower", text("lower(name)"), unique=True),)

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    name: Mapped[str]
    colour: Mapped[str] = mapped_column(default="slate", server_default="slate")
    created_at: Mapped[Created]


class Tagging(Base):
    """A tag on one object: exactly one of the columns is set."""

    __tablename__ = "tagging"
    __table_args__ = (
        CheckConstraint("num_nonnulls(conversation_id, contact_id, case_id) = 1", name="one_object"),
        Index(
            "uq_tagging_conversation",
            "conversation_id",
            "tag_id",
            unique=True,
            postgresql_where="conversation_id IS NOT NULL",
        ),
        Index("uq_tagging_contact", "contact_id", "tag_id", unique=True),
        Index("uq_tagging_case", "case_id", "tag_id", unique=True),
    )

    id: Mapped[Id]
    tag_id: Mapped[int] = mapped_column(ForeignKey("tag.id", ondelete="CASCADE"), index=True)
    conversation_id: Mapped[int | None] = mapped_column(ForeignKey("conversation.id", ondelete="CASCADE"))
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contact.id", ondelete="CASCADE"))
    case_id: Mapped[int | None] = mapped_column(ForeignKey("case.id", ondelete="CASCADE"))
    created_at: Mapped[Created]
