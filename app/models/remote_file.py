"""A file of a message that stays with the provider until it is fetched."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Created, Id, PublicId, one_of


class FetchState(StrEnum):
    WAITING = "waiting"  # for its first attempt or for the next one
    FETCHING = "fetching"
    FETCHED = "fetched"  # `attachment_id` is the file
    FAILED = "failed"  # `reason` says why; a person may try again


class RemoteFile(Base):
    """Named by `url` or by the provider's `media_id`. `size` in bytes, as the provider says. `place`: first is 0."""

    __tablename__ = "remote_file"
    __table_args__ = (
        UniqueConstraint("message_id", "place"),
        Index("ix_remote_file_waiting", "id", postgresql_where="state IN ('waiting', 'fetching')"),
    )

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    message_id: Mapped[int] = mapped_column(ForeignKey("message.id", ondelete="CASCADE"))
    place: Mapped[int]
    filename: Mapped[str] = mapped_column(default="", server_default="")
    content_type: Mapped[str] = mapped_column(default="", server_default="")
    url: Mapped[str] = mapped_column(default="", server_default="")
    media_id: Mapped[str] = mapped_column(default="", server_default="")
    size: Mapped[int | None]
    state: Mapped[FetchState] = mapped_column(one_of(FetchState), default=FetchState.WAITING)
    reason: Mapped[str] = mapped_column(default="", server_default="")
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    claimed_until: Mapped[datetime | None]
    next_try_at: Mapped[datetime | None]
    attachment_id: Mapped[int | None] = mapped_column(ForeignKey("attachment.id", ondelete="SET NULL"), index=True)
    created_at: Mapped[Created]
