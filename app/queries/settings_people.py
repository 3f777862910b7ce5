"""Settings: who signs in, in which teams, and who may see which inbox."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import exists, func, or_, select
from sqlalchemy.orm import Session

from app.clock import now
from app.models import (
    Channel,
    ChannelState,
    Inbox,
    InboxAccess,
    Presence,
    Role,
    Team,
    TeamMember,
    TokenPurpose,
    User,
    UserToken,
)
from app.queries._json import json_list

ONLINE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class UserRow:
    """`invited_until` is set while an invitation is open; `has_password` is false before it was accepted."""

    public_id: UUID
    name: str
    email: str
    role: Role
    is_active: bool
    has_password: bool
    is_online: bool
    teams: list[str]
    invited_until: datetime | None


@dataclass(frozen=True, slots=True)
class TeamRow:
    public_id: UUID
    name: str
    members: list[str]
    inboxes: list[str]


@dataclass(frozen=True, slots=True)
class InboxRow:
    """`shared_with` names users and teams; `channels` counts those that are not removed."""

    public_id: UUID
    name: str
    team: str | None
    auto_assign: bool
    channels: int
    shared_with: list[str]


@dataclass(frozen=True, slots=True)
class Choice:
    """A row to choose in a form."""

    public_id: UUID
    name: str
    more: str = ""


def users(session: Session) -> list[UserRow]:
    """Return everybody, the active ones first, by name."""
    teams = (
        select(json_list(Team.name, order=Team.name))
        .join(TeamMember, TeamMember.team_id == Team.id)
        .where(TeamMember.user_id == User.id)
        .scalar_subquery()
    )
    online = exists().where(Presence.user_id == User.id, Presence.seen_at > now() - ONLINE)
    invited = (
        select(func.max(UserToken.expires_at))
        .where(
            UserToken.user_id == User.id,
            UserToken.purpose == TokenPurpose.INVITE,
            UserToken.used_at.is_(None),
            UserToken.expires_at > now(),
        )
        .scalar_subquery()
    )
    query = select(
        User.public_id,
        User.name,
        User.email,
        User.role,
        User.is_active,
        User.password_hash.is_not(None),
        online,
        teams,
        invited,
    ).order_by(User.is_active.desc(), func.lower(User.name), User.id)
    return [UserRow(*row) for row in session.execute(query)]


def teams(session: Session) -> list[TeamRow]:
    members = (
        select(json_list(User.name, order=User.name))
        .join(TeamMember, TeamMember.user_id == User.id)
        .where(TeamMember.team_id == Team.id, User.is_active)
        .scalar_subquery()
    )
    inboxes = select(json_list(Inbox.name, order=Inbox.name)).where(Inbox.team_id == Team.id).scalar_subquery()
    query = select(Team.public_id, Team.name, members, inboxes).order_by(func.lower(Team.name))
    return [TeamRow(*row) for row in session.execute(query)]


def inboxes(session: Session) -> list[InboxRow]:
    channels = (
        select(func.count(Channel.id))
        .where(Channel.inbox_id == Inbox.id, Channel.state != ChannelState.REMOVED)
        .scalar_subquery()
    )
    name = func.coalesce(Team.name, User.name)
    shared = (
        select(json_list(name, order=name))
        .select_from(InboxAccess)
        .outerjoin(Team, Team.id == InboxAccess.team_id)
        .outerjoin(User, User.id == InboxAccess.user_id)
        .where(InboxAccess.inbox_id == Inbox.id)
        .scalar_subquery()
    )
    team = select(Team.name).where(Team.id == Inbox.team_id).scalar_subquery()
    query = select(Inbox.public_id, Inbox.name, team, Inbox.auto_assign, channels, shared)
    return [InboxRow(*row) for row in session.execute(query.order_by(func.lower(Inbox.name)))]


def people_to_choose(session: Session, *, also: list[str] | None = None) -> list[Choice]:
    """Return the active people (no bots), and those of `also` (public ids) who are chosen already."""
    chosen = [UUID(public_id) for public_id in also or []]
    query = select(User.public_id, User.name, User.email).where(
        User.role != Role.BOT, or_(User.is_active, User.public_id.in_(chosen))
    )
    return [Choice(*row) for row in session.execute(query.order_by(func.lower(User.name), User.id))]


def teams_to_choose(session: Session) -> list[Choice]:
    return [Choice(*row) for row in session.execute(select(Team.public_id, Team.name).order_by(func.lower(Team.name)))]


def inboxes_to_choose(session: Session) -> list[Choice]:
    query = select(Inbox.public_id, Inbox.name).order_by(func.lower(Inbox.name))
    return [Choice(*row) for row in session.execute(query)]


def members_of(session: Session, team: Team) -> list[str]:
    """Return the public ids of a team's members."""
    query = select(User.public_id).join(TeamMember, TeamMember.user_id == User.id).where(TeamMember.team_id == team.id)
    return [str(public_id) for public_id in session.scalars(query)]


def shared_with(session: Session, inbox: Inbox) -> tuple[list[str], list[str]]:
    """Return the public ids of the users and of the teams who see an inbox."""
    users_query = select(User.public_id).join(InboxAccess, InboxAccess.user_id == User.id)
    teams_query = select(Team.public_id).join(InboxAccess, InboxAccess.team_id == Team.id)
    return (
        [str(found) for found in session.scalars(users_query.where(InboxAccess.inbox_id == inbox.id))],
        [str(found) for found in session.scalars(teams_query.where(InboxAccess.inbox_id == inbox.id))],
    )
