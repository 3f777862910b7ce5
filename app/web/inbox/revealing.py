"""Showing what is hidden of one message: to those who may, once, and written in the audit log as it is done."""

from __future__ import annotations

from collections import Counter

from flask import Blueprint, Response, make_response, redirect, render_template, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from app import blobs
from app.db import reading, transaction
from app.discretion import hidden_spans, revealing
from app.models import AuditAction, Conversation, Message
from app.queries import contact_panel, timeline
from app.services import access, audit, privacy
from app.web.authz import current_privacy, current_user, signed_in
from app.web.inbox import asked, files, source
from app.web.inbox.message_drawings import Around

pages = Blueprint("revealing", __name__, url_prefix="/messages/<public_id>")


@pages.get("")
@signed_in
def place(public_id: str) -> BaseResponse:
    """Lead to where a message stands."""
    with reading() as session:
        found = access.message_for(session, current_user(), public_id)
        conversation = session.get_one(Conversation, found.conversation_id).public_id
    return redirect(f"/inbox/c/{conversation}#m-{found.public_id}")


@pages.post("/reveal")
@signed_in
def message(public_id: str) -> Response:
    """Show one message as it came: the message alone to scripts, a page around it to a browser without them."""
    with transaction() as session:
        found = _revealed(session, public_id, "message")
        row = timeline.of_message(session, message_id=found.id)
        name = contact_panel.name_of(session, contact_id=found.contact_id)
    alone = request.headers.get("HX-Request") == "true"
    template = "conversations/_messagerow.html" if alone else "messages/revealed.html"
    around = Around(contact_name=name, query=asked.filters().query())
    with revealing():
        page = render_template(template, item=row, around=around, hidden=(), is_revealed=True)
    return _kept_nowhere(make_response(page))


@pages.post("/html")
@signed_in
def formatted(public_id: str) -> Response:
    """Show the formatted body of a mail as it came, in its frame."""
    with transaction() as session:
        found = _revealed(session, public_id, "formatted mail")
        pictures = files.pictures_of(session, found)
    with revealing():
        return _kept_nowhere(files.formatted(found, pictures))


@pages.post("/text")
@signed_in
def whole(public_id: str) -> Response:
    """Send all words of a long message as they came."""
    with transaction() as session:
        found = _revealed(session, public_id, "whole text")
    with revealing():
        return _kept_nowhere(files.plain(found))


@pages.post("/source")
@signed_in
def original(public_id: str) -> Response:
    """Show the delivery that brought a message as text. Nothing the customer wrote is hidden in it."""
    with transaction() as session:
        found = _revealed(session, public_id, "source")
        delivery = access.source_of(session, current_user(), found)
    with blobs.path_of(delivery.blob_sha256).open("rb") as file:
        data = file.read(source.LARGEST_READ)
    shown = source.readable(data, size=delivery.size)
    page = render_template("messages/source.html", shown=shown, delivery=delivery, message=found)
    return _kept_nowhere(make_response(page))


def _revealed(session: Session, public_id: str, part: str) -> Message:
    """Return a message whose hidden data this user may see, and write down that they did."""
    user = current_user()
    privacy.require_reveal(user, current_privacy())
    found = access.message_for(session, user, public_id)
    audit.record(
        session,
        action=AuditAction.DATA_REVEALED,
        user=user,
        kind="message",
        object_id=found.public_id,
        ip=request.remote_addr or "",
        details={"part": part, "kinds": _counted(found)},
    )
    return found


def _counted(found: Message) -> dict[str, int]:
    """Say how many of which kind were hidden: no more than the reader could see before."""
    texts = (found.subject, found.text, found.quoted, found.signature)
    return dict(Counter(span.kind.value for text in texts for span in hidden_spans(text[: timeline.LONGEST_TEXT])))


def _kept_nowhere(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response
