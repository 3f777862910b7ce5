"""What a user is told of while the page is not looked at, and when not."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, one_of


class NoticeScope(StrEnum):
    MINE = "mine"  # what is assigned to me
    UNASSIGNED = "unassigned"  # that, and what nobody has yet
    EVERYTHING = "everything"
    NOTHING = "nothing"


class NoticeSetting(Base):
    """One row a user who has said something; nobody's row means the defaults.

    Quiet hours last from `quiet_from` to `quiet_until` (minutes after midnight in `time_zone`), into the next day where
    they end before they begin, all day where both are equal; `quiet_days` names the days on which they begin, Monday
    is 0, none: no quiet hours.
    """

    __tablename__ = "notice_setting"
    __table_args__ = (
        CheckConstraint("quiet_from BETWEEN 0 AND 1439", name="quiet_from"),
        CheckConstraint("quiet_until BETWEEN 0 AND 1439", name="quiet_until"),
    )

    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), primary_key=True)
    scope: Mapped[NoticeScope] = mapped_column(
        one_of(NoticeScope), default=NoticeScope.UNASSIGNED, server_default="unassigned"
    )
    has_sound: Mapped[bool] = mapped_column(default=True, server_default="true")
    quiet_from: Mapped[int] = mapped_column(SmallInteger, default=1200, server_default="1200")
    quiet_until: Mapped[int] = mapped_column(SmallInteger, default=480, server_default="480")
    quiet_days: Mapped[list[int]] = mapped_column(default=list, server_default="[]")
    time_zone: Mapped[str] = mapped_column(default="UTC", server_default="UTC")
    paused_until: Mapped[datetime | None]
