"""The labels of one message: the sheet that offers them, and the forms in it."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from app.db import reading, transaction
from app.errors import Invalid, NotFound
from app.models import Conversation, Message, User
from app.phrases import phrase
from app.queries import message_labels
from app.services import access, corrections, workspace_intents
from app.services.labels import CORRECTABLE, SEVERAL, Choices
from app.web.inbox import asked
from app.web.inbox.conversation import back_to
from app.web.session import current_user, signed_in

pages = Blueprint("message_labels", __name__, url_prefix="/messages/<public_id>/labels")


@pages.get("")
@signed_in
def show(public_id: str) -> str:
    """Return the sheet alone to scripts, and a page around it to a browser without them."""
    user = current_user()
    with reading() as session:
        seen = message_labels.find(session, public_id=public_id, inbox_ids=access.inbox_ids_of(user))
        if seen is None:
            raise NotFound
        offered = {task: corrections.choices(session, task) for task in CORRECTABLE if seen.of(task)}
        intents = workspace_intents.choices(session)
    alone = request.headers.get("HX-Request") == "true"
    return render_template(
        "messages/_labels.html" if alone else "messages/labels.html",
        seen=seen,
        offered=offered,
        several=SEVERAL,
        examples_of=_other_than(offered, intents),
        query=asked.filters().query(),
    )


@pages.post("")
@signed_in
def change(public_id: str) -> BaseResponse:
    """Correct one task (`labels`, joined by "|"), confirm, take back, or use the message as an example of an intent."""
    user, task = current_user(), request.form.get("task", "")
    with transaction() as session:
        message = access.message_for(session, user, public_id)
        match request.form.get("do", "correct"):
            case "correct":
                labels = request.form.get("labels", "").split("|")
                corrections.correct(session, message=message, task=task, labels=labels, actor=user)
            case "confirm":
                _confirm(session, message, user, task)
            case "undo":
                corrections.undo(session, message=message, task=task, actor=user)
            case "example":
                intent = workspace_intents.named(session, request.form.get("intent", ""))
                workspace_intents.use_message(session, intent=intent, message=message, actor=user)
            case _:
                raise Invalid(phrase("Choose what to do with this label."), field="do")
        conversation = session.get_one(Conversation, message.conversation_id).public_id
    return back_to(str(conversation))


def _confirm(session: Session, message: Message, user: User, task: str) -> None:
    """Say that one task is right, or (without a task) everything that was said and may be used."""
    if task:
        corrections.confirm(session, message=message, task=task, actor=user)
        return
    for each in CORRECTABLE:
        said = corrections.said_of(session, message, each)
        if said and not said.abstained and corrections.find(session, message, each) is None:
            corrections.confirm(session, message=message, task=each, actor=user)


def _other_than(offered: dict[str, Choices], intents: Choices) -> Choices:
    """Return the workspace's intents where they are not what the intent is corrected to anyway."""
    return () if set(intents) & set(offered.get("intent", ())) else intents
