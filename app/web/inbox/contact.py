"""Contacts: the list, and one contact with everything they said over all channels."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from app.db import reading, transaction
from app.discretion import restored
from app.errors import Invalid
from app.phrases import phrase
from app.queries import contact_list, contact_panel, timeline
from app.services import access, contacts, moods
from app.web.inbox import asked, timeline_items
from app.web.inbox.looks import IDENTITIES
from app.web.session import current_user, local_path, signed_in

pages = Blueprint("contacts", __name__)


@pages.get("/contacts")
@signed_in
def index() -> str:
    user = current_user()
    search, after = request.args.get("q", ""), request.args.get("after", "")
    with reading() as session:
        ids = access.inbox_ids_of(user)
        page = contact_list.page(session, user=user, inbox_ids=ids, search=search, after=after)
    template = "contacts/_rows.html" if asked.part() == "contact-rows" else "contacts/index.html"
    return render_template(template, page=page, search=search)


@pages.get("/contacts/<public_id>")
@signed_in
def show(public_id: str) -> str:
    user = current_user()
    with reading() as session:
        ids = access.inbox_ids_of(user)
        contact = access.contact_for(session, user, public_id)
        view = contact_panel.view(session, contact_id=contact.id, inbox_ids=ids)
        before = request.args.get("before", "")
        page = timeline.of_contact(session, contact_id=contact.id, inbox_ids=ids, before=before)
    items = timeline_items.arrange(page, view.activities, mixed=True)
    mood = moods.of_contact([other.mood for other in view.others])  # of what this user may see
    return render_template("contacts/show.html", view=view, items=items, earlier=page.earlier, mood=mood)


@pages.post("/contacts/<public_id>")
@signed_in
def edit(public_id: str) -> Response:
    """Change name and note; `version` says which ones the page showed, `back` where to go on."""
    user = current_user()
    with transaction() as session:
        contact = access.contact_for(session, user, public_id, lock=True)
        contacts.edit(
            session,
            contact=contact,
            actor=user,
            version=request.form.get("version", type=int) or 0,
            name=_typed("name", contact.name),
            note=_typed("note", contact.note),
        )
    return _back(public_id)


@pages.post("/contacts/<public_id>/identities")
@signed_in
def add_identity(public_id: str) -> Response:
    kind = request.form.get("kind", "email")
    if kind not in IDENTITIES:
        raise Invalid(phrase("Choose what kind of address this is."), field="kind")
    user = current_user()
    with transaction() as session:
        contact = access.contact_for(session, user, public_id, lock=True)
        contacts.add_identity(session, contact=contact, actor=user, kind=kind, address=request.form.get("address", ""))
    return _back(public_id)


def _typed(field: str, stored: str) -> str | None:
    text = request.form.get(field)
    return restored(text.replace("\r\n", "\n"), stored) if text is not None else None


def _back(public_id: str) -> Response:
    back = request.form.get("back")
    return redirect(local_path(back) if back else f"/contacts/{public_id}", code=303)
