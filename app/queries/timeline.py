"""What was said, in order of arrival: of one conversation, or of one contact over all channels. One query a page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Integer, Select, and_, bindparam, case, func, select
from sqlalchemy.orm import Session

from app.models import Attachment, Channel, Conversation, Message, User
from app.queries import message_extras, message_predictions
from app.queries._json import AnySelect, InboxIds, json_list, json_object
from app.queries.message_extras import NOTHING, Extras
from app.queries.message_predictions import PredictionRow

PAGE, MOST = 80, 500
LONGEST_TEXT = 20_000  # characters shown; the whole is one click away


@dataclass(frozen=True, slots=True)
class AttachmentRow:
    id: str
    filename: str
    content_type: str
    size: int
    is_inline: bool
    content_id: str | None = None


@dataclass(frozen=True, slots=True)
class MessageRow:
    """One thing said. The words of one that its writer deleted are in it: a page shows them to few."""

    id: int
    public_id: UUID
    conversation_id: UUID
    conversation_number: int
    conversation_subject: str
    channel_kind: str
    channel_name: str
    is_inbound: bool
    is_note: bool
    author_name: str | None
    sender: str
    is_verified: bool
    subject: str
    text: str
    is_cut: bool
    quoted: str
    signature: str
    has_html: bool
    recipients: dict[str, Any]
    custom: dict[str, Any]
    auto: str
    send_state: str | None
    send_error: str
    client_key: str | None
    created_at: datetime
    sent_at: datetime | None
    is_annotated: bool
    predictions: tuple[PredictionRow, ...]  # the newest first
    attachments: tuple[AttachmentRow, ...]
    kind: str = "text"
    is_public: bool = False  # everybody in the world can read it
    url: str = ""  # where they read it; a stranger wrote it
    edited_at: datetime | None = None
    deleted_at: datetime | None = None
    deleted_by: str = ""
    delivered_at: datetime | None = None
    read_at: datetime | None = None
    template: dict[str, Any] | None = None
    is_at_provider: bool = False  # has an id there: can be answered, liked, hidden
    more: Extras = NOTHING
    author_id: int | None = None
    send_attempts: int = 0
    send_after: datetime | None = None
    has_source: bool = False  # the bytes that brought it are kept
    language: str = ""  # ISO 639-1 of its words, "" where nobody knows
    layout: str | None = None  # clean HTML of a formatted reply of ours, its pictures by their content ids

    @property
    def is_untried(self) -> bool:
        """Tell whether a reply waits that nobody has tried to send: its writer can still take it back."""
        return self.send_state == "queued" and not self.send_attempts


@dataclass(frozen=True, slots=True)
class TimelinePage:
    messages: tuple[MessageRow, ...]  # oldest first
    earlier: str  # public id before which there is more, "" at the beginning


@dataclass(frozen=True, slots=True)
class Start:
    """Where to begin to read: a message, and the one before which its page ends ("" for the newest page)."""

    message: str
    before: str


def start_at(session: Session, *, conversation_id: int, since: datetime | None = None) -> Start | None:
    """Find the first message of a conversation, or the first since a moment; None where nothing came after it."""
    query = select(Message.public_id).where(Message.conversation_id == conversation_id)
    if since is not None:
        query = query.where(Message.created_at >= since)
    found = session.scalars(query.order_by(Message.id).limit(PAGE + 1)).all()
    if not found:
        return None
    return Start(str(found[0]), str(found[PAGE]) if len(found) > PAGE else "")


def of_conversation(session: Session, *, conversation_id: int, before: str = "", limit: int = PAGE) -> TimelinePage:
    """Read the newest messages of one conversation, or those before a message; answers of notes under their notes."""
    return _page(session, _of_conversation(goes_back=bool(before)), conversation_id, before, limit)


def of_contact(
    session: Session, *, contact_id: int, inbox_ids: InboxIds, before: str = "", limit: int = PAGE
) -> TimelinePage:
    """Read the newest messages of a contact over all channels that the user may see."""
    made = _of_contact if isinstance(inbox_ids, Select) else _made_of_contact
    return _page(session, made(inbox_ids, goes_back=bool(before)), contact_id, before, limit)


def of_message(session: Session, *, message_id: int) -> MessageRow:
    """Read one message that is there."""
    return _row(session.execute(_select().where(Message.id == message_id)).one())


# A query is put together once: to look at it anew takes SQLAlchemy longer than the answer takes PostgreSQL.


@cache
def _of_conversation(*, goes_back: bool) -> AnySelect:
    return _newest(_select().where(Message.conversation_id == bindparam("of")), goes_back=goes_back)


def _made_of_contact(inbox_ids: InboxIds, *, goes_back: bool) -> AnySelect:
    theirs = _select().where(Message.contact_id == bindparam("of"), Conversation.inbox_id.in_(inbox_ids))
    return _newest(theirs, goes_back=goes_back)


_of_contact: Callable[..., AnySelect] = lru_cache(maxsize=32)(_made_of_contact)


def _newest(query: AnySelect, *, goes_back: bool) -> AnySelect:
    if goes_back:
        before = select(Message.id).where(Message.public_id == bindparam("before", type_=Message.public_id.type))
        query = query.where(Message.id < before.scalar_subquery())
    most = bindparam("most", type_=Integer, literal_execute=True)  # a plan that holds for any number is a worse one
    return query.where(Message.thread_id.is_(None)).order_by(Message.id.desc()).limit(most)


def _page(session: Session, query: AnySelect, of: int, before: str, limit: int) -> TimelinePage:
    values = {"of": of, "most": limit + 1} | ({"before": _uuid(before)} if before else {})
    found = session.execute(query, values).all()
    messages = tuple(_row(row) for row in reversed(found[:limit]))
    return TimelinePage(messages=messages, earlier=str(messages[0].public_id) if len(found) > limit else "")


def _uuid(public_id: str) -> UUID:
    """Return an id; for what is none, one that nothing has."""
    try:
        return UUID(public_id)
    except ValueError:
        return UUID(int=0)


@cache
def _select() -> AnySelect:
    return (
        select(
            Message.id,
            Message.public_id,
            Conversation.public_id.label("conversation_id"),
            Conversation.number.label("conversation_number"),
            Conversation.subject.label("conversation_subject"),
            Channel.kind.label("channel_kind"),
            Channel.name.label("channel_name"),
            Message.direction,
            Message.visibility,
            User.name.label("author_name"),
            Message.sender,
            Message.is_verified,
            Message.subject,
            func.left(Message.text, LONGEST_TEXT).label("text"),
            (func.length(Message.text) > LONGEST_TEXT).label("is_cut"),
            func.left(Message.quoted, LONGEST_TEXT).label("quoted"),
            func.left(Message.signature, LONGEST_TEXT).label("signature"),
            and_(Message.html.is_not(None), Message.markdown.is_(None)).label("has_html"),
            case((Message.markdown.is_not(None), Message.html)).label("layout"),
            Message.recipients,
            Message.custom,
            Message.auto,
            Message.send_state,
            Message.send_error,
            Message.client_key,
            Message.created_at,
            Message.sent_at,
            Message.annotated_at.is_not(None).label("is_annotated"),
            message_predictions.column().label("predictions"),
            _attachments().label("attachments"),
            Message.kind,
            Message.is_public,
            Message.url,
            Message.edited_at,
            Message.deleted_at,
            Message.deleted_by,
            Message.delivered_at,
            Message.read_at,
            Message.template,
            Message.external_id.is_not(None).label("is_at_provider"),
            message_extras.column().label("more"),
            Message.author_id,
            Message.send_attempts,
            Message.send_after,
            Message.delivery_id.is_not(None).label("has_source"),
            func.coalesce(Message.language, "").label("language"),
        )
        .join(Conversation, Conversation.id == Message.conversation_id)
        .join(Channel, Channel.id == Message.channel_id)
        .outerjoin(User, User.id == Message.author_id)
    )


def _attachments() -> ColumnElement[Any]:
    file = json_object(
        id=Attachment.public_id,
        filename=Attachment.filename,
        content_type=Attachment.content_type,
        size=Attachment.size,
        is_inline=Attachment.is_inline,
        content_id=Attachment.content_id,
    )
    query = select(json_list(file, order=Attachment.id)).where(Attachment.message_id == Message.id)
    return query.correlate(Message).scalar_subquery()


def _row(row: Any) -> MessageRow:
    told = row._asdict()
    direction, visibility = told.pop("direction"), told.pop("visibility")
    told["is_inbound"] = direction == "inbound"
    told["is_note"] = visibility == "private"
    told["predictions"] = tuple(message_predictions.read(one) for one in told["predictions"])
    told["attachments"] = tuple(AttachmentRow(**one) for one in told["attachments"])
    told["more"] = message_extras.read(told["more"])
    return MessageRow(**told)
