"""Say what a conversation has to do with another one, take that back, and undo both."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from werkzeug.wrappers import Response

from app.db import reading, transaction
from app.errors import AppError, Conflict, Invalid
from app.models.conversation_link import RELATIONS, relation
from app.phrases import phrase, phrase_in
from app.queries import regrouping_view
from app.services import access, conversation_links, regrouping
from app.web.inbox.acting import Answer, locked_pair, tell_undoable
from app.web.inbox.conversation import back_to
from app.web.languages import flash
from app.web.session import current_user, signed_in

pages = Blueprint("linking", __name__)

WORDS = {  # a relation → what stands before the other conversation
    "related": phrase("Related to"),
    "duplicate_of": phrase("Duplicate of"),
    "duplicated_by": phrase("Duplicated by"),
    "blocks": phrase_in("relation", "Blocks"),
    "blocked_by": phrase("Blocked by"),
    "follow_up_of": phrase("Follow-up of"),
    "followed_up_by": phrase("Followed up by"),
}


@pages.get("/conversations/<public_id>/linking")
@signed_in
def choose(public_id: str) -> str:
    """Show what this conversation could be linked with."""
    return _choice(public_id)


@pages.post("/conversations/<public_id>/linking")
@signed_in
def link(public_id: str) -> Answer:
    """Link this one with `other`; `relation` is what this one is to it."""
    try:
        with transaction() as session:
            this, other = locked_pair(session, public_id, request.form.get("other", ""))
            as_ = request.form.get("relation", "")
            made = conversation_links.make(session, actor=current_user(), this=this, other=other, as_=as_)
            place, number = str(made.public_id), other.number
    except (Invalid, Conflict) as problem:
        return _choice(public_id, problem), problem.status
    tell_undoable(
        phrase("Linked with #{number}.", number=str(number)), f"/links/{place}/removal", at=public_id, undoing="1"
    )
    return back_to(public_id)


@pages.post("/links/<public_id>/removal")
@signed_in
def unlink(public_id: str) -> Response:
    """Take a link back; `at` is the conversation to lead back to. What was not `undoing` itself can be undone."""
    user, at = current_user(), request.form.get("at", "")
    with transaction() as session:
        found = access.link_for(session, user, public_id)
        one, two = conversation_links.ends(session, found)
        regrouping.locked(session, one, two)
        found = access.link_for(session, user, public_id)  # nobody was faster
        this, other = (two, one) if at == str(two.public_id) else (one, two)
        again = {"other": str(other.public_id), "relation": relation(found.kind, is_from=this is one)}
        place, number = str(this.public_id), other.number
        conversation_links.remove(session, actor=user, link=found, one=one, two=two)
    if "undoing" in request.form:
        flash(phrase("Undone: it is not linked with #{number}.", number=str(number)), "success")
    else:
        tell_undoable(
            phrase("The link with #{number} was removed.", number=str(number)),
            f"/conversations/{place}/linking",
            **again,
        )
    return back_to(place)


def _choice(public_id: str, problem: AppError | None = None) -> str:
    word, user = request.args.get("word", ""), current_user()
    with reading() as session:
        conversation = access.conversation_for(session, user, public_id)
        ids = access.inbox_ids_of(user)
        found = regrouping_view.candidates(session, conversation, word=word, inbox_ids=ids)
        return render_template(
            "conversations/link.html",
            conversation=conversation,
            found=found,
            word=word,
            chosen=request.form.get("relation", next(iter(RELATIONS))),
            problem=problem,
        )
