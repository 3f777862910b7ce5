"""The views a user may use, how their list looks, and how many conversations each view shows now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from app.errors import Invalid
from app.models import Conversation, ListSetting, SavedView, Team, User
from app.queries import filter_conditions, filter_groups
from app.queries._json import InboxIds, json_object, json_rows
from app.queries.conversation_filters import no_spam
from app.queries.filter_groups import Group

MOST_COUNTED, MOST_VIEWS_COUNTED = 1000, 40  # "999+"; views beyond that many show no number
NOTHING = Group(is_not=True)  # what a view asks that cannot be read any more


@dataclass(frozen=True, slots=True)
class ViewRow:
    """`problem` says why a view that another release stored cannot be asked any more."""

    id: str
    name: str
    scope: str
    team_name: str | None
    colour: str
    sort: str
    group: Group
    problem: str
    is_default: bool


@dataclass(frozen=True, slots=True)
class Looks:
    """How a list looks to one user, and their views in their order."""

    views: tuple[ViewRow, ...]
    density: str = "comfortable"
    hidden: tuple[str, ...] = ()

    @property
    def default(self) -> ViewRow | None:
        return next((view for view in self.views if view.is_default), None)

    def find(self, public_id: str) -> ViewRow | None:
        return next((view for view in self.views if view.id == public_id), None)


def looks(session: Session, *, user: User, visible: ColumnElement[bool]) -> Looks:
    """Read a user's views and setting: one query."""
    return read(session.execute(select(column(user, visible))).scalar_one())


def column(user: User, visible: ColumnElement[bool]) -> ColumnElement[Any]:
    """Return views and setting as one JSON value, for a query that reads other things beside."""
    names = SavedView.id.label("row"), SavedView.public_id.label("id"), SavedView.name.label("name")
    more = SavedView.scope.label("scope"), SavedView.colour.label("colour"), SavedView.sort.label("sort")
    views = select(*names, *more, SavedView.conditions.label("conditions"), Team.name.label("team_name"))
    views = views.outerjoin(Team, Team.id == SavedView.team_id).where(visible)
    columns = ListSetting.density.label("density"), ListSetting.hidden.label("hidden")
    setting = select(*columns, ListSetting.view_order.label("order"), ListSetting.default_view_id.label("default"))
    return json_object(views=json_rows(views), setting=json_rows(setting.where(ListSetting.user_id == user.id)))


def read(found: dict[str, Any]) -> Looks:
    """Read what `column` returned."""
    setting = next(iter(found["setting"]), None)
    if setting is None:
        return Looks(tuple(_in_order([_row(view, None) for view in found["views"]], [])))
    views = [_row(view, setting["default"]) for view in found["views"]]
    return Looks(tuple(_in_order(views, setting["order"])), setting["density"], tuple(setting["hidden"]))


def counts(session: Session, *, user: User, inbox_ids: InboxIds, views: Sequence[ViewRow]) -> dict[str, int]:
    """Count up to MOST_COUNTED what each view shows, by its id. One query."""
    counted = [view for view in views if not view.problem][:MOST_VIEWS_COUNTED]
    if not counted:
        return {}
    found = session.execute(select(*(_count(user, inbox_ids, view.group) for view in counted))).one()
    return {view.id: many for view, many in zip(counted, found, strict=True)}


def _count(user: User, inbox_ids: InboxIds, group: Group) -> Any:
    holds = filter_conditions.condition(group, user)
    wanted = Conversation.inbox_id.in_(inbox_ids), holds, *no_spam([group])
    matching = select(Conversation.id).where(*wanted).limit(MOST_COUNTED)
    return select(func.count()).select_from(matching.subquery()).scalar_subquery()


def _row(view: dict[str, Any], default_id: int | None) -> ViewRow:
    try:
        group, problem = filter_groups.checked(view["conditions"]), ""
    except Invalid as error:
        group, problem = NOTHING, error.reason
    told = {name: view[name] for name in ("id", "name", "scope", "team_name", "colour", "sort")}
    return ViewRow(**told, group=group, problem=problem, is_default=view["row"] == default_id)


def _in_order(views: Sequence[ViewRow], order: Sequence[str]) -> list[ViewRow]:
    """Sort views as their reader put them; then by scope and name."""
    places = {public_id: place for place, public_id in enumerate(order)}
    scopes = {"personal": 0, "team": 1, "everyone": 2}
    return sorted(views, key=lambda view: (places.get(view.id, len(places)), scopes[view.scope], view.name.casefold()))
