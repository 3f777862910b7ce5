"""Settings, learning: the versions of what people taught the model, and going back."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from app.db import reading, transaction
from app.errors import Invalid, NotFound
from app.phrases import phrase
from app.queries import model_versions, settings_learning
from app.services import access, corrections, light_heads
from app.services.labels import CORRECTABLE
from app.web.authz import current_user, supervisor_only
from app.web.languages import flash

pages = Blueprint("settings_learning", __name__, url_prefix="/settings/learning")


@pages.get("")
@supervisor_only
def index() -> str:
    with reading() as session:
        versions = settings_learning.versions(session)
        context = {
            "reading": model_versions.reading_again(session),
            "states": settings_learning.states(session),
            "activations": settings_learning.activations(session),
            "spoken": settings_learning.newest_corrections(session, inbox_ids=access.inbox_ids_of(current_user())),
        }
    by_task = {task: [row for row in versions if row.task == task] for task in CORRECTABLE}
    return render_template("settings/learning.html", versions=by_task, **context)


@pages.post("/<task>")
@supervisor_only
def activate(task: str) -> Response:
    """Use `version`, or ("") the model alone."""
    if task not in CORRECTABLE:
        raise NotFound
    wanted = request.form.get("version", "")
    if wanted and not wanted.isdecimal():
        raise Invalid(phrase("A version is a number."), field="version")
    with transaction() as session:
        light_heads.activate(session, task=task, version=int(wanted) if wanted else None, actor=current_user())
    said = phrase("Version {number} is used from the next message on.", number=wanted)
    flash(said if wanted else phrase("The model alone decides."), "success")
    return redirect(f"/settings/learning#{task}", code=303)


@pages.post("/corrections/<message_id>/<task>/undo")
@supervisor_only
def take_back(message_id: str, task: str) -> Response:
    with transaction() as session:
        message = access.message_for(session, current_user(), message_id)
        corrections.undo(session, message=message, task=task, actor=current_user())
    flash(phrase("Taken back; it is unlearned within seconds."), "success")
    return redirect("/settings/learning#corrections", code=303)
