"""Drafts of a conversation: kept as one types, read and taken over by colleagues."""

from __future__ import annotations

from collections import Counter
from uuid import UUID

from flask import Blueprint, Response, make_response, render_template, request
from sqlalchemy.orm import Session

from app.db import reading, retrying, transaction
from app.discretion import hidden_spans
from app.errors import Conflict, Invalid
from app.models import AuditAction, DraftKind, User
from app.phrases import phrase
from app.queries import drafts as drafts_query
from app.services import access, audit, drafts, privacy
from app.web.authz import current_privacy
from app.web.limits import limiter
from app.web.session import current_user, signed_in

pages = Blueprint("drafts", __name__, url_prefix="/conversations/<public_id>")

SO_OFTEN = "240 per minute"
CONFLICT = 409


@pages.get("/drafts")
@signed_in
def show(public_id: str) -> Response:
    """Return who is writing what, with the reader's own draft and its earlier words."""
    return _fragment(public_id)


@pages.post("/draft")
@signed_in
@limiter.limit(SO_OFTEN, key_func=lambda: f"drafts {current_user().public_id}")
def keep(public_id: str) -> Response:
    """Store the `text` typed so far of a `kind`; answers the draft's mark, "" where nothing is kept.

    `mark` (or `before`) names the state it was made from. 409 with the drafts as they are where it was
    changed elsewhere.
    """
    form, user = request.form, current_user()
    if form.get("kind") not in set(DraftKind):
        raise Invalid(phrase("Choose a reply or a note."), field="kind")

    def write() -> str:
        with transaction() as session:
            row = drafts.keep(
                session,
                conversation=access.conversation_for(session, user, public_id, lock=True),
                author=user,
                kind=DraftKind(form["kind"]),
                text=form.get("text", ""),
                mark=form.get("mark", ""),
                before=form.get("before", ""),
                client_key=form.get("client_key", ""),
                seen=form.get("seen", "")[:40],
            )
            return row.mark if row else ""

    try:
        return Response(retrying(write), mimetype="text/plain")
    except Conflict:
        return _fragment(public_id, changed=True)


@pages.post("/drafts/<draft_id>/take-over")
@signed_in
def take_over(public_id: str, draft_id: str) -> Response:
    """Go on with a colleague's draft."""
    user = current_user()

    def write() -> None:
        with transaction() as session:
            conversation = access.conversation_for(session, user, public_id, lock=True)
            row = drafts.take_over(session, conversation=conversation, user=user, public_id=draft_id)
            if row.taken_from_id is not None:
                _reveal(session, user, "draft", row.public_id, row.text)

    retrying(write)
    return _fragment(public_id)


@pages.post("/draft/earlier/<version_id>")
@signed_in
def bring_back(public_id: str, version_id: str) -> Response:
    """Let the reader's own draft say again what it said before."""
    user = current_user()
    wanted = int(version_id) if version_id.isascii() and version_id.isdigit() and len(version_id) < 19 else 0

    def write() -> None:
        with transaction() as session:
            conversation = access.conversation_for(session, user, public_id, lock=True)
            earlier = drafts.bring_back(session, conversation=conversation, author=user, version_id=wanted)
            if earlier.author_id != user.id:
                _reveal(session, user, "earlier draft", conversation.public_id, earlier.text)

    retrying(write)
    return _fragment(public_id)


def _reveal(session: Session, user: User, part: str, object_id: UUID, text: str) -> None:
    """Write down that a colleague's words were read whole. Raises Forbidden for who may not see them so."""
    counted = Counter(span.kind.value for span in hidden_spans(text))
    if not counted:
        return
    privacy.require_reveal(user, current_privacy())
    audit.record(
        session,
        action=AuditAction.DATA_REVEALED,
        user=user,
        kind="draft",
        object_id=object_id,
        ip=request.remote_addr or "",
        details={"part": part, "kinds": dict(counted)},
    )


def _fragment(public_id: str, *, changed: bool = False) -> Response:
    user = current_user()
    with reading() as session:
        conversation = access.conversation_for(session, user, public_id)
        found = drafts_query.of_conversation(
            session, public_id=conversation.public_id, user_id=user.id, inbox_ids=access.inbox_ids_of(user)
        )
    taker = next((row for row in found.others if row.taken_from_id == user.id), None)
    page = render_template(
        "composer/_drafts.html",
        id=public_id,
        drafts=found,
        taker=taker,
        changed=changed,
        own_words=f"\n{found.own.text}" if found.own else "",  # HTML drops the first line break
    )
    response = make_response(page, CONFLICT if changed else 200)
    response.headers["Cache-Control"] = "no-store"
    return response
