"""Colleagues in one conversation: mentions in notes, threads of notes, following, and handing it over."""

from __future__ import annotations

from uuid import uuid4

from flask import Blueprint, Response, make_response, render_template, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from app.db import reading, retrying, transaction
from app.errors import AppError, Invalid
from app.models import Conversation, Message
from app.phrases import phrase
from app.services import access, conversations, followers, hand_over, mentions, note_threads
from app.web.inbox.acting import Answer, locked
from app.web.inbox.conversation import back_to
from app.web.session import current_user, signed_in

pages = Blueprint("together", __name__)

MOST_OFFERED = 8
LONGEST_WORD = 60


@pages.get("/conversations/<public_id>/mentionables")
@signed_in
def offer(public_id: str) -> Response:
    """Return whom a note can mention whose name has a word that begins with `word`, as options of a listbox."""
    word = request.args.get("word", "")[:LONGEST_WORD].casefold()
    with reading() as session:
        conversation = access.conversation_for(session, current_user(), public_id)
        known = mentions.mentionables(session, conversation=conversation)
    fitting = [one for one in known if _fits(one.name.casefold(), word) and one.public_id != current_user().public_id]
    fitting.sort(key=lambda one: not one.name.casefold().startswith(word))
    response = make_response(render_template("composer/_mentions.html", rows=fitting[:MOST_OFFERED]))
    response.headers["Cache-Control"] = "no-store"
    return response


def _fits(name: str, word: str) -> bool:
    return name.startswith(word) or f" {word}" in name


@pages.post("/conversations/<public_id>/following")
@signed_in
def follow(public_id: str) -> BaseResponse:
    """Follow a conversation (`follow=1`), or follow it no more."""
    act = followers.follow if request.form.get("follow") == "1" else followers.unfollow
    with locked(public_id) as (session, conversation):
        act(session, conversation=conversation, user=current_user())
    return back_to(public_id)


@pages.post("/messages/<public_id>/notes")
@signed_in
def answer_note(public_id: str) -> BaseResponse:
    """Answer a note with the note `text`; the same `client_key` twice is one."""
    form, user = request.form, current_user()

    def write() -> str:
        with transaction() as session:
            note, conversation = _note(session, public_id)
            note_threads.answer(
                session,
                conversation=conversation,
                note=note,
                author=user,
                text=form.get("text", ""),
                client_key=form.get("client_key", ""),
                chosen=form.getlist("mention"),
            )
            conversations.mark_read(session, conversation=conversation, user=user)
            return str(conversation.public_id)

    return back_to(retrying(write))


@pages.post("/messages/<public_id>/thread")
@signed_in
def settle_thread(public_id: str) -> BaseResponse:
    """Resolve the thread of a note (`do=resolve`), or open it again (`reopen`)."""
    wanted = request.form.get("do", "")
    with transaction() as session:
        note, conversation = _note(session, public_id)
        if wanted == "resolve":
            note_threads.resolve(session, conversation=conversation, note=note, actor=current_user())
        elif wanted == "reopen":
            note_threads.reopen(session, conversation=conversation, note=note)
        else:
            raise Invalid(phrase("Choose to resolve this thread, or to open it again."), field="do")
        place = str(conversation.public_id)
    return back_to(place)


def _note(session: Session, public_id: str) -> tuple[Message, Conversation]:
    """Return a message that the user may see and its conversation, locked."""
    note = access.message_for(session, current_user(), public_id)
    return note, session.get_one(Conversation, note.conversation_id, with_for_update=True)


@pages.get("/conversations/<public_id>/handing-over")
@signed_in
def choose(public_id: str) -> str:
    """Show to whom the conversation could be handed over: as a page, or as the inside of a dialog for scripts."""
    return _choice(public_id)


@pages.post("/conversations/<public_id>/handing-over")
@signed_in
def give(public_id: str) -> Answer:
    """Hand it over to `to` with a `note`; `follow` keeps the user among those who follow it."""
    form = request.form

    def act() -> None:
        with locked(public_id) as (session, conversation):
            hand_over.hand_over(
                session,
                conversation=conversation,
                actor=current_user(),
                to=form.get("to", ""),
                note=form.get("note", ""),
                client_key=form.get("client_key", ""),
                keeps_following=form.get("follow") == "1",
            )
            conversations.mark_read(session, conversation=conversation, user=current_user())

    try:
        retrying(act)
    except Invalid as problem:
        return _choice(public_id, problem), problem.status
    return back_to(public_id)


def _choice(public_id: str, problem: AppError | None = None) -> str:
    user, form = current_user(), request.form
    with reading() as session:
        conversation = access.conversation_for(session, user, public_id)
        targets = hand_over.targets(session, conversation=conversation, inbox_ids=access.inbox_ids_of(user))
        return render_template(
            "conversations/hand_over.html",
            layout=f"conversations/_choice_{'dialog' if request.headers.get('HX-Request') else 'page'}.html",
            conversation=conversation,
            people=[one for one in targets if not one.is_team and one.id != str(user.public_id)],
            teams=[one for one in targets if one.is_team],
            chosen=form.get("to", ""),
            own_note=f"\n{form.get('note', '')}",  # HTML drops the first line break
            follows=form.get("follow") == "1" if form else True,
            client_key=form.get("client_key") or uuid4().hex,
            problem=problem,
        )
