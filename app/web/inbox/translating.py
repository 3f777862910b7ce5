"""The form that asks for a message in the reader's language."""

from __future__ import annotations

from flask import Blueprint
from werkzeug.wrappers import Response as BaseResponse

from app.db import transaction
from app.models import Conversation
from app.services import access, message_translations
from app.web.inbox.conversation import back_to
from app.web.inbox.translated import readers
from app.web.limits import limiter
from app.web.session import current_user, signed_in

pages = Blueprint("message_translations", __name__)

SO_OFTEN = "120 per minute"


@pages.post("/messages/<public_id>/translations")
@signed_in
@limiter.limit(SO_OFTEN, key_func=lambda: f"translations {current_user().public_id}")
def ask(public_id: str) -> BaseResponse:
    """Ask for a message in the reader's language; it comes by itself."""
    with transaction() as session:
        message = access.message_for(session, current_user(), public_id)
        message_translations.ask(session, message=message, language=readers())
        conversation = session.get_one(Conversation, message.conversation_id).public_id
    return back_to(str(conversation))
