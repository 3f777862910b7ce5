"""Replies of a conversation that leave later: a part of the conversation's query."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, func, select

from app.markdown import formatted
from app.models import Conversation, Direction, Message, ScheduledReply, User
from app.queries._json import json_list, json_object, moment

LONGEST_TEXT = 20_000  # characters shown


@dataclass(frozen=True, slots=True)
class ScheduledRow:
    """`news` is how many messages of the customer came since; `files` are the names of what is attached."""

    public_id: str
    author_name: str | None
    text: str
    cc: tuple[str, ...]
    bcc: tuple[str, ...]
    sender: str
    is_public: bool
    files: tuple[str, ...]
    due_at: datetime
    waits_for_nobody: bool
    state: str
    held_reason: str
    news: int
    created_at: datetime | None = None  # it is not in the order of what was said: it stands below

    @property
    def is_held(self) -> bool:
        return self.state == "held"

    @property
    def will_be_held(self) -> bool:
        """Tell whether it will not leave at its time, because the customer wrote."""
        return not self.is_held and self.news > 0 and not self.waits_for_nobody


@cache
def of_conversation() -> ColumnElement[Any]:
    """Return the scheduled replies of a conversation, the one that leaves first at first."""
    news = select(func.count()).where(
        Message.conversation_id == ScheduledReply.conversation_id,
        Message.direction == Direction.INBOUND,
        Message.id > func.coalesce(ScheduledReply.seen_id, 0),
    )
    row = json_object(
        public_id=ScheduledReply.public_id,
        author_name=User.name,
        text=func.left(ScheduledReply.text, LONGEST_TEXT),
        is_markdown=ScheduledReply.is_markdown,
        cc=ScheduledReply.cc,
        bcc=ScheduledReply.bcc,
        sender=ScheduledReply.sender,
        is_public=ScheduledReply.is_public,
        files=ScheduledReply.files,
        due_at=ScheduledReply.due_at,
        waits_for_nobody=ScheduledReply.waits_for_nobody,
        state=ScheduledReply.state,
        held_reason=ScheduledReply.held_reason,
        news=news.correlate(ScheduledReply).scalar_subquery(),
    )
    rows = (
        select(row.label("row"), ScheduledReply.due_at, ScheduledReply.id)
        .outerjoin(User, User.id == ScheduledReply.author_id)
        .where(ScheduledReply.conversation_id == Conversation.id)
        .correlate(Conversation)
        .subquery()
    )
    return select(json_list(rows.c.row, order=rows.c.due_at)).scalar_subquery()


def read(told: dict[str, Any]) -> ScheduledRow:
    """Return a row that travelled as JSON; of formatted replies the plain words."""
    lists = {name: tuple(told[name]) for name in ("cc", "bcc")}
    layout = formatted(told["text"]) if told.pop("is_markdown") else None
    told["text"] = layout.words if layout else told["text"]
    due_at = moment(told["due_at"])
    assert due_at is not None
    return ScheduledRow(
        **(told | lists | {"files": tuple(file["filename"] for file in told["files"]), "due_at": due_at})
    )
