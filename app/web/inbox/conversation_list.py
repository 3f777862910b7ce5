"""The list of conversations, alone or beside an open one."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from flask import Blueprint, Response, make_response, redirect, render_template, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from app.db import plan_once, reading
from app.errors import Invalid
from app.models import User
from app.phrases import phrase, phrase_in
from app.queries import bulk_progress, conversation_list, saved_views, sidebar
from app.queries.conversation_list import PAGE, Filters
from app.queries.saved_views import NOTHING, Looks
from app.queries.sidebar import Options
from app.services import access
from app.web.inbox import asked, views
from app.web.session import current_user, signed_in

pages = Blueprint("inbox", __name__)

VIEW_NAMES = {
    "all": phrase("All conversations"),
    "mine": phrase_in("conversations", "Mine"),
    "unassigned": phrase("Unassigned"),
    "mentions": phrase("Mentions"),
    "followed": phrase("Followed by me"),
}


@dataclass(frozen=True, slots=True)
class Shown:
    """What the list and the navigation beside it show."""

    filters: Filters
    page: conversation_list.Page
    sidebar: sidebar.Sidebar
    title: str
    starts_at: str = ""  # where the first row is not the list's first
    problem: str = ""  # why the conditions cannot be asked
    view_counts: dict[str, int] = field(default_factory=dict)
    bulk: bulk_progress.Progress | None = None

    @property
    def total(self) -> int | None:
        """How many rows the whole list has, None where it has more than are counted."""
        counted = self.sidebar.counts.statuses
        found = counted.get(self.filters.status, sum(counted.values()))
        return found if max(counted.values()) < sidebar.MOST_COUNTED else None

    def context(self) -> dict[str, Any]:
        return {
            "filters": self.filters,
            "list": self.page,
            "starts_at": self.starts_at,
            "total": self.total,
            "counts": self.sidebar.counts,
            "options": _with_chosen(self.sidebar.options, self.filters),
            "title": self.title,
            "view_names": VIEW_NAMES,
            "looks": self.sidebar.looks,
            "view_counts": self.view_counts,
            "bulk": self.bulk,
            "shown_view": self.filters.saved,
            "where_problem": self.problem,
        }


def _with_chosen(options: Options, filters: Filters) -> Options:
    """Offer also what is asked for now: it may have become rare since."""
    return replace(
        options,
        intents=tuple(sorted({*options.intents, filters.intent} - {""})),
        languages=tuple(sorted({*options.languages, filters.language} - {""})),
    )


def shown(session: Session, user: User, *, with_counts: bool = False, is_beside: bool = False) -> Shown:
    """Read the list that the address asks for, with what stands beside it.

    Three statements (two where it `is_beside` a conversation, which asks enough itself), one more for a saved view, two
    more `with_counts` of the views.
    """
    visible, ids = access.views_of(user), access.inbox_ids_of(user)
    known = saved_views.looks(session, user=user, visible=visible) if request.args.get("saved") else Looks(())
    wanted, problem = _wanted(known)
    if wanted.can_be_kept and not is_beside:
        plan_once(session)
    side, cursor = asked.place()
    rows = request.args.get("rows", PAGE, type=int)
    page = conversation_list.page(session, user=user, inbox_ids=ids, filters=wanted, after=cursor, side=side, rows=rows)
    beside = sidebar.sidebar(session, user=user, inbox_ids=ids, filters=wanted, visible=visible)
    inbox = next((inbox.name for inbox in beside.counts.inboxes if inbox.id == wanted.inbox), None)
    view = known.find(wanted.saved)
    title = inbox or (view.name if view else VIEW_NAMES[wanted.view])
    views = beside.looks.views if with_counts else ()
    many = saved_views.counts(session, user=user, inbox_ids=ids, views=views)
    bulk = bulk_progress.newest(session, user=user) if with_counts else None
    return Shown(wanted, page, beside, title, starts_at=cursor, problem=problem, view_counts=many, bulk=bulk)


def _wanted(looks: Looks) -> tuple[Filters, str]:
    """Read the filters; nothing fits conditions that cannot be read."""
    try:
        return asked.read(looks), ""
    except Invalid as refused:
        return replace(asked.filters(), within=(NOTHING,)), refused.reason


@pages.get("/")
@signed_in
def home() -> BaseResponse:
    return redirect("/inbox")


@pages.get("/inbox")
@signed_in
def index() -> BaseResponse:
    part, user = asked.part(), current_user()
    if part == "pane":
        return make_response(render_template("inbox/_empty_pane.html", filters=asked.filters()))
    with reading() as session:
        found = shown(session, user, with_counts=not part)
        default = found.sidebar.looks.default
        if default is not None and not part and not request.args:
            return redirect(views.address_of(default.id, default.sort))
    return answer(found, part)


def answer(found: Shown, part: str, **pane: Any) -> Response:
    """Render the page, or the part of it that was asked for."""
    if part == "more":
        return make_response(render_template("inbox/_rows.html", **found.context()))
    if part == "list":
        response = make_response(render_template("inbox/_list_update.html", **found.context()))
        query = found.filters.query() or (
            "?view=all" if found.sidebar.looks.default else ""
        )  # "/inbox" is the default view
        response.headers["HX-Push-Url"] = asked.address_with(query)
        return response
    return make_response(render_template("inbox/index.html", **(found.context() | pane)))
