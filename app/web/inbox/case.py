"""Cases: opened from a conversation, edited beside it or on their own page."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, TypeVar

from flask import Blueprint, redirect, render_template, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.db import reading, transaction
from app.discretion import restored
from app.errors import Invalid
from app.models import CaseStatus, CaseType, Priority, User
from app.phrases import phrase
from app.queries import case_list, case_view, sidebar
from app.queries.by_id import find
from app.render import zone
from app.services import access, cases
from app.web.inbox import asked, timeline_items
from app.web.inbox.acting import lead_to
from app.web.inbox.conversation import back_to
from app.web.session import current_user, local_path, signed_in

pages = Blueprint("cases", __name__)

Choice = TypeVar("Choice", bound=StrEnum)
CHOICES: dict[str, Any] = {"CaseType": CaseType, "CaseStatus": CaseStatus, "Priority": Priority}


@pages.get("/cases")
@signed_in
def index() -> str:
    status = request.args.get("status", CaseStatus.OPEN.value)
    mine = request.args.get("mine") == "1"
    status = status if status in {*CaseStatus, "all"} else CaseStatus.OPEN.value
    user = current_user()
    with reading() as session:
        ids = access.inbox_ids_of(user)
        before = request.args.get("before", "")
        page = case_list.page(session, user=user, inbox_ids=ids, status=status, mine=mine, before=before)
    template = "cases/_rows.html" if asked.part() == "case-rows" else "cases/index.html"
    return render_template(template, page=page, status=status, mine=mine, **CHOICES)


@pages.get("/cases/<public_id>")
@signed_in
def show(public_id: str) -> str:
    user = current_user()
    with reading() as session:
        ids = access.inbox_ids_of(user)
        case = access.case_for(session, user, public_id)
        view = case_view.view(session, case_id=case.id, inbox_ids=ids)
        options = sidebar.options(session, inbox_ids=ids)
    lines = timeline_items.in_words(view.activities)
    template = "cases/_live.html" if asked.part() == "case-live" else "cases/show.html"
    return render_template(template, view=view, lines=lines, options=options, **CHOICES)


@pages.post("/conversations/<public_id>/cases")
@signed_in
def open_case(public_id: str) -> Response:
    user = current_user()
    with transaction() as session:
        conversation = access.conversation_for(session, user, public_id, lock=True)
        cases.open_case(session, conversation=conversation, actor=user, **_fields(session))
    return back_to(public_id)


@pages.post("/cases/<public_id>")
@signed_in
def edit(public_id: str) -> Response:
    """Change a case; `version` says which one the page showed, `back` where to go on."""
    user = current_user()
    with transaction() as session:
        case = access.case_for(session, user, public_id, lock=True)
        changes = _fields(session)
        changes |= {name: restored(changes[name], getattr(case, name)) for name in ("title", "description")}
        owner: User | None = changes.pop("owner")
        changes["owner_id"] = owner.id if owner else None
        changes["status"] = _choice(CaseStatus, "status")
        version = request.form.get("version", type=int) or 0
        was_closed = case.status is CaseStatus.CLOSED
        cases.edit_case(session, case=case, actor=user, version=version, **changes)
        closes = case.status is CaseStatus.CLOSED and not was_closed
        closes = closes and cases.unresolved(session, case, inbox_ids=access.inbox_ids_of(user)) > 0
    if closes:
        return lead_to(f"/cases/{public_id}/closing")
    back = request.form.get("back")
    return redirect(local_path(back) if back else f"/cases/{public_id}", code=303)


def _fields(session: Session) -> dict[str, Any]:
    owner = request.form.get("owner", "")
    found = find(session, User, owner) if owner else None
    if owner and (found is None or not found.is_active):
        raise Invalid(phrase("That colleague is not here any more."), field="owner")
    return {
        "title": request.form.get("title", ""),
        "description": request.form.get("description", "").replace("\r\n", "\n"),
        "type": _choice(CaseType, "type"),
        "priority": _choice(Priority, "priority"),
        "owner": found,
        "due_at": _moment("due_at"),
    }


def _choice(kind: type[Choice], field: str) -> Choice:
    try:
        return kind(request.form.get(field, ""))
    except ValueError:
        raise Invalid(phrase("Choose one of {choices}.", choices=", ".join(kind)), field=field) from None


def _moment(field: str) -> datetime | None:
    told = request.form.get(field, "")
    if not told:
        return None
    try:
        return datetime.fromisoformat(told).replace(tzinfo=zone()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Invalid(phrase("This is not a date and time."), field=field) from None
