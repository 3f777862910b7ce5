"""Help with a reply: what screens ask of the models."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, make_response, render_template, request
from sqlalchemy.orm import Session

from app.clock import now
from app.db import reading, transaction
from app.errors import Invalid
from app.models import Ask, AskKind, AskState, Conversation, User
from app.phrases import phrase
from app.queries import ask_view, health
from app.queries.ask_view import SuggestionText
from app.services import access, asks, canned_responses, canned_values, liquid_texts, suggestion_text, suggestions
from app.web.limits import limiter
from app.web.session import current_user, signed_in

pages = Blueprint("helpers", __name__)

SO_OFTEN = "240 per minute"  # a draft is looked at each time its writer pauses
LATE = timedelta(seconds=4)
ANNOTATOR = "annotator"
HINTS = {  # what a draft sounds like: in a word, and what could be done about it
    "secret": (
        phrase("Secret"),
        phrase("Card numbers, passwords and codes do not belong into a message. Leave it out or shorten it."),
    ),
    "internal": (
        phrase("For colleagues only"),
        phrase("This looks like an internal note. The customer would read it."),
    ),
    "language": (phrase("Other language"), phrase("The customer writes another language.")),
    "angry": (phrase("Angry"), phrase("This may sound angry. Say what you can do next.")),
    "blaming": (
        phrase("Blaming"),
        phrase("This puts the fault on the customer. Say what happened and what helps now."),
    ),
    "cold": (phrase("Cold"), phrase("This may sound cold. A reason, a next step or a kind word helps.")),
}


@pages.post("/conversations/<public_id>/asks")
@signed_in
@limiter.limit(SO_OFTEN, key_func=lambda: f"asks {current_user().public_id}")
def ask(public_id: str) -> Response:
    """Store a question and return its fragment, to be fetched again when a poke says that it was answered."""
    user = current_user()
    with transaction() as session:
        conversation = access.conversation_for(session, user, public_id)
        kind, draft = request.form.get("kind", ""), request.form.get("text", "")
        row = asks.ask(session, user=user, conversation=conversation, kind=kind, draft=draft)
        context = _context(session, user, row)
    return _fragment(row, context)


@pages.get("/asks/<public_id>")
@signed_in
def show(public_id: str) -> Response:
    user = current_user()
    with reading() as session:
        row = access.ask_for(session, user, public_id)
        context = _context(session, user, row)
    return _fragment(row, context)


@pages.post("/asks/<public_id>/uses")
@signed_in
def use(public_id: str) -> Response:
    """Remember that the suggestion at `place` was put into the draft."""
    with transaction() as session:
        row = access.ask_for(session, current_user(), public_id)
        suggestions.record_use(session, ask=row, place=request.form.get("place", default=-1, type=int))
    return Response(status=204)


def _fragment(row: Ask, context: dict[str, Any]) -> Response:
    return make_response(render_template("composer/_ask.html", ask=row, HINTS=HINTS, **context))


def _context(session: Session, user: User, row: Ask) -> dict[str, Any]:
    """Read what the answer points at."""
    if row.state is not AskState.ANSWERED or row.answer is None:
        is_late = row.is_waiting and now() - row.created_at > LATE
        return {"items": [], "is_late": is_late, "is_away": is_late and not _annotator_is_there(session)}
    found: dict[str, Any] = row.answer
    if row.kind is AskKind.TONE:
        return {"items": found["hints"]}
    if row.kind is AskKind.SUGGESTIONS:
        return {"items": _suggestions(session, user, row, found["items"])}
    if row.kind is AskKind.SUMMARY:
        points = [{"message_id": id_, "start": start, "end": end} for id_, start, end in found["excerpts"]]
        return {"items": ask_view.quotes(session, ask=row, found=points)}
    return {"items": ask_view.quotes(session, ask=row, found=found["questions"])}


def _suggestions(
    session: Session, user: User, row: Ask, found: list[dict[str, Any]]
) -> list[tuple[SuggestionText, str]]:
    """Return each suggestion with its words as they would stand in the draft."""
    conversation = session.get_one(Conversation, row.conversation_id)
    rows = ask_view.suggestions(
        session,
        inbox_ids=access.inbox_ids_of(user),
        found=found,
        canned_text=canned_responses.in_language(conversation.language),
    )
    values = canned_values.of(session, conversation=conversation, user=user)
    return [(one, _words(one, values)) for one in rows]


def _words(one: SuggestionText, values: Mapping[str, str]) -> str:
    if one.source == "reply":
        return suggestion_text.reusable(one.text, names=(one.contact, one.author))
    if one.source == "article":
        return canned_responses.filled(one.text, values)
    try:
        return liquid_texts.render(one.text, values)
    except Invalid:
        return one.text  # written before texts were read when they are saved: shown as it is


def _annotator_is_there(session: Session) -> bool:
    return any(process.kind == ANNOTATOR and process.is_fresh for process in health.processes(session))
