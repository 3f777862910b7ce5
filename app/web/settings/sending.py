"""Settings, sending: how long a reply can be taken back."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from app.config import settings
from app.db import reading, transaction
from app.errors import Invalid
from app.phrases import phrase
from app.services import sending_rules
from app.web.authz import admin_only
from app.web.languages import flash

pages = Blueprint("settings_sending", __name__, url_prefix="/settings/sending")


@pages.get("")
@admin_only
def show() -> str:
    with reading() as session:
        seconds = sending_rules.undo_send_seconds(session)
    return _page(str(seconds), None)


@pages.post("")
@admin_only
def change() -> Response | tuple[str, int]:
    typed = request.form.get("undo_send_seconds", "")
    try:
        with transaction() as session:
            sending_rules.change(session, undo_send_seconds=typed)
    except Invalid as problem:
        return _page(typed, problem), problem.status
    flash(phrase("Saved. It holds for replies written from now on."), "success")
    return redirect("/settings/sending", code=303)


def _page(seconds: str, problem: Invalid | None) -> str:
    return render_template(
        "settings/sending.html",
        seconds=seconds,
        most=sending_rules.MOST_UNDO_SECONDS,
        hourly=settings().automatic_mails_per_hour,
        problem=problem,
    )
