"""The links of a conversation, for those who see both ends.

Links of what was merged into a conversation are its own now, and lead to where their other end was merged.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, case, or_, select
from sqlalchemy.orm import aliased

from app.models import Channel, Contact, Conversation, ConversationLink, LinkKind
from app.models.conversation_link import MOST_LINKS, relation
from app.queries._json import InboxIds, json_list, json_object, moment

Part = aliased(Conversation)
Far = aliased(Conversation)
Writer = aliased(Contact)


@dataclass(frozen=True, slots=True)
class LinkRow:
    """A link as read from the conversation that is shown; `relation` is a key of conversation_links.RELATIONS."""

    id: str
    relation: str
    other: str
    number: int
    subject: str
    preview: str
    contact: str
    status: str
    channel_kind: str
    mood: float | None
    last_message_at: datetime | None


def of_conversation(inbox_ids: InboxIds) -> ColumnElement[Any]:
    """Return the JSON of all LinkRows of the conversation that the query around it reads."""
    mine = or_(Part.id == Conversation.id, Part.merged_into_id == Conversation.id)
    is_from = ConversationLink.from_id == Part.id
    other_end = case((is_from, ConversationLink.to_id), else_=ConversationLink.from_id)
    line = json_object(
        id=ConversationLink.public_id,
        kind=ConversationLink.kind,
        is_from=is_from,
        other=Far.public_id,
        number=Far.number,
        subject=Far.subject,
        preview=Far.preview,
        contact=Writer.name,
        status=Far.status,
        channel_kind=Channel.kind,
        mood=Far.mood,
        last_message_at=Far.last_message_at,
    )
    lines = (
        select(line.label("line"), ConversationLink.id)
        .select_from(Part)
        .join(ConversationLink, or_(is_from, ConversationLink.to_id == Part.id))
        .join(Far, Far.id == other_end)
        .join(Writer, Writer.id == Far.contact_id)
        .join(Channel, Channel.id == Far.channel_id)
        .where(mine, Far.inbox_id.in_(inbox_ids))
        .order_by(ConversationLink.id)
        .limit(MOST_LINKS)
        .correlate(Conversation)
        .subquery()
    )
    return select(json_list(lines.c.line, order=lines.c.id)).scalar_subquery()


def read(told: dict[str, Any]) -> LinkRow:
    kind, is_from = LinkKind(told.pop("kind")), told.pop("is_from")
    when = moment(told.pop("last_message_at"))
    return LinkRow(**told, relation=relation(kind, is_from=is_from), last_message_at=when)
