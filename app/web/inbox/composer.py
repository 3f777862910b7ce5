"""Replies and notes: written, sent again, or given up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeAlias

from flask import Blueprint, request
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response as BaseResponse

from app.db import reading, retrying, transaction
from app.errors import Conflict, Invalid
from app.markdown import CONTENT_ID, PICTURE_TYPES
from app.models import Conversation, Message, ScheduledReply, Status, User
from app.phrases import phrase
from app.services import (
    access,
    checklists,
    conversations,
    drafts,
    meanwhile,
    recipients,
    replies,
    scheduled_replies,
    sending_rules,
    taking_back,
)
from app.services.answering import Wish
from app.services.arrivals import StoredAttachment
from app.services.outgoing import Outgoing
from app.services.recipients import Recipients
from app.services.soft_locks import Holder
from app.web.inbox import draft_files, later
from app.web.inbox.conversation import back_to
from app.web.inbox.meanwhile import answer_news
from app.web.inbox.snooze import snoozed_until
from app.web.session import current_user, signed_in

pages = Blueprint("composer", __name__)

News: TypeAlias = tuple[list[int], list[Holder], list[str]]

MOST_FILES = 20
MARKDOWN = "markdown"
SNOOZE = "snoozed-"  # in `then`, before how long
DEEDS = {"retry": replies.retry, "discard": replies.discard, "undo": taking_back.take_back}


@dataclass(frozen=True, slots=True)
class Then:
    """What becomes of the conversation once a reply was written: nothing, or a status and until when."""

    status: Status | None = None
    until: datetime | None = None


@pages.post("/conversations/<public_id>/replies")
@signed_in
def reply(public_id: str) -> BaseResponse:
    """Queue a reply; the same `client_key` twice is one reply.

    `then=resolved` also resolves, `then=snoozed-tomorrow` also snoozes; `later` (with `later_at`) says that it leaves
    at a time, `even_if_answered` that it does so even if the customer writes before. `answers` names the customer's
    message that is answered, `private` takes it out of public, `cc`, `bcc` and `sender` are addresses, and a `template`
    with its `value`s stands in the place of words. `format=markdown`: the words are, and their pictures are the files
    `picture`, each shown where its `picture_id` is named; each `draft_file` is the id of a file that waits with the
    draft. `seen` is the newest message when the reply was begun: what was said since is shown first (409), and which
    colleagues are writing a reply or have scheduled one, but those whose keys are `known`; and what of the checklist is
    still open where it is to be resolved, unless `anyway`.
    """
    out, then = _outgoing(_uploads(public_id)), _then()
    leaves_at = later.leaves_at(request.form.get("later", ""), request.form.get("later_at", ""))

    def write() -> News:
        user = current_user()
        with transaction() as session:
            conversation = access.conversation_for(session, user, public_id, lock=True)
            news = _news(session, conversation, user, out.client_key, then)
            if not any(news):
                _write(session, conversation, user, out, leaves_at)
                _end_draft(session, conversation, user)
                _go_on(session, conversation, user, then)
        return news

    news = retrying(write)
    return answer_news(public_id, *news) if any(news) else back_to(public_id)


def _news(session: Session, conversation: Conversation, user: User, key: str, then: Then) -> News:
    """Return the ids of what was said since the reply was begun, whose reply is on its way, and what is unfinished."""
    seen, known = request.form.get("seen", ""), request.form.getlist("known")
    said = meanwhile.news(session, conversation=conversation, user=user, seen=seen, client_key=key)
    others = meanwhile.others(session, conversation=conversation, user=user, seen=seen, client_key=key, known=known)
    closes = then.status is Status.RESOLVED and "anyway" not in request.form
    unfinished = checklists.unfinished(session, conversation) if closes else []
    return said, others, [] if unfinished and meanwhile.is_there(session, conversation, key) else unfinished


def _write(session: Session, conversation: Conversation, user: User, out: Outgoing, leaves_at: datetime | None) -> None:
    uploads = [*draft_files.taken(session, conversation, user), *out.uploads]
    again = {file.content_id for file in uploads if file.content_id}
    kept = [file for file in _kept_files(session, conversation, user) if file.content_id not in again]
    uploads = [*kept, *uploads]
    _refuse_many(uploads)
    if leaves_at is None:
        message: Message | ScheduledReply | None = replies.queue_reply(
            session,
            conversation=conversation,
            author=user,
            text=out.text,
            client_key=out.client_key,
            uploads=uploads,
            cc=out.recipients.cc,
            bcc=out.recipients.bcc,
            sender=out.recipients.sender,
            wish=out.wish,
            wait=sending_rules.undo_wait(session),
            is_markdown=out.is_markdown,
        )
    else:
        message = scheduled_replies.schedule(
            session,
            conversation=conversation,
            author=user,
            out=Outgoing(out.text, out.client_key, uploads, out.recipients, out.wish, out.is_markdown),
            due_at=leaves_at,
            waits_for_nobody=request.form.get("even_if_answered") == "1",
        )
    if message is not None:
        _refuse_surprise(message)


def _end_draft(session: Session, conversation: Conversation, user: User) -> None:
    form = request.form
    text, mark, key = form.get("text", ""), form.get("draft", ""), form.get("client_key", "")
    drafts.finish(session, conversation=conversation, author=user, text=text, mark=mark, client_key=key)


def _go_on(session: Session, conversation: Conversation, user: User, then: Then) -> None:
    if then.status is not None:
        conversations.set_status(session, conversation=conversation, actor=user, status=then.status, until=then.until)
    conversations.mark_read(session, conversation=conversation, user=user)


@pages.post("/conversations/<public_id>/notes")
@signed_in
def note(public_id: str) -> BaseResponse:
    """Write a note; `mention` are public ids of those whom its writer picked after an @."""
    uploads = _uploads(public_id)
    text, key = request.form.get("text", ""), request.form.get("client_key", "")

    def write() -> None:
        user = current_user()
        with transaction() as session:
            conversation = access.conversation_for(session, user, public_id, lock=True)
            waiting = draft_files.taken(session, conversation, user)
            _refuse_many([*waiting, *uploads])
            replies.write_note(
                session,
                conversation=conversation,
                author=user,
                text=text,
                client_key=key,
                uploads=[replace(file, content_id=None) for file in (*waiting, *uploads)],
                chosen=request.form.getlist("mention"),
            )
            _end_draft(session, conversation, user)
            conversations.mark_read(session, conversation=conversation, user=user)

    retrying(write)
    return back_to(public_id)


@pages.post("/messages/<public_id>/sending")
@signed_in
def decide(public_id: str) -> BaseResponse:
    """Send a failed or uncertain reply again (`do=retry`), give it up (`discard`), or take one back (`undo`)."""
    deed = DEEDS.get(request.form.get("do", ""))
    if deed is None:
        raise Invalid(phrase("Choose to send it again, to discard it or to undo it."), field="do")
    user = current_user()
    with transaction() as session:
        message = access.message_for(session, user, public_id)
        conversation = str(session.get_one(Conversation, message.conversation_id).public_id)
        deed(session, message=message, actor=user)
    return back_to(conversation)


@pages.post("/conversations/<public_id>/scheduled/<reply_id>")
@signed_in
def decide_scheduled(public_id: str, reply_id: str) -> BaseResponse:
    """Send a scheduled reply now (`do=send`), take it back into the composer (`edit`), or give it up (`cancel`)."""
    user, wanted = current_user(), request.form.get("do", "")

    def decide_it() -> None:
        with transaction() as session:
            conversation = access.conversation_for(session, user, public_id, lock=True)
            if wanted == "send":
                scheduled_replies.send_now(session, conversation=conversation, public_id=reply_id)
            elif wanted == "edit":
                scheduled_replies.take_back(session, conversation=conversation, public_id=reply_id, actor=user)
            elif wanted == "cancel":
                scheduled_replies.cancel(session, conversation=conversation, public_id=reply_id, actor=user)
            else:
                raise Invalid(phrase("Choose to send it now, to edit it or to cancel it."), field="do")

    retrying(decide_it)
    return back_to(public_id)


@pages.post("/conversations/<public_id>/taken-back")
@signed_in
def give_up(public_id: str) -> BaseResponse:
    """Forget the reply `taken_back`, which its writer took back and does not want any more."""
    user, wanted = current_user(), request.form.get("taken_back", "")
    with transaction() as session:
        conversation = access.conversation_for(session, user, public_id)
        taking_back.give_up(session, conversation=conversation, user=user, public_id=wanted)
    return back_to(public_id)


def _then() -> Then:
    wanted = request.form.get("then", "")
    if wanted.startswith(SNOOZE):
        return Then(Status.SNOOZED, snoozed_until(wanted.removeprefix(SNOOZE), ""))
    return Then(Status.RESOLVED) if wanted == Status.RESOLVED else Then()


def _kept_files(session: Session, conversation: Conversation, user: User) -> list[StoredAttachment]:
    """Return the files of a reply that was taken back and is now written again: those still ticked."""
    taken, places = request.form.get("taken_back", ""), request.form.getlist("kept", type=int)
    if not taken:
        return []
    return taking_back.use(session, conversation=conversation, user=user, public_id=taken, files=set(places))


def _refuse_surprise(message: Message | ScheduledReply) -> None:
    """Raise Conflict for a reply that everybody would read, though the page did not show that."""
    if message.is_public and request.form.get("public") != "1":
        raise Conflict(
            phrase("A public message came in meanwhile, and this would be public. Pick the message that you answer.")
        )


def _outgoing(uploads: list[StoredAttachment]) -> Outgoing:
    form = request.form
    wish = Wish(
        answers=form.get("answers", ""),
        in_private=form.get("private") == "1",
        template=form.get("template", ""),
        values=tuple(form.getlist("value")),
    )
    named = Recipients(
        cc=recipients.typed(form.get("cc", "")),
        bcc=recipients.typed(form.get("bcc", ""), "bcc"),
        sender=form.get("sender", "").strip().lower(),
    )
    is_markdown = form.get("format") == MARKDOWN
    return Outgoing(form.get("text", ""), form.get("client_key", ""), uploads, named, wish, is_markdown)


def _uploads(public_id: str) -> list[StoredAttachment]:
    """Write the files to disk before any transaction opens, for somebody who may see the conversation."""
    files: list[tuple[FileStorage, str | None]] = [
        (file, None) for file in request.files.getlist("files") if file.filename
    ]
    files += _pictures()
    _refuse_many(files)
    if not files:
        return []
    with reading() as session:
        access.conversation_for(session, current_user(), public_id)
    return [
        replies.store_upload(file.filename or "", file.mimetype, file.read(), content_id=content_id)
        for file, content_id in files
    ]


def _refuse_many(files: Sequence[object]) -> None:
    if len(files) > MOST_FILES:
        raise Invalid(phrase("Attach at most {count} files at once.", count=MOST_FILES), field="files")


def _pictures() -> list[tuple[FileStorage, str | None]]:
    """Return the pictures that stand among the words with their content ids; what is no picture has none."""
    files = [file for file in request.files.getlist("picture") if file.filename]
    ids = request.form.getlist("picture_id")
    if len(ids) != len(files) or not all(CONTENT_ID.fullmatch(one) for one in ids) or len(set(ids)) != len(ids):
        raise Invalid(phrase("The form is out of date: load the page again."), field="picture")
    return [(file, one if file.mimetype in PICTURE_TYPES else None) for file, one in zip(files, ids, strict=True)]
