"""Templates that a channel's provider approved, for the composer. One query."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import ChannelTemplate

MOST_TEMPLATES = 200


@dataclass(frozen=True, slots=True)
class TemplateRow:
    """`text` has {{1}}, {{2}} … where values go."""

    id: UUID
    name: str
    language: str
    text: str


def templates(session: Session, *, channel_id: int) -> list[TemplateRow]:
    """Return the templates of a channel by name and language, at most MOST_TEMPLATES."""
    query = select(
        ChannelTemplate.public_id, ChannelTemplate.name, ChannelTemplate.language, ChannelTemplate.text
    ).where(ChannelTemplate.channel_id == channel_id)
    ordered = query.order_by(ChannelTemplate.name, ChannelTemplate.language).limit(MOST_TEMPLATES)
    return [TemplateRow(*row) for row in session.execute(ordered)]
