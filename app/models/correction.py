"""What people say a message is about, where they had to correct the model, or said that it was right."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Created, Id, Json, PublicId


class Correction(Base):
    """`labels` is the truth from now on; a confirmation has the labels that the model had said.

    One is active for a message and task; the older ones stay, undone. `set_aside_at` is set on those that a rollback
    left out: still the truth of their message, but not learned from. `base` is what the model version `base_version`
    says of the message by itself; kept where the stored prediction is one that a workspace head had a part in.
    """

    __tablename__ = "correction"
    __table_args__ = (
        Index("uq_correction_active", "message_id", "task", unique=True, postgresql_where="undone_at IS NULL"),
        Index("ix_correction_task", "task", "id"),
    )

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    message_id: Mapped[int] = mapped_column(ForeignKey("message.id", ondelete="CASCADE"), index=True)
    task: Mapped[str]
    labels: Mapped[list[str]]
    said_labels: Mapped[list[str]] = mapped_column(default=list, server_default="[]")  # empty: the model said nothing
    said_confidence: Mapped[float | None]
    said_abstained: Mapped[bool] = mapped_column(default=False, server_default="false")
    model_version: Mapped[str | None]
    head_version: Mapped[int | None]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"), index=True)
    created_at: Mapped[Created]
    undone_at: Mapped[datetime | None]
    undone_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"), index=True)
    set_aside_at: Mapped[datetime | None]
    base: Mapped[Json | None] = mapped_column(JSONB(none_as_null=True))
    base_version: Mapped[str | None]

    @property
    def truth(self) -> str:
        """Return the labels as one word: "negative", "anger|worry", "none"."""
        return "|".join(self.labels)

    @property
    def is_confirmation(self) -> bool:
        return sorted(self.labels) == sorted(self.said_labels)
