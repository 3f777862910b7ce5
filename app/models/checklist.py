"""What is still to be done in a conversation or a case, item by item; and lists that are put in ready-made."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Created, Id, PublicId

MOST, MOST_TEMPLATES = 100, 200  # items of one object; templates


class ChecklistItem(Base):
    """One thing to do. `position` orders those of one object; `done_at` is None while it is open."""

    __tablename__ = "checklist_item"
    __table_args__ = (
        CheckConstraint("num_nonnulls(conversation_id, case_id) = 1", name="one_object"),
        Index("ix_checklist_item_conversation", "conversation_id", "position"),
        Index("ix_checklist_item_case", "case_id", "position"),
    )

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    conversation_id: Mapped[int | None] = mapped_column(ForeignKey("conversation.id", ondelete="CASCADE"))
    case_id: Mapped[int | None] = mapped_column(ForeignKey("case.id", ondelete="CASCADE"))
    text: Mapped[str]
    position: Mapped[int]
    done_at: Mapped[datetime | None]
    done_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"), index=True)
    created_at: Mapped[Created]


class ChecklistTemplate(Base):
    """A named list of things to do, put into a conversation or a case by hand."""

    __tablename__ = "checklist_template"
    __table_args__ = (Index("uq_checklist_template_name_lower", text("lower(name)"), unique=True),)

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    name: Mapped[str]
    items: Mapped[list[str]]
    created_at: Mapped[Created]
