"""A whole conversation as a page to print, or to save as PDF with the browser: what was said, and nothing else."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from app.clock import now
from app.db import reading
from app.models import Conversation
from app.queries import contact_panel, timeline
from app.queries.timeline import MessageRow
from app.services import access
from app.web.inbox.concealed import conceal, without_words
from app.web.session import current_user, signed_in

pages = Blueprint("transcript", __name__)

MOST_MESSAGES = 5_000  # of one transcript; the newest


@pages.get("/inbox/c/<public_id>/transcript")
@signed_in
def show(public_id: str) -> str | BaseResponse:
    """Show what was said, oldest first; `?notes=1`: also among ourselves. What is sensitive stays hidden."""
    with reading() as session:
        conversation = access.conversation_for(session, current_user(), public_id)
        if conversation.merged_into_id:
            into = session.get_one(Conversation, conversation.merged_into_id).public_id
            return redirect(f"/inbox/c/{into}/transcript")
        name = contact_panel.name_of(session, contact_id=conversation.contact_id)
        messages, is_cut = _said(session, conversation, with_notes=request.args.get("notes") == "1")
    return render_template(
        "conversations/transcript.html",
        conversation=conversation,
        contact_name=name,
        messages=messages,
        is_cut=is_cut,
        with_notes=request.args.get("notes") == "1",
        made_at=now(),
    )


def _said(session: Session, conversation: Conversation, *, with_notes: bool) -> tuple[list[MessageRow], bool]:
    """Return the messages as they may be shown, oldest first, and whether there are older ones."""
    newest_first: list[MessageRow] = []
    before, read = "", 0
    while read < MOST_MESSAGES:
        page = timeline.of_conversation(session, conversation_id=conversation.id, before=before, limit=timeline.MOST)
        read += len(page.messages)
        newest_first += [_shown(row) for row in reversed(page.messages) if with_notes or not row.is_note]
        before = page.earlier
        if not before:
            break
    return newest_first[::-1], bool(before)


def _shown(row: MessageRow) -> MessageRow:
    return without_words(row) if row.deleted_at else conceal(row)[0]
