"""One thing said: by the customer (inbound), by us (outbound), or among ourselves (private)."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Created, Id, Json, PublicId, one_of


class Direction(StrEnum):
    INBOUND = "inbound"
    OUTBOUND = "outbound"


class Visibility(StrEnum):
    PUBLIC = "public"
    PRIVATE = "private"


class SendState(StrEnum):
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    UNCERTAIN = "uncertain"  # a worker died while sending; a person decides


class Message(Base):
    """`text` holds the new words only, `quoted` and `signature` what was cut from them, `html` is raw and untrusted.

    Of a formatted reply of ours `markdown` is what was typed, `text` its plain words, `html` made of it by us.
    `recipients` is {"to": [{email, name}], "cc": […], "bcc": […], "reply_to": […]}; of a reply that left with another
    address than its channel's own, "from" names it. `in_reply_to` and `references` carry ids
    without angle brackets. `annotated_at` and `routed_at` say how far understanding and routing have come.

    `kind` is connectors.base.MessageKind. `visibility` is who of us and them may read it, `is_public` that everybody
    in the world may; `url` is where they see it and `thread_key` the provider's own name of its thread. `edited_at` is
    the customer's doing (the words before an edit: MessageRevision), `deleted_at` that of `deleted_by`: "customer",
    "moderator", "provider", "team" (us, from here), "" where nobody tells; the words stay, and are not shown as said.
    Of our replies: `answers_id` is the customer's message that is answered, `template` {"name", "language", "text",
    "values"} of what was sent instead of free text, `delivered_at` and `read_at` what the provider told.
    Of a note `thread_id` is the note that it answers, which answers none.
    """

    __tablename__ = "message"
    __table_args__ = (
        Index("ix_message_conversation", "conversation_id", "id"),
        Index("ix_message_contact", "contact_id", "id"),
        Index(
            "uq_message_external", "channel_id", "external_id", unique=True, postgresql_where="external_id IS NOT NULL"
        ),
        Index(
            "uq_message_client_key",
            "conversation_id",
            "client_key",
            unique=True,
            postgresql_where="client_key IS NOT NULL",
        ),
        Index("ix_message_unannotated", "id", postgresql_where="annotated_at IS NULL AND direction = 'inbound'"),
        Index("ix_message_unrouted", "id", postgresql_where="routed_at IS NULL AND direction = 'inbound'"),
        Index("ix_message_unsent", "id", postgresql_where="send_state IN ('queued', 'sending')"),
        Index("ix_message_created_at", "created_at"),
        Index("ix_message_answers", "answers_id", postgresql_where="answers_id IS NOT NULL"),
        Index("ix_message_thread", "thread_id", "id", postgresql_where="thread_id IS NOT NULL"),
    )

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversation.id"))
    channel_id: Mapped[int] = mapped_column(ForeignKey("channel.id"))
    contact_id: Mapped[int] = mapped_column(ForeignKey("contact.id"))
    author_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"), index=True)
    delivery_id: Mapped[int | None] = mapped_column(ForeignKey("delivery.id"), index=True)
    direction: Mapped[Direction] = mapped_column(one_of(Direction))
    visibility: Mapped[Visibility] = mapped_column(one_of(Visibility), default=Visibility.PUBLIC)
    external_id: Mapped[str | None]
    client_key: Mapped[str | None]
    subject: Mapped[str] = mapped_column(default="", server_default="")
    text: Mapped[str] = mapped_column(default="", server_default="")
    quoted: Mapped[str] = mapped_column(default="", server_default="")
    signature: Mapped[str] = mapped_column(default="", server_default="")
    html: Mapped[str | None]
    markdown: Mapped[str | None]
    sender: Mapped[str] = mapped_column(default="", server_default="")
    is_verified: Mapped[bool] = mapped_column(default=False, server_default="false")
    recipients: Mapped[Json] = mapped_column(default=dict, server_default="{}")
    in_reply_to: Mapped[str | None]
    references: Mapped[list[str]] = mapped_column(default=list, server_default="[]")
    auto: Mapped[str] = mapped_column(default="none", server_default="none")
    custom: Mapped[Json] = mapped_column(default=dict, server_default="{}")
    language: Mapped[str | None]
    kind: Mapped[str] = mapped_column(default="text", server_default="text")
    is_public: Mapped[bool] = mapped_column(default=False, server_default="false")
    url: Mapped[str] = mapped_column(default="", server_default="")
    thread_key: Mapped[str | None]
    edited_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]
    deleted_by: Mapped[str] = mapped_column(default="", server_default="")
    answers_id: Mapped[int | None] = mapped_column(ForeignKey("message.id"))
    thread_id: Mapped[int | None] = mapped_column(ForeignKey("message.id", ondelete="SET NULL"))
    template: Mapped[Json | None] = mapped_column(JSONB(none_as_null=True))
    delivered_at: Mapped[datetime | None]
    read_at: Mapped[datetime | None]
    send_state: Mapped[SendState | None] = mapped_column(one_of(SendState))
    send_error: Mapped[str] = mapped_column(default="", server_default="")
    send_attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    send_after: Mapped[datetime | None]
    waited_since: Mapped[datetime | None]  # the conversation's waiting_since that a reply of ours ended
    claimed_until: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]  # provider's time (inbound) or when the provider took it (outbound)
    annotated_at: Mapped[datetime | None]
    routed_at: Mapped[datetime | None]
    created_at: Mapped[Created]  # when the channel took it (docs/decisions/0003); order is that of the ids

    @property
    def is_inbound(self) -> bool:
        return self.direction is Direction.INBOUND

    @property
    def is_deleted(self) -> bool:
        return self.deleted_at is not None

    @property
    def is_note(self) -> bool:
        return self.visibility is Visibility.PRIVATE


class Attachment(Base):
    __tablename__ = "attachment"

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    message_id: Mapped[int] = mapped_column(ForeignKey("message.id", ondelete="CASCADE"), index=True)
    filename: Mapped[str]
    content_type: Mapped[str]
    size: Mapped[int]
    blob_sha256: Mapped[str]
    is_inline: Mapped[bool] = mapped_column(default=False, server_default="false")
    content_id: Mapped[str | None]
    created_at: Mapped[Created]


class DailyCount(Base):
    """Messages a day, channel and direction, moved in the transaction that writes the message."""

    __tablename__ = "daily_count"

    day: Mapped[date] = mapped_column(primary_key=True)
    channel_id: Mapped[int] = mapped_column(ForeignKey("channel.id"), primary_key=True)
    direction: Mapped[Direction] = mapped_column(one_of(Direction), primary_key=True)
    messages: Mapped[int] = mapped_column(default=0, server_default="0")
