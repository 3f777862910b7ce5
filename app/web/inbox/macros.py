"""Macros in a conversation: the list of them, what one would do there, doing it, and undoing it."""

from __future__ import annotations

from flask import Blueprint, flash, render_template, request
from uuid_utils.compat import uuid7
from werkzeug.wrappers import Response

from app.db import reading, retrying, transaction
from app.errors import AppError, Conflict, Invalid
from app.models import Conversation
from app.phrases import phrase
from app.queries import macro_list
from app.services import access, answer_access, macro_plan, macros
from app.web.inbox.acting import Answer, tell_undoable
from app.web.inbox.conversation import back_to
from app.web.session import current_user, signed_in

pages = Blueprint("macros", __name__)

UNDO = "/macro-runs/{}/undoing"


@pages.get("/conversations/<public_id>/macros")
@signed_in
def choose(public_id: str) -> str:
    """List the macros that the user may run here; for the menu of the conversation only the list."""
    user = current_user()
    with reading() as session:
        conversation = access.conversation_for(session, user, public_id)
        rows = macro_list.usable(session, usable=answer_access.macros_of(user))
    page = "conversations/_macros.html" if request.headers.get("HX-Request") else "conversations/macros.html"
    return render_template(page, conversation=conversation, rows=rows)


@pages.get("/conversations/<public_id>/macros/<macro_id>")
@signed_in
def preview(public_id: str, macro_id: str) -> str:
    """Show what a macro would do here."""
    return _preview(public_id, macro_id)


@pages.post("/conversations/<public_id>/macros/<macro_id>")
@signed_in
def run(public_id: str, macro_id: str) -> Answer:
    """Do what was shown: its `fingerprint` says what that was. 409 with the new preview where it is another by now."""
    try:
        name, undo_at = retrying(lambda: _run(public_id, macro_id))
    except (Conflict, Invalid) as problem:
        return _preview(public_id, macro_id, problem), problem.status
    tell_undoable(phrase("The macro “{name}” was run.", name=name), undo_at)
    return back_to(public_id)


@pages.post("/macro-runs/<run_id>/undoing")
@signed_in
def undo(run_id: str) -> Response:
    """Put back what a run changed; what cannot be is told."""
    user = current_user()
    with transaction() as session:
        found = answer_access.macro_run_for(session, user, run_id)
        place = session.get_one(Conversation, found.conversation_id).public_id
        conversation = access.conversation_for(session, user, place, lock=True)
        row = answer_access.macro_run_for(session, user, run_id, lock=True)
        stays = macros.undo(session, row=row, conversation=conversation, user=user)
    if stays:
        flash(phrase("Undone, but for: {stays}.", stays=", ".join(stays)), "warning")
    else:
        flash(phrase("Undone."), "success")
    return back_to(str(place))


def _run(public_id: str, macro_id: str) -> tuple[str, str]:
    user, form = current_user(), request.form
    with transaction() as session:
        conversation = access.conversation_for(session, user, public_id, lock=True)
        macro = answer_access.macro_for(session, user, macro_id)
        row = macros.run(
            session,
            macro=macro,
            conversation=conversation,
            user=user,
            fingerprint=form.get("fingerprint", ""),
            client_key=form.get("client_key", ""),
        )
        return macro.name, UNDO.format(row.public_id)


def _preview(public_id: str, macro_id: str, problem: AppError | None = None) -> str:
    user = current_user()
    with reading() as session:
        conversation = access.conversation_for(session, user, public_id)
        macro = answer_access.macro_for(session, user, macro_id)
        plan = macro_plan.make(session, macro=macro, conversation=conversation, user=user)
    return render_template(
        "conversations/macro.html",
        conversation=conversation,
        macro=macro,
        plan=plan,
        problem=problem,
        client_key=str(uuid7()),
    )
