"""What the composer must know of the customer's messages and of the channel: one query."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from app.models import ChannelTemplate, Direction, Message
from app.queries._json import json_list, json_object, moment

LONGEST_EXCERPT, MOST_TEMPLATES = 200, 200
NOBODY = UUID(int=0)


@dataclass(frozen=True, slots=True)
class SaidRow:
    """A customer's message that can be answered; `text` is how it begins."""

    id: str
    text: str
    is_public: bool
    at: datetime | None


@dataclass(frozen=True, slots=True)
class TemplateRow:
    """A template that the provider approved; `text` has {{1}}, {{2}} … where values go."""

    id: str
    name: str
    language: str
    text: str


@dataclass(frozen=True, slots=True)
class ComposerRow:
    """`newest` of the customer's messages on the channel, and the one that was `chosen` to be answered."""

    newest: SaidRow | None
    chosen: SaidRow | None
    templates: tuple[TemplateRow, ...]


def find(session: Session, *, conversation_id: int, channel_id: int, chosen: str = "") -> ComposerRow:
    """Read it for a reply that leaves by this channel. A choice that is not one of its messages is none."""
    said = (Message.conversation_id == conversation_id) & (Message.channel_id == channel_id)
    theirs = said & (Message.direction == Direction.INBOUND) & Message.deleted_at.is_(None)
    row = session.execute(
        select(
            _said(theirs).label("newest"),
            _said(theirs & Message.external_id.is_not(None) & (Message.public_id == _id(chosen))).label("chosen"),
            _templates(channel_id).label("templates"),
        )
    ).one()
    templates = tuple(TemplateRow(**one) for one in row.templates)
    return ComposerRow(_read(row.newest), _read(row.chosen), templates)


def _said(condition: ColumnElement[bool]) -> ColumnElement[Any]:
    line = json_object(
        id=Message.public_id,
        text=func.left(Message.text, LONGEST_EXCERPT),
        is_public=Message.is_public,
        at=func.coalesce(Message.sent_at, Message.created_at),
    )
    return select(line).where(condition).order_by(Message.id.desc()).limit(1).scalar_subquery()


def _templates(channel_id: int) -> ColumnElement[Any]:
    columns = {
        "id": ChannelTemplate.public_id,
        "name": ChannelTemplate.name,
        "language": ChannelTemplate.language,
        "text": ChannelTemplate.text,
    }
    lines = (
        select(json_object(**columns).label("line"), ChannelTemplate.name, ChannelTemplate.language)
        .where(ChannelTemplate.channel_id == channel_id)
        .order_by(ChannelTemplate.name, ChannelTemplate.language)
        .limit(MOST_TEMPLATES)
        .subquery()
    )
    query = select(json_list(lines.c.line, order=func.row(lines.c.name, lines.c.language)))
    return query.scalar_subquery()


def _id(public_id: str) -> UUID:
    try:
        return UUID(public_id)
    except ValueError:
        return NOBODY


def _read(told: dict[str, Any] | None) -> SaidRow | None:
    return SaidRow(**{**told, "at": moment(told["at"])}) if told else None
