"""Settings: the alert rules, and what their form offers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from app.models import (
    Alert,
    AlertRecipient,
    AlertRule,
    Channel,
    ChannelState,
    Inbox,
    Role,
    SentimentHour,
    Team,
    User,
    WorkspaceIntent,
)
from app.queries._json import AnySelect, InboxIds, json_rows


@dataclass(frozen=True, slots=True)
class RuleRow:
    """`recipients` counts users and teams beside the supervisors; `raised` the alerts since `since`."""

    rule: AlertRule
    channel: str | None
    inbox: str | None
    recipients: int
    raised: int
    is_open: bool


@dataclass(frozen=True, slots=True)
class Choice:
    public_id: str
    name: str
    more: str = ""


@dataclass(frozen=True, slots=True)
class Offered:
    """What the form's lists offer: what the reader may see; people and teams all."""

    channels: tuple[Choice, ...]
    inboxes: tuple[Choice, ...]
    teams: tuple[Choice, ...]
    users: tuple[Choice, ...]
    intents: dict[str, str]  # the workspace's own, by slug
    languages: tuple[str, ...]


def rules(session: Session, *, seen: ColumnElement[bool], since: datetime) -> list[RuleRow]:
    """Return the rules that fit the condition `seen`."""
    told = select(func.count()).where(AlertRecipient.rule_id == AlertRule.id).scalar_subquery()
    raised = select(func.count()).where(Alert.rule_id == AlertRule.id, Alert.opened_at >= since).scalar_subquery()
    going_on = select(func.count()).where(Alert.rule_id == AlertRule.id, Alert.closed_at.is_(None)).scalar_subquery()
    query: AnySelect = (
        select(AlertRule, Channel.name, Inbox.name, told, raised, going_on > 0)
        .outerjoin(Channel, Channel.id == AlertRule.channel_id)
        .outerjoin(Inbox, Inbox.id == AlertRule.inbox_id)
        .where(seen)
        .order_by(AlertRule.is_enabled.desc(), func.lower(AlertRule.name), AlertRule.id)
    )
    return [RuleRow(*row) for row in session.execute(query)]


def offered(session: Session, *, inbox_ids: InboxIds, since: datetime) -> Offered:
    """Read all lists in one statement; languages are those of messages since a moment."""
    spoken = select(SentimentHour.language.label("value")).where(
        SentimentHour.task == "sentiment",
        SentimentHour.hour >= since,
        SentimentHour.inbox_id.in_(inbox_ids),
        SentimentHour.language.is_not(None),
    )
    titles = select(WorkspaceIntent.slug.label("value"), WorkspaceIntent.title.label("word"))
    lists = (
        _named(Channel, Channel.inbox_id.in_(inbox_ids), Channel.state != ChannelState.REMOVED),
        _named(Inbox, Inbox.id.in_(inbox_ids)),
        _named(Team),
        _named(User, User.is_active.is_(True), User.role != Role.BOT).add_columns(User.email.label("more")),
        titles.where(WorkspaceIntent.archived_at.is_(None)).order_by(func.lower(WorkspaceIntent.title)),
        spoken.distinct().order_by(SentimentHour.language),
    )
    channels, inboxes, teams, users, intents, languages = session.execute(
        select(*(json_rows(part) for part in lists))
    ).one()
    return Offered(
        channels=_choices(channels),
        inboxes=_choices(inboxes),
        teams=_choices(teams),
        users=_choices(users),
        intents={row["value"]: row["word"] for row in intents},
        languages=tuple(row["value"] for row in languages),
    )


def _named(table: Any, *wanted: ColumnElement[bool]) -> AnySelect:
    columns = table.public_id.label("public_id"), table.name.label("name")
    return select(*columns).where(*wanted).order_by(func.lower(table.name), table.id)


def _choices(rows: list[dict[str, Any]]) -> tuple[Choice, ...]:
    return tuple(Choice(str(UUID(row["public_id"])), row["name"], row.get("more", "")) for row in rows)
