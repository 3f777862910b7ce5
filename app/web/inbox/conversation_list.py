"""The list of conversations, alone or beside an open one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, make_response, redirect, render_template, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from app.db import reading
from app.models import User
from app.queries import conversation_list, sidebar
from app.queries.conversation_list import PAGE, Filters
from app.services import access
from app.web.inbox import asked
from app.web.session import current_user, signed_in

pages = Blueprint("inbox", __name__)

VIEW_NAMES = {"all": "All conversations", "mine": "Mine", "unassigned": "Unassigned"}


@dataclass(frozen=True, slots=True)
class Shown:
    """What the list and the navigation beside it show."""

    filters: Filters
    page: conversation_list.Page
    sidebar: sidebar.Sidebar
    title: str
    starts_at: str = ""  # where the first row is not the list's first

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
            "options": self.sidebar.options,
            "title": self.title,
            "view_names": VIEW_NAMES,
        }


def shown(session: Session, user: User) -> Shown:
    """Read the list that the address asks for, with the counts beside it."""
    wanted, ids = asked.filters(), access.inbox_ids_of(user)
    side, cursor = asked.place()
    page = conversation_list.page(
        session,
        user=user,
        inbox_ids=ids,
        filters=wanted,
        after=cursor,
        side=side,
        rows=request.args.get("rows", PAGE, type=int),
    )
    beside = sidebar.sidebar(session, user=user, inbox_ids=ids, filters=wanted)
    inbox = next((inbox.name for inbox in beside.counts.inboxes if inbox.id == wanted.inbox), None)
    return Shown(wanted, page, beside, title=inbox or VIEW_NAMES[wanted.view], starts_at=cursor)


@pages.get("/")
@signed_in
def home() -> BaseResponse:
    return redirect("/inbox")


@pages.get("/inbox")
@signed_in
def index() -> Response:
    part = asked.part()
    if part == "pane":
        return make_response(render_template("inbox/_empty_pane.html", filters=asked.filters()))
    with reading() as session:
        found = shown(session, current_user())
    return answer(found, part)


def answer(found: Shown, part: str, **pane: Any) -> Response:
    """Render the page, or the part of it that was asked for."""
    if part == "more":
        return make_response(render_template("inbox/_rows.html", **found.context()))
    if part == "list":
        response = make_response(render_template("inbox/_list_update.html", **found.context()))
        response.headers["HX-Push-Url"] = asked.address_with(found.filters.query())
        return response
    return make_response(render_template("inbox/index.html", **(found.context() | pane)))
