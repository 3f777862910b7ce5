"""Settings, canned responses: reusable texts with variables, for everybody, one inbox or one team."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.db import reading, transaction
from app.errors import AppError, Conflict, Invalid
from app.models import CannedResponse, Inbox, Team
from app.queries import settings_people, settings_suggestions
from app.services import by_public_id, canned_responses
from app.web.authz import supervisor_only
from app.web.settings.languages import LANGUAGES

pages = Blueprint("settings_canned_responses", __name__, url_prefix="/settings/canned-responses")

HERE = "/settings/canned-responses"


@pages.get("")
@supervisor_only
def index() -> str:
    with reading() as session:
        rows = settings_suggestions.canned_responses(session)
    return render_template("settings/canned_responses.html", rows=rows)


@pages.get("/new")
@supervisor_only
def new() -> str:
    return _form(None, {}, None)


@pages.post("/new")
@supervisor_only
def create() -> Response | tuple[str, int]:
    return _save(None)


@pages.get("/<canned_id>")
@supervisor_only
def edit(canned_id: str) -> str:
    with reading() as session:
        canned = by_public_id.get(session, CannedResponse, canned_id)
        values = {name: getattr(canned, name) for name in ("shortcut", "title", "text", "language", "is_archived")}
        values["place"] = _place_of(session, canned)
    return _form(canned_id, values, None)


@pages.post("/<canned_id>")
@supervisor_only
def save(canned_id: str) -> Response | tuple[str, int]:
    return _save(canned_id)


@pages.post("/<canned_id>/archive")
@supervisor_only
def archive(canned_id: str) -> Response | tuple[str, int]:
    """Offer it no longer (`archived=1`), or again."""
    is_archived = request.form.get("archived") == "1"
    try:
        with transaction() as session:
            canned = by_public_id.get(session, CannedResponse, canned_id, lock=True)
            canned_responses.archive(session, canned=canned, is_archived=is_archived)
    except Conflict as problem:
        return _form(canned_id, dict(request.form), problem), problem.status
    flash("Archived: it is not offered any more." if is_archived else "Offered again.", "success")
    return redirect(HERE, code=303)


def _save(canned_id: str | None) -> Response | tuple[str, int]:
    told: dict[str, Any] = {name: request.form.get(name, "") for name in ("shortcut", "title", "text", "language")}
    try:
        with transaction() as session:
            canned = by_public_id.get(session, CannedResponse, canned_id, lock=True) if canned_id else None
            canned_responses.save(session, canned=canned, **told, **_place(session))
    except (Invalid, Conflict) as problem:
        return _form(canned_id, {**told, "place": request.form.get("place", "")}, problem), problem.status
    flash("Saved. The models read it in a moment and suggest it where it fits.", "success")
    return redirect(HERE, code=303)


def _place(session: Session) -> dict[str, Any]:
    """Read where it is offered: "inbox:<id>", "team:<id>" or everywhere."""
    kind, _, id_ = request.form.get("place", "").partition(":")
    if kind == "inbox":
        return {"inbox": by_public_id.get(session, Inbox, id_)}
    return {"team": by_public_id.get(session, Team, id_)} if kind == "team" else {}


def _place_of(session: Session, canned: CannedResponse) -> str:
    if canned.inbox_id:
        return f"inbox:{session.get_one(Inbox, canned.inbox_id).public_id}"
    return f"team:{session.get_one(Team, canned.team_id).public_id}" if canned.team_id else ""


def _form(canned_id: str | None, values: dict[str, Any], problem: AppError | None) -> str:
    with reading() as session:
        places = [(f"inbox:{row.public_id}", f"Inbox {row.name}") for row in settings_people.inboxes_to_choose(session)]
        places += [(f"team:{row.public_id}", f"Team {row.name}") for row in settings_people.teams_to_choose(session)]
    return render_template(
        "settings/canned_response.html",
        canned_id=canned_id,
        values=values,
        places=places,
        languages=LANGUAGES,
        variables=canned_responses.VARIABLES,
        problem=problem,
    )
