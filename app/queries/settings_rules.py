"""Settings: the rule book in words, what its forms offer, and the tags with their use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.models import AutomationRule, Channel, ChannelState, Inbox, Tag, Tagging, Team, User
from app.queries._json import json_rows

Options = dict[str, list[tuple[str, str]]]  # source → (value, word)


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
    """Return what rules can name: inboxes, channels, teams, users, as (public id, word), in one query."""
    inboxes = select(Inbox.public_id.label("value"), Inbox.name.label("word")).order_by(func.lower(Inbox.name))
    channels = select(Channel.public_id.label("value"), Channel.name.label("word"))
    channels = channels.where(Channel.state != ChannelState.REMOVED).order_by(func.lower(Channel.name))
    teams = select(Team.public_id.label("value"), Team.name.label("word")).order_by(func.lower(Team.name))
    people = select(User.public_id.label("value"), User.name.label("word"))
    people = people.where(User.is_active).order_by(func.lower(User.name))
    lists = session.execute(select(*(json_rows(part) for part in (inboxes, channels, teams, people)))).one()
    return {
        source: [(row["value"], row["word"]) for row in rows]
        for source, rows in zip(("inboxes", "channels", "teams", "users"), lists, strict=True)
    }


def tags(session: Session) -> list[TagRow]:
    uses = select(func.count(Tagging.id)).where(Tagging.tag_id == Tag.id).scalar_subquery()
    query = select(Tag.public_id, Tag.name, Tag.colour, uses).order_by(func.lower(Tag.name))
    return [TagRow(*row) for row in session.execute(query)]
