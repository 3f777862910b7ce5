"""First steps: the demo conversation. Begin it, see how far it has come, remove every trace of it."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template
from werkzeug.wrappers import Response

from app.db import transaction
from app.errors import Conflict, Invalid
from app.phrases import phrase
from app.services import demo_conversation
from app.web.authz import current_user, signed_in
from app.web.first_steps.steps import read
from app.web.languages import flash

pages = Blueprint("first_steps_demo", __name__)

HERE = "/first-steps/demo"


@pages.get(HERE)
@signed_in
def show() -> str:
    return render_template("first_steps/demo.html", found=read(current_user()))


@pages.get(f"{HERE}/stage")
@signed_in
def stage() -> str:
    """Return how far the demo has come."""
    return render_template("first_steps/_stage.html", found=read(current_user()))


@pages.post(HERE)
@signed_in
def begin() -> Response:
    try:
        with transaction() as session:
            demo_conversation.begin(session, user=current_user())
    except (Invalid, Conflict) as problem:
        flash(problem.reason, "error")
    return redirect(HERE, code=303)


@pages.post(f"{HERE}/<channel_id>/remove")
@signed_in
def remove(channel_id: str) -> Response:
    """Delete a demo with its conversation, contact and channel."""
    try:
        with transaction() as session:
            channel = demo_conversation.get_for(session, user=current_user(), channel_id=channel_id)
            folder = demo_conversation.remove(session, channel=channel)
    except Conflict as problem:
        flash(problem.reason, "error")
        return redirect(HERE, code=303)
    demo_conversation.clear(folder)
    flash(phrase("The demo is gone: its customer, its conversation and its channel."), "success")
    return redirect("/first-steps", code=303)
