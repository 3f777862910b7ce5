"""Merge a conversation with another, move messages out of it, and undo both."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.db import reading, transaction
from app.errors import Conflict, Invalid
from app.models import Conversation, Regrouping
from app.phrases import counted, phrase
from app.queries import regrouping_view
from app.services import access, regrouping
from app.web.inbox.acting import Answer, locked_pair, tell_undoable
from app.web.inbox.conversation import back_to
from app.web.languages import flash
from app.web.session import current_user, signed_in

pages = Blueprint("regrouping", __name__)

NEW = "new"


@pages.get("/conversations/<public_id>/merging")
@signed_in
def choose(public_id: str) -> str:
    """Show what this conversation could be merged with."""
    return _choice(public_id)


@pages.post("/conversations/<public_id>/merging")
@signed_in
def merge(public_id: str) -> Answer:
    """Merge this one into `other`, or `other` into this one where `stays` is "this"."""
    try:
        with transaction() as session:
            this, other = locked_pair(session, public_id, request.form.get("other", ""))
            source, target = (other, this) if request.form.get("stays") == "this" else (this, other)
            done = regrouping.merge(session, actor=current_user(), source=source, target=target)
            place, number, undo_at = str(target.public_id), source.number, _undoing(done)
    except (Invalid, Conflict) as problem:
        return _choice(public_id, problem), problem.status
    tell_undoable(phrase("#{number} was merged into this conversation.", number=str(number)), undo_at)
    return back_to(place)


@pages.get("/messages/<public_id>/moving")
@signed_in
def choose_place(public_id: str) -> str:
    """Show where a message could be moved."""
    return _place_choice(public_id)


@pages.post("/messages/<public_id>/moving")
@signed_in
def move(public_id: str) -> Answer:
    """Move a message, with all after it where `reach` is "on", into `other`: a conversation, or "new"."""
    try:
        with transaction() as session:
            message = access.message_for(session, current_user(), public_id)
            source = session.get_one(Conversation, message.conversation_id)
            done = _moved(session, str(message.public_id), source)
            place = str(session.get_one(Conversation, done.target_id).public_id)
            undo_at = _undoing(done)
    except (Invalid, Conflict) as problem:
        return _place_choice(public_id, problem), problem.status
    tell_undoable(phrase("Moved."), undo_at)
    return back_to(place)


@pages.post("/regroupings/<public_id>/undoing")
@signed_in
def undo(public_id: str) -> Response:
    with transaction() as session:
        done = access.regrouping_for(session, current_user(), public_id)
        source, target = _locked(session, done)
        kept = regrouping.undo(session, actor=current_user(), regrouping=done, source=source, target=target)
        place = str(source.public_id)
    if kept:
        told = counted(
            "Undone, but for {count} message that went on to another conversation.",
            "Undone, but for {count} messages that went on to another conversation.",
            kept,
        )
        flash(told, "warning")
    else:
        flash(phrase("Undone: both conversations are as they were."), "success")
    return back_to(place)


def _moved(session: Session, message_id: str, source: Conversation) -> Regrouping:
    """Move what the form says."""
    user, other_id = current_user(), request.form.get("other", "")
    if other_id == NEW:
        regrouping.locked(session, source)
        target = None
    else:
        _, target = locked_pair(session, str(source.public_id), other_id)
    message = access.message_for(session, user, message_id)
    messages = regrouping_view.from_here_on(session, message) if request.form.get("reach") == "on" else [message]
    if target is None:
        return regrouping.split(session, actor=user, source=source, messages=messages)
    return regrouping.move(session, actor=user, source=source, target=target, messages=messages)


def _undoing(done: Regrouping) -> str:
    """Return where a form that undoes this is sent."""
    return f"/regroupings/{done.public_id}/undoing"


def _locked(session: Session, done: Regrouping) -> tuple[Conversation, Conversation]:
    pair = session.get_one(Conversation, done.source_id), session.get_one(Conversation, done.target_id)
    regrouping.locked(session, *pair)
    session.refresh(done)
    return pair


def _choice(public_id: str, problem: Exception | None = None) -> str:
    word = request.args.get("word", "")
    with reading() as session:
        conversation = access.conversation_for(session, current_user(), public_id)
        found = regrouping_view.candidates(session, conversation, word=word)
        return render_template(
            "conversations/merge.html", conversation=conversation, found=found, word=word, problem=problem
        )


def _place_choice(public_id: str, problem: Exception | None = None) -> str:
    word = request.args.get("word", "")
    with reading() as session:
        message = access.message_for(session, current_user(), public_id)
        conversation = session.get_one(Conversation, message.conversation_id)
        later = len(regrouping_view.from_here_on(session, message)) - 1
        found = regrouping_view.candidates(session, conversation, word=word)
        return render_template(
            "conversations/move.html",
            conversation=conversation,
            message=message,
            later=later,
            found=found,
            word=word,
            problem=problem,
        )
