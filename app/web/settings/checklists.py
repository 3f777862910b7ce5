"""Settings, checklists: ready-made lists of things to do, put into conversations and cases by hand."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from app.db import reading, transaction
from app.errors import AppError, Conflict, Invalid
from app.models import ChecklistTemplate
from app.models.checklist import MOST
from app.phrases import phrase
from app.queries import checklist_lines
from app.services import by_public_id, checklists
from app.web.authz import supervisor_only
from app.web.languages import flash

pages = Blueprint("settings_checklists", __name__, url_prefix="/settings/checklists")

HERE = "/settings/checklists"


@pages.get("")
@supervisor_only
def index() -> str:
    with reading() as session:
        rows = checklist_lines.templates(session)
    return render_template("settings/checklists.html", rows=rows)


@pages.get("/new")
@supervisor_only
def new() -> str:
    return _form("", {}, None)


@pages.post("/new")
@supervisor_only
def create() -> Response | tuple[str, int]:
    return _save("")


@pages.get("/<template_id>")
@supervisor_only
def edit(template_id: str) -> str:
    with reading() as session:
        found = by_public_id.get(session, ChecklistTemplate, template_id)
        values = {"name": found.name, "items": "\n".join(found.items)}
    return _form(template_id, values, None)


@pages.post("/<template_id>")
@supervisor_only
def save(template_id: str) -> Response | tuple[str, int]:
    return _save(template_id)


@pages.post("/<template_id>/delete")
@supervisor_only
def delete(template_id: str) -> Response:
    """Delete it; what was put in from it stays."""
    with transaction() as session:
        session.delete(by_public_id.get(session, ChecklistTemplate, template_id, lock=True))
    flash(phrase("Deleted. What was put in from it stays."), "success")
    return redirect(HERE, code=303)


def _save(template_id: str) -> Response | tuple[str, int]:
    told = {name: request.form.get(name, "") for name in ("name", "items")}
    try:
        with transaction() as session:
            known = by_public_id.get(session, ChecklistTemplate, template_id, lock=True) if template_id else None
            checklists.save_template(session, template=known, **told)
    except (Invalid, Conflict) as problem:
        return _form(template_id, told, problem), problem.status
    flash(phrase("Saved."), "success")
    return redirect(HERE, code=303)


def _form(template_id: str, values: dict[str, str], problem: AppError | None) -> str:
    return render_template(
        "settings/checklist.html", template_id=template_id, values=values, problem=problem, most=MOST
    )
