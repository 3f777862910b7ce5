"""What somebody is writing in a conversation and has not sent yet, and what it said before."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, func
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Created, Id, PublicId, one_of

ALIVE = timedelta(minutes=3)  # after the last change; then nobody is kept waiting for words that lie about


class DraftKind(StrEnum):
    REPLY = "reply"
    NOTE = "note"


class Draft(Base):
    """One of each user in a conversation; colleagues may read it and take it over (`taken_from_id` lost it then).

    `seen` is the newest message when it was begun, `client_key` the page that wrote last. One without words was
    emptied: its earlier words can still be brought back. `writing_since`: when this stretch of writing began.
    `version` is 0 while it holds files alone: nobody's words can be overwritten then.
    """

    __tablename__ = "draft"
    __table_args__ = (Index("uq_draft_author", "conversation_id", "author_id", unique=True),)

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversation.id", ondelete="CASCADE"))
    author_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    taken_from_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"), index=True)
    kind: Mapped[DraftKind] = mapped_column(one_of(DraftKind))
    text: Mapped[str]
    seen: Mapped[str] = mapped_column(default="", server_default="")
    client_key: Mapped[str] = mapped_column(default="", server_default="")
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    writing_since: Mapped[datetime] = mapped_column(server_default=func.now())
    written_at: Mapped[datetime]

    @property
    def mark(self) -> str:
        """Return the name of this very state: who changes the draft says from which one."""
        return f"{self.public_id.hex}.{self.version}"


class DraftVersion(Base):
    """Words that a draft had before, and who wrote them."""

    __tablename__ = "draft_version"

    id: Mapped[Id]
    draft_id: Mapped[int] = mapped_column(ForeignKey("draft.id", ondelete="CASCADE"), index=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    text: Mapped[str]
    written_at: Mapped[datetime]


class DraftFile(Base):
    """A file that waits with a draft; its bytes are a blob. Sent, it becomes an Attachment.

    `client_key` names one upload, so that the same one twice is one file. `content_id` says where a picture stands
    among the words, None for what is attached. `draft_id` is None once its draft is gone or its writer took it off:
    then the clock forgets it.
    """

    __tablename__ = "draft_file"
    __table_args__ = (Index("uq_draft_file_client_key", "draft_id", "client_key", unique=True),)

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    draft_id: Mapped[int | None] = mapped_column(ForeignKey("draft.id", ondelete="SET NULL"))
    client_key: Mapped[str]
    filename: Mapped[str]
    content_type: Mapped[str]
    size: Mapped[int]
    blob_sha256: Mapped[str]
    content_id: Mapped[str | None]
    created_at: Mapped[Created]
