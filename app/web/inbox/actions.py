"""What people do to a conversation, each a noun that a form posts to. All lead back to the conversation."""

from __future__ import annotations

from flask import Blueprint, Response, render_template, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from app.db import reading, transaction
from app.errors import Conflict, Invalid
from app.models import Conversation, Priority, Status, Tag, Team, User
from app.phrases import phrase
from app.queries.by_id import find
from app.services import access, checklists, conversations, tags
from app.web.inbox import snooze
from app.web.inbox.acting import lead_to, locked
from app.web.inbox.conversation import back_to
from app.web.session import current_user, signed_in

pages = Blueprint("conversation_actions", __name__, url_prefix="/conversations/<public_id>")


@pages.post("/assignment")
@signed_in
def assign(public_id: str) -> BaseResponse:
    """Give it to `assignee` (a public id, "me" or nobody), if it still is with whom the page said (`was`)."""
    user = current_user()
    with locked(public_id) as (session, conversation):
        _check_holder(session, conversation)
        assignee = _colleague(session, conversation, user, request.form.get("assignee", ""))
        conversations.assign(session, conversation=conversation, actor=user, assignee=assignee)
    return back_to(public_id)


def _check_holder(session: Session, conversation: Conversation) -> None:
    holder = session.get(User, conversation.assignee_id) if conversation.assignee_id else None
    was = request.form.get("was")
    if was is not None and was != (str(holder.public_id) if holder else ""):
        now = phrase("Nobody has this now: somebody was faster. Look again, then decide.")
        if holder:
            now = phrase("{name} has this now: somebody was faster. Look again, then decide.", name=holder.name)
        raise Conflict(now, version=conversation.version)


def _colleague(session: Session, conversation: Conversation, user: User, wanted: str) -> User | None:
    if not wanted:
        return None
    wanted = str(user.public_id) if wanted == "me" else wanted
    allowed = access.colleagues(session, conversation.inbox_id)
    found = next((one for one in allowed if str(one.public_id) == wanted), None)
    if found is None:
        raise Invalid(phrase("This inbox is not shared with that colleague."), field="assignee")
    return found


@pages.post("/team")
@signed_in
def give_to_team(public_id: str) -> BaseResponse:
    wanted = request.form.get("team", "")
    with locked(public_id) as (session, conversation):
        team = find(session, Team, wanted) if wanted else None
        if wanted and team is None:
            raise Invalid(phrase("There is no such team any more."), field="team")
        conversations.set_team(session, conversation=conversation, actor=current_user(), team=team)
    return back_to(public_id)


@pages.post("/status")
@signed_in
def set_status(public_id: str) -> BaseResponse:
    try:
        status = Status(request.form.get("status", ""))
    except ValueError:
        raise Invalid(phrase("Choose open, pending, snoozed or resolved."), field="status") from None
    asked = [request.form.get(name, "") for name in ("for", "until", "when")]
    until = snooze.asked(*asked) if status is Status.SNOOZED else None
    with locked(public_id) as (session, conversation):
        if status is Status.RESOLVED and "anyway" not in request.form and checklists.open_items(session, conversation):
            return lead_to(f"/conversations/{public_id}/resolving")
        conversations.set_status(
            session,
            conversation=conversation,
            actor=current_user(),
            status=status,
            until=until,
            sleeps_through="through" in request.form,
        )
    return back_to(public_id)


@pages.get("/resolving")
@signed_in
def ask_to_resolve(public_id: str) -> str:
    """Ask whether to resolve although something on the checklist is open."""
    with reading() as session:
        conversation = access.conversation_for(session, current_user(), public_id)
        left = checklists.open_items(session, conversation)
        return render_template("conversations/resolve.html", conversation=conversation, open_items=left)


@pages.post("/priority")
@signed_in
def set_priority(public_id: str) -> BaseResponse:
    try:
        priority = Priority(request.form.get("priority", ""))
    except ValueError:
        raise Invalid(phrase("Choose low, normal, high or urgent."), field="priority") from None
    with locked(public_id) as (session, conversation):
        conversations.set_priority(session, conversation=conversation, actor=current_user(), priority=priority)
    return back_to(public_id)


@pages.post("/tags")
@signed_in
def change_tags(public_id: str) -> BaseResponse:
    """Put the tag named `put` on (made if it is new), or take the one with the id `take` off."""
    user, name, taken = current_user(), request.form.get("put", "").strip(), request.form.get("take", "")
    with locked(public_id) as (session, conversation):
        if name:
            tags.put(session, conversation=conversation, tag=tags.named(session, name), actor=user)
        tag = find(session, Tag, taken) if taken else None
        if tag is not None:
            tags.take(session, conversation=conversation, tag=tag, actor=user)
    return back_to(public_id)


@pages.post("/reading")
@signed_in
def mark_read(public_id: str) -> BaseResponse:
    with transaction() as session:
        conversation = access.conversation_for(session, current_user(), public_id)
        conversations.mark_read(session, conversation=conversation, user=current_user())
    return Response(status=204) if request.headers.get("HX-Request") else back_to(public_id)
