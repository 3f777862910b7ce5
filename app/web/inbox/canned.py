"""Canned responses while one writes: what a slash offers, and their texts with the variables filled in."""

from __future__ import annotations

from flask import Blueprint, Response, render_template, request
from sqlalchemy.orm import Session

from app.db import reading, transaction
from app.errors import NotFound
from app.markdown import literal
from app.models import CannedResponse, Conversation, User
from app.services import access, answer_access, canned_ranking, canned_responses, canned_values, liquid_texts
from app.web.inbox.composer import MARKDOWN
from app.web.limits import limiter
from app.web.session import current_user, signed_in

pages = Blueprint("canned", __name__, url_prefix="/conversations/<public_id>/canned")

SO_OFTEN = "600 per minute"  # each key after a slash asks
EXCERPT = 160  # characters


@pages.get("")
@signed_in
@limiter.limit(SO_OFTEN, key_func=lambda: f"canned {current_user().public_id}")
def search(public_id: str) -> str:
    """List what fits what stands after the slash (`q`), best first, as options of a listbox."""
    user, typed = current_user(), request.args.get("q", "")[: canned_ranking.LONGEST_SEARCH]
    with reading() as session:
        conversation = access.conversation_for(session, user, public_id)
        found = canned_ranking.search(session, conversation=conversation, user=user, typed=typed)
        values = canned_values.of(session, conversation=conversation, user=user)
    rows = [(one, canned_ranking.excerpt(one, values, most=EXCERPT)) for one in found]
    return render_template("composer/_canned.html", rows=rows, typed=typed)


@pages.get("/<shortcut>")
@signed_in
def by_shortcut(public_id: str, shortcut: str) -> Response:
    """Return the text that a shortcut stands for in this conversation, its variables filled."""
    user = current_user()
    with reading() as session:
        conversation = access.conversation_for(session, user, public_id)
        found = canned_responses.find_by_shortcut(session, conversation=conversation, user=user, shortcut=shortcut)
        if found is None:
            raise NotFound
        words = _filled(session, found, conversation, user)
    return Response(words, mimetype="text/plain")


@pages.post("/<canned_id>/uses")
@signed_in
def use(public_id: str, canned_id: str) -> Response:
    """Return its text with the variables filled, and remember that it was used for what the customer wants.

    `format=markdown`: it is read as Markdown, so that what a variable stands for is written to be read literally.
    """
    user = current_user()
    with transaction() as session:
        conversation = access.conversation_for(session, user, public_id)
        found = answer_access.canned_response_for(session, user, canned_id)
        if not canned_responses.is_offered(session, canned=found, conversation=conversation, user=user):
            raise NotFound
        is_markdown = request.args.get("format") == MARKDOWN
        words = _filled(session, found, conversation, user, is_markdown=is_markdown)
        canned_ranking.record_use(session, canned=found, conversation=conversation, user=user)
    return Response(words, mimetype="text/plain")


def _filled(
    session: Session, canned: CannedResponse, conversation: Conversation, user: User, *, is_markdown: bool = False
) -> str:
    text = canned_responses.text_for(session, canned=canned, conversation=conversation)
    values = canned_values.of(session, conversation=conversation, user=user)
    if is_markdown:
        values = {name: literal(value) for name, value in values.items()}
    return liquid_texts.render(text, values)
