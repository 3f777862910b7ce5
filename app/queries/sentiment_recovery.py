"""Conversations that fell and recovered, in all, by agent and by team. One statement."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select, tuple_
from sqlalchemy.orm import Session

from app.models import Conversation, Team, User
from app.queries._json import InboxIds
from app.queries.demo_left_out import is_no_demo
from app.queries.sentiment_asked import NOBODY, Asked, Period
from app.queries.sentiment_facts import is_no_spam
from app.queries.sentiment_names import NO_AGENT, NO_TEAM
from app.queries.sentiment_source import has_tag, is_value

NUMBERS = {"channel": "channel_id", "inbox": "inbox_id", "team": "team_id", "agent": "assignee_id"}


@dataclass(frozen=True, slots=True)
class Falls:
    """Of the conversations in which the customer's mood is known: how many fell, and how many of those recovered."""

    conversations: int = 0
    fell: int = 0
    recovered: int = 0

    @property
    def rate(self) -> float | None:
        return self.recovered / self.fell if self.fell else None


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has the conversations now; `key` is how an address names them."""

    key: str
    name: str
    falls: Falls


@dataclass(frozen=True, slots=True)
class Recovery:
    now: Falls
    before: Falls
    agents: tuple[Holder, ...]
    teams: tuple[Holder, ...]


def recovery(session: Session, *, asked: Asked, period: Period, inbox_ids: InboxIds, fell_to: float) -> Recovery:
    """Count conversations by when their last message came; the same filters, by what holds of them now."""
    fell = Conversation.mood_lowest <= fell_to
    is_now = Conversation.last_message_at >= period.start
    agent, team = User.public_id, Team.public_id
    query = (
        select(
            is_now.label("is_now"),
            func.grouping(agent, team).label("level"),  # 3: all, 1: by agent, 2: by team
            agent.label("agent"),
            func.max(User.name),
            team.label("team"),
            func.max(Team.name),
            func.count(),
            func.count().filter(fell),
            func.count().filter(and_(fell, Conversation.has_recovered)),
        )
        .outerjoin(User, User.id == Conversation.assignee_id)
        .outerjoin(Team, Team.id == Conversation.team_id)
        .where(*conditions(asked, period, inbox_ids))
        .group_by(func.grouping_sets(tuple_(is_now), tuple_(is_now, agent), tuple_(is_now, team)))
    )
    rows = session.execute(query).all()
    totals = {row[0]: Falls(*row[6:]) for row in rows if row[1] == 3}
    return Recovery(
        now=totals.get(True, Falls()),
        before=totals.get(False, Falls()),
        agents=_holders([(row[2], row[3], row[6:]) for row in rows if row[0] and row[1] == 1], NO_AGENT),
        teams=_holders([(row[4], row[5], row[6:]) for row in rows if row[0] and row[1] == 2], NO_TEAM),
    )


def conditions(asked: Asked, period: Period, inbox_ids: InboxIds) -> list[ColumnElement[bool]]:
    """Return what is asked of a conversation; `period` includes the time it is compared with."""
    at, before = Conversation.last_message_at, period.before
    wanted = [
        Conversation.inbox_id.in_(inbox_ids),
        Conversation.mood_lowest.is_not(None),
        is_no_spam(),
        is_no_demo(Conversation.channel_id),
        or_(and_(at >= period.start, at < period.end), and_(at >= before[0], at < before[1])),
    ]
    for name, value in asked.filters.items():
        if name == "tag":
            wanted.append(has_tag(Conversation.id.expression, value))
        else:
            wanted.append(is_value(getattr(Conversation, NUMBERS.get(name, name)).expression, name, value))
    return wanted


def _holders(rows: list[tuple[Any, str | None, Any]], nobody: str) -> tuple[Holder, ...]:
    """Return who has conversations that fell, those with the most first."""
    holders = [Holder(str(id_) if id_ else NOBODY, name or nobody, Falls(*counts)) for id_, name, counts in rows]
    return tuple(sorted((h for h in holders if h.falls.fell), key=lambda h: (-h.falls.fell, h.name)))
