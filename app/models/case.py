"""The work opened from one or several conversations."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, Sequence
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Created, Id, PublicId, one_of
from app.models.conversation import Priority


class CaseStatus(StrEnum):
    OPEN = "open"
    WAITING = "waiting"
    CLOSED = "closed"


class CaseType(StrEnum):
    QUESTION = "question"
    PROBLEM = "problem"
    COMPLAINT = "complaint"
    REQUEST = "request"


class Case(Base):
    __tablename__ = "case"
    __table_args__ = (Index("ix_case_status_id", "status", "id"),)

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    number: Mapped[int] = mapped_column(Sequence("case_number", metadata=Base.metadata), unique=True)
    title: Mapped[str]
    description: Mapped[str] = mapped_column(default="", server_default="")
    type: Mapped[CaseType] = mapped_column(one_of(CaseType), default=CaseType.QUESTION)
    status: Mapped[CaseStatus] = mapped_column(one_of(CaseStatus), default=CaseStatus.OPEN)
    priority: Mapped[Priority] = mapped_column(one_of(Priority), default=Priority.NORMAL)
    contact_id: Mapped[int] = mapped_column(ForeignKey("contact.id"), index=True)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"), index=True)
    due_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    created_at: Mapped[Created]


class CaseConversation(Base):
    __tablename__ = "case_conversation"

    case_id: Mapped[int] = mapped_column(ForeignKey("case.id", ondelete="CASCADE"), primary_key=True)
    conversation_id: Mapped[int] = mapped_column(
        ForeignKey("conversation.id", ondelete="CASCADE"), primary_key=True, index=True
    )
