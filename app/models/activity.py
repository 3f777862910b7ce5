"""A line people read in the timeline: who did what, and why."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Created, Id, Json, PublicId


class Activity(Base):
    """`verb` is one of app/services/activities.py; `data` holds what its sentence needs (names as they were then).

    `message_id` is the newest message when it happened: the place of the line among the messages.
    """

    __tablename__ = "activity"
    __table_args__ = (
        CheckConstraint("num_nonnulls(conversation_id, contact_id, case_id) >= 1", name="has_object"),
        Index("ix_activity_conversation", "conversation_id", "id"),
        Index("ix_activity_contact", "contact_id", "id"),
        Index("ix_activity_case", "case_id", "id"),
    )

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    verb: Mapped[str]
    conversation_id: Mapped[int | None] = mapped_column(ForeignKey("conversation.id", ondelete="CASCADE"))
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contact.id", ondelete="CASCADE"))
    case_id: Mapped[int | None] = mapped_column(ForeignKey("case.id", ondelete="CASCADE"))
    message_id: Mapped[int | None]
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))
    rule_id: Mapped[int | None] = mapped_column(ForeignKey("automation_rule.id", ondelete="SET NULL"))
    data: Mapped[Json] = mapped_column(default=dict, server_default="{}")
    created_at: Mapped[Created]
