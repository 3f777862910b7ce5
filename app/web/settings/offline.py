"""Whether devices may keep what was read, for reading without a connection; and how the app is installed."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from app.db import transaction
from app.models import User
from app.phrases import phrase
from app.web.authz import current_user, session_is_kept, signed_in
from app.web.languages import flash
from app.web.pwa import DAYS

pages = Blueprint("offline", __name__)

HERE = "/settings/offline"


@pages.get(HERE)
@signed_in
def show() -> str:
    return render_template(
        "settings/offline.html", keeps=current_user().keeps_offline, is_kept=session_is_kept(), days=DAYS
    )


@pages.post(HERE)
@signed_in
def change() -> Response:
    with transaction() as session:
        user = session.get_one(User, current_user().id, with_for_update=True)
        user.keeps_offline = request.form.get("keeps") == "1"
    flash(phrase("Saved."), "success")
    return redirect(HERE, code=303)
