"""First steps: the chat on a website. Makes its channel, shows the one line, and says when the first visitor wrote."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from app.config import settings
from app.db import reading, transaction
from app.errors import AppError, Conflict, Invalid
from app.models import Inbox
from app.phrases import phrase
from app.queries import settings_people
from app.services import by_public_id, channel_settings, channels
from app.web.authz import admin_only, current_user
from app.web.first_steps.steps import read
from app.web.languages import flash
from connectors.registry import WEBCHAT

pages = Blueprint("first_steps_chat", __name__)

HERE = "/first-steps/chat"
NAME = "Website chat"


@pages.get(HERE)
@admin_only
def show() -> str:
    return _page(None)


@pages.get(f"{HERE}/visit")
@admin_only
def visit() -> str:
    """Return the line that says whether a visitor has written yet."""
    return render_template("first_steps/_visit.html", found=read(current_user()))


@pages.post(HERE)
@admin_only
def make() -> Response | tuple[str, int]:
    try:
        given = channel_settings.defaults(WEBCHAT) | {"origins": request.form.get("origins", "")}
        credentials = channel_settings.read(WEBCHAT, given)
        _check(credentials)
        with transaction() as session:
            inbox = by_public_id.get(session, Inbox, request.form.get("inbox", ""))
            channels.connect(session, inbox=inbox, kind=WEBCHAT, name=NAME, credentials=credentials)
    except (Invalid, Conflict) as problem:
        return _page(problem), problem.status
    flash(phrase("The chat is ready. Copy its line into your website, or try it on the test page."), "success")
    return redirect(HERE, code=303)


def _check(credentials: dict[str, object]) -> None:
    """Look at the websites. Raises Invalid, which names the field."""
    try:
        channels.check(WEBCHAT, credentials)
    except Invalid as problem:
        raise Invalid(problem.reason, field="origins") from None


def _page(problem: AppError | None) -> str:
    found = read(current_user())
    with reading() as session:
        inboxes = settings_people.inboxes_to_choose(session)
    return render_template(
        "first_steps/chat.html",
        found=found,
        inboxes=inboxes,
        problem=problem,
        typed=request.form,
        snippet=f'<script src="{settings().base_url}/webchat/{found.chat.token}.js" async></script>'
        if found.chat
        else "",
        preview=f"/webchat/{found.chat.token}/preview" if found.chat else "",
    )
