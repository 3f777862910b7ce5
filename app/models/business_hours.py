"""When the house is open, by the hours of the week."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, SmallInteger
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base


class BusinessHours(Base):
    """One row at most. `week` is [opens, closes] in full hours 0 to 24 from Monday to Sunday, equal ones mean closed.

    `time_zone` is the house's own ("Europe/Berlin"), "" where nobody has said: then the reader's.
    """

    __tablename__ = "business_hours"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False, default=1)
    time_zone: Mapped[str] = mapped_column(default="", server_default="")
    week: Mapped[list[list[int]]] = mapped_column(JSONB)
