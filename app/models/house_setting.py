"""What holds for the whole workspace and belongs to no other table."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base


class HouseSetting(Base):
    """One row at most. `language`: for readers whose browser names none that we speak, as in `<html lang>`."""

    __tablename__ = "house_setting"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False, default=1)
    language: Mapped[str] = mapped_column(default="en", server_default="en")
