"""Files of a draft: stored as they are attached, shown again on reload, taken off; and taken along by what is sent."""

from __future__ import annotations

from flask import Blueprint, Response, request
from sqlalchemy.orm import Session

from app.db import reading, retrying, transaction
from app.errors import Invalid
from app.markdown import CONTENT_ID, PICTURE_TYPES
from app.models import Conversation, DraftKind, User
from app.phrases import phrase
from app.services import access, draft_files, replies
from app.services.arrivals import StoredAttachment
from app.web.inbox import files
from app.web.limits import limiter
from app.web.session import current_user, signed_in

pages = Blueprint("draft_files", __name__, url_prefix="/conversations/<public_id>/draft/files")

SO_OFTEN = "120 per minute"


@pages.post("")
@signed_in
@limiter.limit(SO_OFTEN, key_func=lambda: f"draft files {current_user().public_id}")
def add(public_id: str) -> Response:
    """Store the `file` with the reader's own draft of a `kind`; answers the id it has there.

    `key` names this upload: twice is once. `content_id` says where a picture stands among the words, and `client_key`
    under which key the draft will be sent. 422 says why a file is not taken.
    """
    form, user, upload = request.form, current_user(), request.files.get("file")
    if form.get("kind") not in set(DraftKind) or upload is None or not upload.filename:
        raise Invalid(phrase("The form is out of date: load the page again."), field="file")
    content_id, data = _place(form.get("content_id", ""), upload.mimetype), upload.read()
    described = StoredAttachment(upload.filename, upload.mimetype, len(data), "")
    with reading() as session:
        conversation = access.conversation_for(session, user, public_id)
        draft_files.check(
            session,
            conversation=conversation,
            author=user,
            kind=DraftKind(form["kind"]),
            file=described,
            key=form.get("key", ""),
        )
    file = replies.store_upload(upload.filename, upload.mimetype, data, content_id=content_id)

    def write() -> str:
        with transaction() as session:
            row = draft_files.add(
                session,
                conversation=access.conversation_for(session, user, public_id, lock=True),
                author=user,
                kind=DraftKind(form["kind"]),
                file=file,
                key=form.get("key", ""),
                client_key=form.get("client_key", ""),
            )
            return str(row.public_id)

    return Response(retrying(write), mimetype="text/plain")


@pages.get("/<file_id>")
@signed_in
def show(public_id: str, file_id: str) -> Response:
    """Send a file of a draft to be saved; `?show=1` lets the browser draw a picture."""
    with reading() as session:
        conversation = access.conversation_for(session, current_user(), public_id)
        found = draft_files.get(session, conversation=conversation, public_id=file_id)
        sha256, name = found.blob_sha256, found.filename
    return files.sent(sha256, name)


@pages.post("/<file_id>/remove")
@signed_in
def remove(public_id: str, file_id: str) -> Response:
    """Take a file off the reader's own draft."""
    user = current_user()

    def write() -> None:
        with transaction() as session:
            conversation = access.conversation_for(session, user, public_id, lock=True)
            draft_files.drop(session, conversation=conversation, author=user, public_id=file_id)

    retrying(write)
    return Response(status=204)


def taken(session: Session, conversation: Conversation, user: User) -> list[StoredAttachment]:
    """Take the files that a form names (`draft_file`) out of the draft; `file_key` are those that come with it."""
    return draft_files.take(
        session,
        conversation=conversation,
        author=user,
        ids=request.form.getlist("draft_file"),
        again=request.form.getlist("file_key"),
        client_key=request.form.get("client_key", ""),
    )


def _place(content_id: str, content_type: str) -> str | None:
    """Return where a picture stands, None for what is attached. Raises Invalid for anything else among words."""
    if not content_id:
        return None
    if not CONTENT_ID.fullmatch(content_id) or content_type not in PICTURE_TYPES:
        raise Invalid(phrase("The form is out of date: load the page again."), field="content_id")
    return content_id
