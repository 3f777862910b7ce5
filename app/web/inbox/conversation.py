"""One open conversation: header, timeline, composer and side panel."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from flask import Blueprint, make_response, redirect, render_template, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from app.db import reading
from app.errors import NotFound
from app.models import CaseStatus, CaseType, Conversation, Priority, User
from app.queries import conversation_view, sidebar, timeline
from app.queries._json import InboxIds
from app.queries.conversation_view import ConversationView
from app.services import access, taking_back
from app.web.inbox import asked, later, snooze, timeline_items, ways
from app.web.inbox.conversation_list import answer, shown
from app.web.session import current_user, signed_in

pages = Blueprint("conversation", __name__)


@pages.get("/inbox/c/<public_id>")
@signed_in
def show(public_id: str) -> BaseResponse:
    user, part = current_user(), asked.part()
    with reading() as session:
        if part in {"list", "more"}:
            return answer(shown(session, user), part)
        if part == "pane":
            context = pane(session, user, public_id)
            if place := _merged_into(session, context["seen"]):
                return back_to(place)
            return make_response(render_template("conversations/_pane_update.html", filters=asked.filters(), **context))
        found = shown(session, user, is_beside=True)
        context = pane(session, user, public_id, options=found.sidebar.options)
        if place := _merged_into(session, context["seen"]):
            return back_to(place)
    return answer(found, part, **context)


def pane(session: Session, user: User, public_id: str, options: sidebar.Options | None = None) -> dict[str, Any]:
    """Read everything the conversation pane shows. Raises NotFound."""
    ids = access.inbox_ids_of(user)
    seen = conversation_view.find(session, public_id=public_id, user=user, inbox_ids=ids)
    if seen is None:
        raise NotFound
    everywhere = request.args.get("timeline") == "all"
    page = _timeline(session, seen, ids, everywhere=everywhere)
    taken = None
    if seen.has_taken_back:
        taken = taking_back.newest(session, conversation_id=seen.conversation.id, user=user)
    asked_for = request.args.get("answers", "") or taking_back.answered(session, taken)
    offered = options or sidebar.options(session, inbox_ids=ids)
    way = ways.find(session, seen, page.messages, answers=asked_for)
    items = timeline_items.arrange(page, seen.activities, here=seen, mixed=everywhere)
    return {
        "seen": seen,
        "everywhere": everywhere,
        "earlier": page.earlier,
        "items": items if request.args.get("before") else [*items, *seen.scheduled],
        "way": way,
        "later": later.choices(way),
        "taken": taken,
        "filled": taken,
        "own_words": f"\n{taken.text}" if taken else "",  # whole, for its writer alone; HTML drops the first line break
        "to_all": way.everybody if request.args.get("all") == "1" else (),
        "newest": seen.newest,
        "news": (),
        "others": (),
        "client_key": uuid4().hex,
        "options": offered,
        "colleagues": {one.id for one in offered.people if one.sees(seen.conversation.inbox_id)},
        "snoozes": snooze.CHOICES,
        "Priority": Priority,
        "CaseType": CaseType,
        "CaseStatus": CaseStatus,
    }


def _merged_into(session: Session, seen: ConversationView) -> str:
    """Return the public id of the conversation that this one is part of now, "" where it is its own."""
    into = seen.conversation.merged_into_id
    return str(session.get_one(Conversation, into).public_id) if into else ""


def back_to(public_id: str) -> BaseResponse:
    """Lead from a form to the conversation it belongs to, with the list as it was."""
    return redirect(f"/inbox/c/{public_id}{asked.filters().query()}", code=303)


def _timeline(
    session: Session, seen: ConversationView, inbox_ids: InboxIds, *, everywhere: bool
) -> timeline.TimelinePage:
    before = request.args.get("before", "")
    limit = max(1, min(request.args.get("messages", timeline.PAGE, type=int), timeline.MOST))
    if everywhere:
        return timeline.of_contact(session, contact_id=seen.contact.id, inbox_ids=inbox_ids, before=before, limit=limit)
    return timeline.of_conversation(session, conversation_id=seen.conversation.id, before=before, limit=limit)
