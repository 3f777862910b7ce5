"""Activities as a timeline shows them, and which of them somebody may read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, case, cast, exists, func, or_, true
from sqlalchemy import Uuid as UuidType
from sqlalchemy.orm import aliased

from app.models import Activity, Conversation
from app.models.conversation_link import LINKED
from app.queries._json import InboxIds, json_object, moment

Named = aliased(Conversation)
TELLING = ("conversation.unlinked", "conversation.continues", "conversation.continued")


@dataclass(frozen=True, slots=True)
class ActivityLine:
    """`place` is the id of the message it comes after."""

    id: int
    place: int
    verb: str
    data: dict[str, Any]
    created_at: datetime | None


def activity_object() -> ColumnElement[Any]:
    """Return the JSON of an ActivityLine."""
    return json_object(
        id=Activity.id,
        place=func.coalesce(Activity.message_id, 0),
        verb=Activity.verb,
        data=Activity.data,
        created_at=Activity.created_at,
    )


def activity_line(line: dict[str, Any]) -> ActivityLine:
    return ActivityLine(**{**line, "created_at": moment(line["created_at"])})


def may_be_told(inbox_ids: InboxIds) -> ColumnElement[bool]:
    """Return the condition on Activity that leaves out lines about a conversation which the reader may not see."""
    telling = or_(Activity.verb.startswith(LINKED, autoescape=True), Activity.verb.in_(TELLING))
    named = cast(Activity.data["other"].astext, UuidType)
    seen = exists().where(Named.public_id == named, Named.inbox_id.in_(inbox_ids)).correlate(Activity)
    return case((telling, seen), else_=true())
