"""How replies leave, for the whole workspace."""

from __future__ import annotations

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base


class SendingSetting(Base):
    """One row at most. `undo_send_seconds`: how long a person's reply waits before it leaves, 0 for not at all."""

    __tablename__ = "sending_setting"
    __table_args__ = (
        CheckConstraint("id = 1", name="one_row"),
        CheckConstraint("undo_send_seconds BETWEEN 0 AND 120", name="undo_send_seconds"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=1)
    undo_send_seconds: Mapped[int] = mapped_column(default=10, server_default="10")
