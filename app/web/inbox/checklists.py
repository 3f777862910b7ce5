"""Checklists of conversations and cases: add, check off, order, take away, put a ready-made one in."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.db import reading, transaction
from app.errors import Invalid
from app.models import Case, ChecklistItem, ChecklistTemplate, Conversation
from app.phrases import phrase
from app.queries import checklist_lines
from app.services import access, by_public_id, checklists
from app.services.checklists import Place
from app.web.inbox.conversation import back_to
from app.web.session import current_user, signed_in

pages = Blueprint("checklists", __name__)


@pages.post("/conversations/<public_id>/checklist")
@signed_in
def add_to_conversation(public_id: str) -> Response:
    """Add `text`, a line an item, or the items of `template`."""
    with transaction() as session:
        _add(session, access.conversation_for(session, current_user(), public_id, lock=True))
    return back_to(public_id)


@pages.post("/cases/<public_id>/checklist")
@signed_in
def add_to_case(public_id: str) -> Response:
    """Add `text`, a line an item, or the items of `template`."""
    with transaction() as session:
        _add(session, access.case_for(session, current_user(), public_id, lock=True))
    return redirect(f"/cases/{public_id}", code=303)


@pages.get("/conversations/<public_id>/checklist/templates")
@signed_in
def choose_for_conversation(public_id: str) -> str:
    with reading() as session:
        conversation = access.conversation_for(session, current_user(), public_id)
        found = checklist_lines.templates(session)
        action = f"/conversations/{public_id}/checklist"
        return render_template("checklists/choose.html", conversation=conversation, found=found, action=action)


@pages.get("/cases/<public_id>/checklist/templates")
@signed_in
def choose_for_case(public_id: str) -> str:
    with reading() as session:
        case = access.case_for(session, current_user(), public_id)
        found = checklist_lines.templates(session)
        action = f"/cases/{public_id}/checklist"
        return render_template("checklists/choose.html", case=case, found=found, action=action)


@pages.post("/checklist-items/<public_id>")
@signed_in
def change(public_id: str) -> Response:
    """Do `do` with an item: "check", "uncheck", "up", "down", "rename" (to `text`) or "remove"."""
    with transaction() as session:
        item = access.checklist_item_for(session, current_user(), public_id, lock=True)
        place = _place_of(session, item)
        _do(session, place, item, request.form.get("do", ""))
        back = _address_of(session, place)
    return redirect(back, code=303) if isinstance(place, Case) else back_to(back)


def _add(session: Session, place: Place) -> None:
    user, chosen = current_user(), request.form.get("template", "")
    if chosen:
        template = by_public_id.get(session, ChecklistTemplate, chosen)
        checklists.put_in(session, actor=user, place=place, template=template)
    else:
        checklists.add(session, actor=user, place=place, texts=request.form.get("text", "").splitlines())


def _do(session: Session, place: Place, item: ChecklistItem, what: str) -> None:
    user = current_user()
    if what in {"check", "uncheck"}:
        checklists.check(session, actor=user, place=place, item=item, is_done=what == "check")
    elif what in {"up", "down"}:
        checklists.move(session, actor=user, place=place, item=item, by=-1 if what == "up" else 1)
    elif what == "rename":
        checklists.rename(session, actor=user, place=place, item=item, text=request.form.get("text", ""))
    elif what == "remove":
        checklists.remove(session, actor=user, place=place, item=item)
    else:
        raise Invalid(phrase("Choose what is to be done with it."), field="do")


def _place_of(session: Session, item: ChecklistItem) -> Place:
    if item.conversation_id is not None:
        return session.get_one(Conversation, item.conversation_id)
    return session.get_one(Case, item.case_id)


def _address_of(session: Session, place: Place) -> str:
    """Return where a case is, or the public id of a conversation, of the one it was merged into."""
    if isinstance(place, Case):
        return f"/cases/{place.public_id}"
    home = session.get_one(Conversation, place.merged_into_id) if place.merged_into_id else place
    return str(home.public_id)
