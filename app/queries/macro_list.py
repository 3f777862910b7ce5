"""Macros: those that somebody may run, and all of one's settings page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from app.models import CannedResponse, Macro, Team, User

MOST = 500
Options = dict[str, list[tuple[str, str]]]


@dataclass(frozen=True, slots=True)
class MacroRow:
    """`place` names the team it is kept to, "" for everybody."""

    public_id: UUID
    name: str
    actions: list[dict[str, Any]]
    place: str
    is_own: bool
    uses: int


def usable(session: Session, *, usable: ColumnElement[bool]) -> list[MacroRow]:
    """Return the macros that fulfil a condition, in their order, at most MOST."""
    query = (
        select(
            Macro.public_id,
            Macro.name,
            Macro.actions,
            func.coalesce(Team.name, ""),
            Macro.owner_id.is_not(None),
            Macro.uses,
        )
        .outerjoin(Team, Team.id == Macro.team_id)
        .where(usable)
        .order_by(Macro.position, Macro.id)
        .limit(MOST)
    )
    return [MacroRow(*row) for row in session.execute(query)]


def options(session: Session, *, canned: ColumnElement[bool]) -> Options:
    """Return what the values of actions can be, by their source: public ids and names. `canned` keeps what may be
    chosen of canned responses.
    """
    responses = select(CannedResponse.public_id, CannedResponse.shortcut, CannedResponse.title)
    responses = responses.where(canned, CannedResponse.is_archived.is_(False)).order_by(CannedResponse.shortcut)
    teams = select(Team.public_id, Team.name).order_by(Team.name)
    users = select(User.public_id, User.name).where(User.is_active).order_by(User.name)
    return {
        "canned": [(str(id_), f"/{shortcut} {title}") for id_, shortcut, title in session.execute(responses)],
        "teams": [(str(id_), name) for id_, name in session.execute(teams)],
        "users": [(str(id_), name) for id_, name in session.execute(users)],
    }
