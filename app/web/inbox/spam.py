"""Mark a conversation as spam, block who wrote it, and undo both."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.db import reading, transaction
from app.errors import AppError, Conflict, Invalid
from app.models import BlockedSender
from app.models.blocked_sender import DOMAIN
from app.phrases import counted, phrase
from app.queries import blocked_senders
from app.services import access, blocking, by_public_id, spam
from app.web.inbox.acting import Answer, locked, tell_undoable
from app.web.inbox.conversation import back_to
from app.web.languages import flash
from app.web.session import current_user, signed_in

pages = Blueprint("spam", __name__)


@pages.post("/conversations/<public_id>/spamming")
@signed_in
def mark(public_id: str) -> Response:
    with locked(public_id) as (session, conversation):
        spam.mark(session, conversation=conversation, actor=current_user())
    tell_undoable(phrase("Marked as spam."), f"/conversations/{public_id}/unspamming")
    return back_to(public_id)


@pages.post("/conversations/<public_id>/unspamming")
@signed_in
def unmark(public_id: str) -> Response:
    with locked(public_id) as (session, conversation):
        spam.unmark(session, conversation=conversation, actor=current_user())
    flash(phrase("Taken out of spam."), "success")
    return back_to(public_id)


@pages.get("/conversations/<public_id>/blocking")
@signed_in
def choose(public_id: str) -> str:
    """Show which addresses of the contact could be blocked."""
    return _choice(public_id)


@pages.post("/conversations/<public_id>/blocking")
@signed_in
def block(public_id: str) -> Answer:
    """Block `sender`: the kind and the address, with a blank between."""
    kind, _, address = request.form.get("sender", "").partition(" ")
    try:
        with locked(public_id) as (session, conversation):
            blocked = blocking.block(
                session, actor=current_user(), conversation=conversation, kind=kind, address=address
            )
            place = str(blocked.public_id)
    except (Invalid, Conflict) as problem:
        return _choice(public_id, problem), problem.status
    tell_undoable(
        phrase("Blocked: {address}.", address=address), f"/blocked-senders/{place}/unblocking", sure="1", back="1"
    )
    return back_to(public_id)


@pages.get("/blocked-senders/<public_id>/unblocking")
@signed_in
def ask(public_id: str) -> str:
    """Ask what becomes of what went to spam because of a block."""
    with reading() as session:
        blocked = _blocked(session, public_id)
        held = blocked_senders.held(session, blocked)
        return render_template("conversations/unblock.html", blocked=blocked, held=held)


@pages.post("/blocked-senders/<public_id>/unblocking")
@signed_in
def unblock(public_id: str) -> Response:
    """Unblock; with `sure`, as the question was answered (`back`: bring back what went to spam), else ask it."""
    if "sure" not in request.form:
        return redirect(f"/blocked-senders/{public_id}/unblocking", code=303)
    with transaction() as session:
        blocked = _blocked(session, public_id, lock=True)
        address = blocked.address
        back = blocking.unblock(session, blocked=blocked, actor=current_user(), bring_back="back" in request.form)
    told = phrase("{address} is not blocked any more.", address=address)
    if back:
        told = counted(
            "{address} is not blocked any more. {count} conversation came back.",
            "{address} is not blocked any more. {count} conversations came back.",
            back,
            address=address,
        )
    flash(told, "success")
    return redirect("/inbox", code=303)


def _blocked(session: Session, public_id: str, *, lock: bool = False) -> BlockedSender:
    """Return a block: it is the whole workspace's, as its contacts are."""
    return by_public_id.get(session, BlockedSender, public_id, lock=lock)


def _choice(public_id: str, problem: AppError | None = None) -> str:
    with reading() as session:
        conversation = access.conversation_for(session, current_user(), public_id)
        found = blocked_senders.choices(session, conversation)
        if not current_user().is_admin:  # a whole domain is not for them to block
            found = [one for one in found if one.kind != DOMAIN]
    return render_template("conversations/block.html", conversation=conversation, found=found, problem=problem)
