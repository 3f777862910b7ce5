"""Filters that people keep: their own, a team's, everybody's. Who may change which, and how each user's list looks."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import and_, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.errors import Conflict, Forbidden, Invalid
from app.models import ListSetting, Role, SavedView, Team, User, ViewScope
from app.phrases import phrase
from app.queries import filter_groups
from app.queries.conversation_order import ORDERS
from app.queries.filter_groups import Group
from app.services import access
from app.services.tags import COLOURS

LONGEST_NAME, MOST_VIEWS = 60, 100  # characters; views that one user, one team or everybody has
DENSITIES = ("comfortable", "compact")
PARTS = ("face", "subject", "preview", "mood", "intent", "tags", "priority", "waiting", "assignee")  # of a row


def may_manage(user: User, scope: ViewScope) -> bool:
    """Say whether a user may make or change views of a scope: those of others are for supervisors and admins."""
    return scope is ViewScope.PERSONAL or user.role in {Role.SUPERVISOR, Role.ADMIN}


def save(
    session: Session,
    *,
    user: User,
    view: SavedView | None = None,
    name: str,
    scope: ViewScope,
    team: Team | None,
    colour: str,
    group: Group,
    sort: str = "",
    version: int | None = None,
) -> SavedView:
    """Add a view, or change one. Raises Invalid, Forbidden, or Conflict where somebody changed it since `version`."""
    name = " ".join(name.split())
    _check(name, scope, team, colour, sort)
    if not may_manage(user, scope) or (view is not None and not may_manage(user, view.scope)):
        raise Forbidden(phrase("Views of teams and of everybody are changed by supervisors and admins."))
    if view is None:
        _check_room(session, user, scope, team)
        view = SavedView(owner_id=user.id, version=0)
        session.add(view)
    elif version is not None and version != view.version:
        raise Conflict(phrase("Somebody changed this view meanwhile. Look again, then decide."), version=view.version)
    view.name, view.scope, view.team_id, view.colour = name, scope, team.id if team else None, colour
    view.conditions, view.sort = filter_groups.as_json(group), sort
    view.owner_id = user.id if scope is ViewScope.PERSONAL else view.owner_id
    view.version += 1
    session.flush()  # the caller shows or uses its id
    return view


def delete(session: Session, *, user: User, view: SavedView) -> None:
    """Remove a view. Raises Forbidden."""
    if not may_manage(user, view.scope):
        raise Forbidden(phrase("Views of teams and of everybody are removed by supervisors and admins."))
    session.delete(view)


def set_looks(session: Session, *, user: User, density: str, shown: Sequence[str]) -> None:
    """Remember which parts of a row a user wants, and how close the rows are. Raises Invalid."""
    if density not in DENSITIES:
        raise Invalid(phrase("Choose comfortable or compact."), field="density")
    _put(session, user, density=density, hidden=[part for part in PARTS if part not in shown])


def set_default(session: Session, *, user: User, view: SavedView | None) -> None:
    """Remember with which view a user's inbox opens; None: with all that is open."""
    _put(session, user, default_view_id=view.id if view else None)


def set_order(session: Session, *, user: User, public_ids: Sequence[str]) -> None:
    """Remember the order in which a user wants the views; those not named come after them."""
    known = session.scalars(select(SavedView.public_id).where(access.views_of(user)))
    allowed = {str(public_id) for public_id in known}
    _put(session, user, view_order=list(dict.fromkeys(one for one in public_ids if one in allowed)))


def _put(session: Session, user: User, **values: object) -> None:
    statement = insert(ListSetting).values(user_id=user.id, **values)
    session.execute(statement.on_conflict_do_update(index_elements=[ListSetting.user_id], set_=values))


def _check(name: str, scope: ViewScope, team: Team | None, colour: str, sort: str) -> None:
    if not name or len(name) > LONGEST_NAME:
        raise Invalid(phrase("A view needs a name of 1 to {most} characters.", most=LONGEST_NAME), field="name")
    if colour not in COLOURS:
        raise Invalid(phrase("Choose one of the colours offered."), field="colour")
    if (scope is ViewScope.TEAM) is not (team is not None):
        raise Invalid(phrase("Choose the team that shares this view."), field="team")
    if sort not in ORDERS:
        raise Invalid(phrase("Choose one of the orders offered."), field="sort")


def _check_room(session: Session, user: User, scope: ViewScope, team: Team | None) -> None:
    of = SavedView.scope == scope
    if scope is ViewScope.PERSONAL:
        of = and_(of, SavedView.owner_id == user.id)
    elif team is not None:
        of = and_(of, SavedView.team_id == team.id)
    if (session.scalar(select(func.count()).select_from(SavedView).where(of)) or 0) >= MOST_VIEWS:
        raise Invalid(phrase("There are {most} views already: remove one first.", most=MOST_VIEWS), field="name")
