"""Saved views: the filter they are made of, their order beside the list, and how the list looks to one user."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

from flask import Blueprint, Response, make_response, redirect, render_template, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from app.db import reading, transaction
from app.errors import AppError, Invalid, NotFound
from app.models import Role, SavedView, Team, User, ViewScope
from app.phrases import phrase
from app.queries import conversation_filters, filter_groups, filter_vocabulary, sidebar
from app.queries import saved_views as view_rows
from app.queries.by_id import find
from app.queries.conversation_filters import Filters
from app.queries.filter_groups import Group
from app.services import access, saved_views
from app.services.tags import COLOURS
from app.web.inbox import asked, filter_form
from app.web.inbox.filter_form import Draft
from app.web.session import current_user, signed_in

pages = Blueprint("views", __name__, url_prefix="/inbox")


def address_of(view_id: str, sort: str) -> str:
    """Return where a view is shown: it says itself which status it wants."""
    return "/inbox" + Filters(saved=view_id, status="all", sort=sort).query()


@pages.get("/views")
@signed_in
def counted() -> Response:
    """The views with their counts, as they stand beside the list."""
    user = current_user()
    with reading() as session:
        looks = view_rows.looks(session, user=user, visible=access.views_of(user))
        many = view_rows.counts(session, user=user, inbox_ids=access.inbox_ids_of(user), views=looks.views)
    shown = parse_qs(urlsplit(request.headers.get("HX-Current-URL", "")).query).get("saved", [""])[0]
    return make_response(render_template("inbox/_views.html", looks=looks, view_counts=many, shown_view=shown))


@pages.get("/filter")
@signed_in
def edit() -> Response:
    """The filter that the address asks for, or that of a view, to be put together."""
    user = current_user()
    with reading() as session:
        view = access.saved_view_for(session, user, request.args["edit"]) if request.args.get("edit") else None
        looks = view_rows.looks(session, user=user, visible=access.views_of(user))
        group, problem = _begun(view, looks)
        return _page(session, user, filter_groups.as_json(group), view=view, problem=problem)


def _begun(view: SavedView | None, looks: view_rows.Looks) -> tuple[Group, Invalid | None]:
    try:
        if view is not None:
            return filter_groups.checked(view.conditions), None
        return conversation_filters.as_group(asked.read(looks)), None
    except Invalid as problem:
        return filter_groups.EVERYTHING, problem


@pages.post("/filter")
@signed_in
def put_together() -> BaseResponse:
    """Do what a button of the form says: change the draft, show what it finds, or keep it as a view."""
    user, do = current_user(), request.form.get("do", "")
    draft = filter_form.changed(filter_form.draft_of(request.form), do)
    try:
        if do == "show":
            text = filter_groups.as_text(filter_groups.checked(draft))
            return _lead_to("/inbox" + Filters(where=text, status="all", sort=_sort()).query())
        if do == "save":
            return _lead_to(_save(user, filter_groups.checked(draft)))
    except NotFound:
        raise
    except AppError as problem:
        with reading() as session:
            return _page(session, user, draft, problem=problem)
    with reading() as session:
        return _page(session, user, draft)


def _save(user: User, group: Group) -> str:
    form = request.form
    try:
        scope = ViewScope(form.get("scope", ViewScope.PERSONAL))
    except ValueError:
        raise Invalid(phrase("Choose who sees this view."), field="scope") from None
    with transaction() as session:
        view_id = form.get("view", "")
        view = access.saved_view_for(session, user, view_id, lock=True) if view_id else None
        team = find(session, Team, form.get("team", "")) if scope is ViewScope.TEAM else None
        view = saved_views.save(
            session,
            user=user,
            view=view,
            name=form.get("name", ""),
            scope=scope,
            team=team,
            colour=form.get("colour", ""),
            group=group,
            sort=_sort(),
            version=form.get("version", type=int),
        )
        if form.get("default"):
            saved_views.set_default(session, user=user, view=view)
        return address_of(str(view.public_id), view.sort)


@pages.get("/views/order")
@signed_in
def manage() -> str:
    user = current_user()
    with reading() as session:
        looks = view_rows.looks(session, user=user, visible=access.views_of(user))
    may_share = saved_views.may_manage(user, ViewScope.EVERYONE)
    return render_template("inbox/views.html", looks=looks, may_share=may_share, address_of=address_of)


@pages.post("/views/order")
@signed_in
def order() -> BaseResponse:
    """Put the views in the order in which the form names them; `up` or `down` moves one a place."""
    ids, user = request.form.getlist("id"), current_user()
    for name, by in (("up", -1), ("down", 1)):
        moved = request.form.get(name, "")
        if moved in ids:
            at = ids.index(moved)
            ids.insert(max(0, at + by), ids.pop(at))
    with transaction() as session:
        saved_views.set_order(session, user=user, public_ids=ids)
    return redirect("/inbox/views/order", code=303)


@pages.post("/views/default")
@signed_in
def choose_default() -> BaseResponse:
    user, wanted = current_user(), request.form.get("view", "")
    with transaction() as session:
        view = access.saved_view_for(session, user, wanted) if wanted else None
        saved_views.set_default(session, user=user, view=view)
    return redirect("/inbox/views/order", code=303)


@pages.post("/views/<public_id>/removal")
@signed_in
def remove(public_id: str) -> BaseResponse:
    with transaction() as session:
        view = access.saved_view_for(session, current_user(), public_id, lock=True)
        saved_views.delete(session, user=current_user(), view=view)
    return redirect("/inbox/views/order", code=303)


@pages.post("/looks")
@signed_in
def set_looks() -> BaseResponse:
    """Remember what a row shows, and how close rows are; then show the list again as it was."""
    with transaction() as session:
        shown = request.form.getlist("part")
        saved_views.set_looks(session, user=current_user(), density=request.form.get("density", ""), shown=shown)
    return redirect("/inbox" + asked.filters().query(), code=303)


def _sort() -> str:
    return request.form.get("sort", "")


def _lead_to(address: str) -> Response:
    """Lead on to another page; htmx is told to go there whole."""
    if request.headers.get("HX-Request"):
        return Response(status=204, headers={"HX-Redirect": address})
    return Response(status=303, headers={"Location": address})


def _page(
    session: Session, user: User, draft: Draft, *, view: SavedView | None = None, problem: AppError | None = None
) -> Response:
    ids = access.inbox_ids_of(user)
    options = sidebar.options(session, inbox_ids=ids)
    is_part = asked.part() == "filter-builder"
    context = {
        "draft": draft,
        "typed": _typed(session, view),
        "problem": problem,
        "place": getattr(problem, "field", None) or "",
        "options": options,
        "inboxes": access.visible_inboxes(session, user),
        "fields": filter_vocabulary.FIELDS,
        "operators": filter_vocabulary.OPERATORS,
        "matches": filter_vocabulary.MATCHES,
        "deepest": filter_groups.DEEPEST,
        "colours": COLOURS,
        "may_share": user.role in {Role.SUPERVISOR, Role.ADMIN},
    }
    page = render_template("inbox/_filter_builder.html" if is_part else "inbox/filter.html", **context)
    return make_response(page, 200 if is_part or problem is None else 422)


def _typed(session: Session, view: SavedView | None) -> dict[str, Any]:
    """Return what the form's own fields say: as typed, or as the view has it."""
    if request.method == "POST":
        names = ("view", "version", "name", "scope", "team", "colour", "sort", "default")
        return {name: request.form.get(name, "") for name in names}
    if view is None:
        return {"scope": "personal", "colour": "slate", "sort": request.args.get("sort", "")}
    return {
        "view": str(view.public_id),
        "version": view.version,
        "name": view.name,
        "scope": view.scope.value,
        "team": str(session.get_one(Team, view.team_id).public_id) if view.team_id else "",
        "colour": view.colour,
        "sort": view.sort,
    }
