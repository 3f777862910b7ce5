"""Replies and notes: written, sent again, or given up."""

from __future__ import annotations

from flask import Blueprint, request
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response as BaseResponse

from app.db import reading, retrying, transaction
from app.errors import Conflict, Invalid
from app.models import Conversation, Message, Status, User
from app.services import access, conversations, replies, sending_rules, taking_back
from app.services.answering import Wish
from app.services.arrivals import StoredAttachment
from app.services.users import clean_email
from app.web.inbox.conversation import back_to
from app.web.session import current_user, signed_in

pages = Blueprint("composer", __name__)

MOST_FILES, MOST_CC = 20, 20
DEEDS = {"retry": replies.retry, "discard": replies.discard, "undo": taking_back.take_back}


@pages.post("/conversations/<public_id>/replies")
@signed_in
def reply(public_id: str) -> BaseResponse:
    """Queue a reply; the same `client_key` twice is one reply. `then=resolved` also resolves.

    `answers` names the customer's message that is answered, `private` takes it out of public, and a `template` with
    its `value`s stands in the place of words.
    """
    uploads, cc = _uploads(public_id), _copies()
    text, key, then = (request.form.get(name, "") for name in ("text", "client_key", "then"))
    wish = _wish()

    def write() -> None:
        user = current_user()
        with transaction() as session:
            conversation = access.conversation_for(session, user, public_id, lock=True)
            message = replies.queue_reply(
                session,
                conversation=conversation,
                author=user,
                text=text,
                client_key=key,
                uploads=[*_kept_files(session, conversation, user), *uploads],
                cc=cc,
                wish=wish,
                wait=sending_rules.undo_wait(session),
            )
            _refuse_surprise(message)
            if then == Status.RESOLVED:
                conversations.set_status(session, conversation=conversation, actor=user, status=Status.RESOLVED)
            conversations.mark_read(session, conversation=conversation, user=user)

    retrying(write)
    return back_to(public_id)


@pages.post("/conversations/<public_id>/notes")
@signed_in
def note(public_id: str) -> BaseResponse:
    uploads = _uploads(public_id)
    text, key = request.form.get("text", ""), request.form.get("client_key", "")

    def write() -> None:
        user = current_user()
        with transaction() as session:
            conversation = access.conversation_for(session, user, public_id, lock=True)
            replies.write_note(
                session, conversation=conversation, author=user, text=text, client_key=key, uploads=uploads
            )
            conversations.mark_read(session, conversation=conversation, user=user)

    retrying(write)
    return back_to(public_id)


@pages.post("/messages/<public_id>/sending")
@signed_in
def decide(public_id: str) -> BaseResponse:
    """Send a failed or uncertain reply again (`do=retry`), give it up (`discard`), or take one back (`undo`)."""
    deed = DEEDS.get(request.form.get("do", ""))
    if deed is None:
        raise Invalid("Choose to send it again, to discard it or to undo it.", field="do")
    user = current_user()
    with transaction() as session:
        message = access.message_for(session, user, public_id)
        conversation = str(session.get_one(Conversation, message.conversation_id).public_id)
        deed(session, message=message, actor=user)
    return back_to(conversation)


@pages.post("/conversations/<public_id>/taken-back")
@signed_in
def give_up(public_id: str) -> BaseResponse:
    """Forget the reply `taken_back`, which its writer took back and does not want any more."""
    user, wanted = current_user(), request.form.get("taken_back", "")
    with transaction() as session:
        conversation = access.conversation_for(session, user, public_id)
        taking_back.give_up(session, conversation=conversation, user=user, public_id=wanted)
    return back_to(public_id)


def _kept_files(session: Session, conversation: Conversation, user: User) -> list[StoredAttachment]:
    """Return the files of a reply that was taken back and is now written again: those still ticked."""
    taken, places = request.form.get("taken_back", ""), request.form.getlist("kept", type=int)
    if not taken:
        return []
    return taking_back.use(session, conversation=conversation, user=user, public_id=taken, files=set(places))


def _refuse_surprise(message: Message) -> None:
    """Raise Conflict for a reply that everybody would read, though the page did not show that."""
    if message.is_public and request.form.get("public") != "1":
        raise Conflict(
            "A public message came in meanwhile, and this would be public. Pick the message that you answer."
        )


def _wish() -> Wish:
    return Wish(
        answers=request.form.get("answers", ""),
        in_private=request.form.get("private") == "1",
        template=request.form.get("template", ""),
        values=tuple(request.form.getlist("value")),
    )


def _uploads(public_id: str) -> list[StoredAttachment]:
    """Write the files to disk before any transaction opens, for somebody who may see the conversation."""
    files: list[FileStorage] = [file for file in request.files.getlist("files") if file.filename]
    if len(files) > MOST_FILES:
        raise Invalid(f"Attach at most {MOST_FILES} files at once.", field="files")
    if not files:
        return []
    with reading() as session:
        access.conversation_for(session, current_user(), public_id)
    return [replies.store_upload(file.filename or "", file.mimetype, file.read()) for file in files]


def _copies() -> list[str]:
    told = request.form.get("cc", "").replace(";", ",").replace("\n", ",").split(",")
    addresses = [clean_email(address) for address in told if address.strip()]
    if len(addresses) > MOST_CC:
        raise Invalid(f"At most {MOST_CC} people can get a copy.", field="cc")
    return list(dict.fromkeys(addresses))
