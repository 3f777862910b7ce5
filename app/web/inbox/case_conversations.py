"""Which conversations a case is about: add one, take one out, and resolve them when it is closed."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.db import reading, transaction
from app.errors import AppError, Conflict, Invalid
from app.models import Conversation, Status
from app.phrases import counted, phrase
from app.queries import case_candidates, case_view, regrouping_view
from app.services import access, bulk_actions, cases
from app.web.inbox.acting import Answer, tell_undoable
from app.web.inbox.conversation import back_to
from app.web.languages import flash
from app.web.session import current_user, signed_in

pages = Blueprint("case_conversations", __name__)


@pages.get("/cases/<public_id>/adding")
@signed_in
def choose_conversation(public_id: str) -> str:
    """Show which conversations could be added to a case."""
    return _conversations(public_id)


@pages.post("/cases/<public_id>/conversations")
@signed_in
def add_conversation(public_id: str) -> Answer:
    """Add the conversation `other`."""
    try:
        other = _added(public_id, request.form.get("other", ""))
    except (Invalid, Conflict) as problem:
        return _conversations(public_id, problem), problem.status
    tell_undoable(phrase("Added."), f"/cases/{public_id}/conversations/{other}/removal", undoing="1")
    return redirect(f"/cases/{public_id}", code=303)


@pages.get("/conversations/<public_id>/cases/adding")
@signed_in
def choose_case(public_id: str) -> str:
    """Show which cases a conversation could be added to."""
    return _cases(public_id)


@pages.post("/conversations/<public_id>/cases/adding")
@signed_in
def add_to_case(public_id: str) -> Answer:
    """Add it to `case`."""
    case_id = request.form.get("case", "")
    try:
        _added(case_id, public_id)
    except (Invalid, Conflict) as problem:
        return _cases(public_id, problem), problem.status
    tell_undoable(phrase("Added to the case."), f"/cases/{case_id}/conversations/{public_id}/removal", undoing="1")
    return back_to(public_id)


@pages.post("/cases/<public_id>/conversations/<other_id>/removal")
@signed_in
def remove_conversation(public_id: str, other_id: str) -> Response:
    user = current_user()
    with transaction() as session:
        conversation = access.conversation_for(session, user, other_id, lock=True)
        case = access.case_for(session, user, public_id, lock=True)
        cases.remove_conversation(session, case=case, conversation=conversation, actor=user)
        number = conversation.number
    if "undoing" in request.form:
        flash(phrase("Undone: #{number} is not in this case.", number=str(number)), "success")
    else:
        again = f"/cases/{public_id}/conversations"
        tell_undoable(phrase("#{number} is not in this case any more.", number=str(number)), again, other=other_id)
    return redirect(f"/cases/{public_id}", code=303)


@pages.get("/cases/<public_id>/closing")
@signed_in
def ask_to_resolve(public_id: str) -> Response | str:
    """Ask whether the conversations of a case that was closed are to be resolved; straight on where none is open."""
    user = current_user()
    with reading() as session:
        case = access.case_for(session, user, public_id)
        left = cases.unresolved(session, case, inbox_ids=access.inbox_ids_of(user))
        if left:
            return render_template("cases/closing.html", case=case, left=left)
    return redirect(f"/cases/{public_id}", code=303)


@pages.post("/cases/<public_id>/closing")
@signed_in
def resolve(public_id: str) -> Response:
    """Resolve what is open of it, as a job where it is much; it can be undone."""
    user = current_user()
    with transaction() as session:
        case = access.case_for(session, user, public_id)
        which = cases.unresolved_ids(case, inbox_ids=access.inbox_ids_of(user))
        value = {"status": Status.RESOLVED.value, "name": Status.RESOLVED.value}
        bulk = bulk_actions.begin(session, user=user, verb="status", value=value, which=which)
        undo_at, many = f"/inbox/bulk/{bulk.public_id}/undo", bulk.total
    tell_undoable(counted("Resolved.", "{count} conversations are resolved.", many), undo_at)
    return redirect(f"/cases/{public_id}", code=303)


def _added(case_id: str, conversation_id: str) -> str:
    """Put a conversation into a case; return its public id."""
    user = current_user()
    if not conversation_id or not case_id:
        raise Invalid(phrase("Choose one of these."), field="other")
    with transaction() as session:
        conversation = access.conversation_for(session, user, conversation_id, lock=True)
        case = access.case_for(session, user, case_id, lock=True)
        cases.add_conversation(session, case=case, conversation=conversation, actor=user)
    return str(conversation.public_id)


def _conversations(public_id: str, problem: AppError | None = None) -> str:
    word, user = request.args.get("word", ""), current_user()
    with reading() as session:
        case = access.case_for(session, user, public_id)
        ids = access.inbox_ids_of(user)
        view = case_view.view(session, case_id=case.id, inbox_ids=ids)
        here = {one.id for one in view.conversations}
        found = regrouping_view.candidates(session, _newest(session, view), word=word, inbox_ids=ids)
        found = [one for one in found if str(one.public_id) not in here]
        return render_template("cases/add_conversation.html", case=case, found=found, word=word, problem=problem)


def _newest(session: Session, view: case_view.CaseView) -> Conversation:
    return access.conversation_for(session, current_user(), view.conversations[-1].id)


def _cases(public_id: str, problem: AppError | None = None) -> str:
    word, user = request.args.get("word", ""), current_user()
    with reading() as session:
        conversation = access.conversation_for(session, user, public_id)
        ids = access.inbox_ids_of(user)
        found = case_candidates.candidates(session, conversation, inbox_ids=ids, word=word)
        return render_template(
            "conversations/add_to_case.html", conversation=conversation, found=found, word=word, problem=problem
        )
