"""What a chat visitor may read: the public messages of their own conversation, and the files in them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import Session

from app.models import Attachment, Conversation, Direction, Message, SendState, User, Visibility

PAGE = 50


@dataclass(frozen=True, slots=True)
class HistoryFile:
    id: UUID
    filename: str
    content_type: str
    size: int


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One message; `client_id` is the id under which the visitor's own page sent it, "" for all others."""

    id: UUID
    is_mine: bool
    author: str
    text: str
    at: datetime
    client_id: str
    files: tuple[HistoryFile, ...]


@dataclass(frozen=True, slots=True)
class History:
    """The newest lines before a point, oldest first; `status` is None while there is no conversation yet."""

    lines: tuple[HistoryLine, ...] = ()
    has_more: bool = False
    status: str | None = None
    conversation: str = ""


def history(session: Session, *, channel_id: int, visitor_id: str, before: str = "") -> History:
    """Return a page of the visitor's conversation: the newest messages, or those before a message's public id."""
    conversation = session.scalars(_own_conversation(channel_id, visitor_id)).one_or_none()
    if conversation is None:
        return History()
    query = select(Message, User.name).outerjoin(User, User.id == Message.author_id)
    query = query.where(_is_in(conversation), _is_shown())
    edge = _id_of(session, before)
    if edge is not None:
        query = query.where(Message.id < edge)
    rows = session.execute(query.order_by(Message.id.desc()).limit(PAGE + 1)).all()
    shown = [(message, name or "") for message, name in reversed(rows[:PAGE])]
    files = _files(session, [message.id for message, _ in shown])
    return History(
        lines=tuple(_line(message, name, files.get(message.id, ()), visitor_id) for message, name in shown),
        has_more=len(rows) > PAGE,
        status=conversation.status.value,
        conversation=str(conversation.public_id),
    )


def conversation_of(session: Session, *, channel_id: int, visitor_id: str) -> str | None:
    """Return the public id of the visitor's conversation, None before the first message is on the timeline.

    Where it was merged into another, that one: it is what agents have open.
    """
    conversation = session.scalars(_own_conversation(channel_id, visitor_id)).one_or_none()
    if conversation is not None and conversation.merged_into_id is not None:
        conversation = session.get_one(Conversation, conversation.merged_into_id)
    return str(conversation.public_id) if conversation else None


def file_of(session: Session, *, channel_id: int, visitor_id: str, public_id: UUID) -> Attachment | None:
    """Return a file of the visitor's own conversation, None for everything else."""
    conversation = session.scalars(_own_conversation(channel_id, visitor_id)).one_or_none()
    if conversation is None:
        return None
    query = select(Attachment).join(Message, Message.id == Attachment.message_id)
    query = query.where(Attachment.public_id == public_id, _is_in(conversation), _is_shown())
    return session.scalars(query).one_or_none()


def _own_conversation(channel_id: int, visitor_id: str) -> Select[Conversation]:
    return select(Conversation).where(Conversation.channel_id == channel_id, Conversation.thread_key == visitor_id)


def _is_in(conversation: Conversation) -> ColumnElement[bool]:
    """What was said in the chat, also where an agent has merged it into another conversation of the person."""
    here = Message.conversation_id == conversation.id
    if conversation.merged_into_id is None:
        return here
    said = Message.channel_id == conversation.channel_id, Message.contact_id == conversation.contact_id
    return or_(here, and_(Message.conversation_id == conversation.merged_into_id, *said))


def _is_shown() -> ColumnElement[bool]:
    """Notes are never shown, and a reply only once it has been sent."""
    said_or_sent = or_(Message.direction == Direction.INBOUND, Message.send_state == SendState.SENT)
    return and_(Message.visibility == Visibility.PUBLIC, said_or_sent)


def _id_of(session: Session, public_id: str) -> int | None:
    try:
        wanted = UUID(public_id)
    except ValueError:
        return None
    return session.scalar(select(Message.id).where(Message.public_id == wanted))


def _files(session: Session, message_ids: list[int]) -> dict[int, tuple[HistoryFile, ...]]:
    if not message_ids:
        return {}
    found: dict[int, tuple[HistoryFile, ...]] = {}
    query = select(Attachment).where(Attachment.message_id.in_(message_ids)).order_by(Attachment.id)
    for row in session.scalars(query):
        file = HistoryFile(row.public_id, row.filename, row.content_type, row.size)
        found[row.message_id] = (*found.get(row.message_id, ()), file)
    return found


def _line(message: Message, author: str, files: tuple[HistoryFile, ...], visitor_id: str) -> HistoryLine:
    owner, _, client_id = (message.external_id or "").partition(":")
    return HistoryLine(
        id=message.public_id,
        is_mine=message.is_inbound,
        author="" if message.is_inbound else author,
        text=message.text,
        at=message.created_at,
        client_id=client_id if owner == visitor_id else "",
        files=files,
    )
