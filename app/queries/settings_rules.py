"""Settings: the rule book in words, what its forms offer, and the tags with their use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.models import (
    AutomationRule,
    Channel,
    ChannelState,
    Conversation,
    Inbox,
    Tag,
    Tagging,
    Team,
    User,
    WorkspaceIntent,
)
from app.queries._json import json_rows

Options = dict[str, list[tuple[str, str]]]  # source → (value, word)
SOURCES = ("inboxes", "channels", "teams", "users", "intents", "languages")


@dataclass(frozen=True, slots=True)
class RuleRow:
    public_id: UUID
    name: str
    is_enabled: bool
    stop: bool
    conditions: dict[str, Any]
    actions: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class TagRow:
    public_id: UUID
    name: str
    colour: str
    uses: int


def book(session: Session) -> list[RuleRow]:
    """Return all rules in the order they run."""
    query = select(
        AutomationRule.public_id,
        AutomationRule.name,
        AutomationRule.is_enabled,
        AutomationRule.stop,
        AutomationRule.conditions,
        AutomationRule.actions,
    ).order_by(AutomationRule.position, AutomationRule.id)
    return [RuleRow(*row) for row in session.execute(query)]


def options(session: Session) -> Options:
    """Return what rules can name, as (value, word), in one query: inboxes, channels, teams and users by public id, the
    workspace's own intents by slug, and the languages that customers wrote in.
    """
    inboxes = select(Inbox.public_id.label("value"), Inbox.name.label("word")).order_by(func.lower(Inbox.name))
    channels = select(Channel.public_id.label("value"), Channel.name.label("word"))
    channels = channels.where(Channel.state != ChannelState.REMOVED).order_by(func.lower(Channel.name))
    teams = select(Team.public_id.label("value"), Team.name.label("word")).order_by(func.lower(Team.name))
    people = select(User.public_id.label("value"), User.name.label("word"))
    people = people.where(User.is_active).order_by(func.lower(User.name))
    intents = select(WorkspaceIntent.slug.label("value"), WorkspaceIntent.title.label("word"))
    intents = intents.where(WorkspaceIntent.archived_at.is_(None)).order_by(func.lower(WorkspaceIntent.title))
    spoken = select(Conversation.language.label("value"), Conversation.language.label("word"))
    spoken = spoken.where(Conversation.language.is_not(None)).distinct().order_by(Conversation.language)
    parts = (inboxes, channels, teams, people, intents, spoken)
    lists = session.execute(select(*(json_rows(part) for part in parts))).one()
    return {source: [(row["value"], row["word"]) for row in rows] for source, rows in zip(SOURCES, lists, strict=True)}


def tags(session: Session) -> list[TagRow]:
    uses = select(func.count(Tagging.id)).where(Tagging.tag_id == Tag.id).scalar_subquery()
    query = select(Tag.public_id, Tag.name, Tag.colour, uses).order_by(func.lower(Tag.name))
    return [TagRow(*row) for row in session.execute(query)]
