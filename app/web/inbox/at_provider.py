"""What agents have done at the provider of a message: files fetched again; liked, hidden, deleted."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from app.db import transaction
from app.models import Conversation, Message
from app.services import access, message_actions, remote_files
from app.web.inbox.conversation import back_to
from app.web.session import current_user, signed_in

pages = Blueprint("at_provider", __name__, url_prefix="/messages/<public_id>")


@pages.post("/files/<uuid:file>/fetching")
@signed_in
def fetch_again(public_id: str, file: UUID) -> BaseResponse:
    """Fetch a file anew that could not be had."""
    with transaction() as session:
        message = access.message_for(session, current_user(), public_id)
        remote_files.retry(session, message=message, file=file)
        place = _place(session, message)
    return back_to(place)


@pages.post("/actions")
@signed_in
def act(public_id: str) -> BaseResponse:
    """Have `do` done with a customer's message."""
    with transaction() as session:
        message = access.message_for(session, current_user(), public_id)
        message_actions.queue(session, message=message, actor=current_user(), kind=request.form.get("do", ""))
        place = _place(session, message)
    return back_to(place)


def _place(session: Session, message: Message) -> str:
    return str(session.get_one(Conversation, message.conversation_id).public_id)
