"""A reply that was begun before something new came: what that is, shown before anything is sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import make_response, render_template, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from app.db import reading
from app.queries import timeline
from app.queries.timeline import MessageRow
from app.services import recipients
from app.services.soft_locks import Holder
from app.web.inbox import asked
from app.web.inbox.concealed import conceal, without_words
from app.web.inbox.conversation import pane
from app.web.inbox.conversation_list import answer, shown
from app.web.session import current_user

CONFLICT = 409


@dataclass(frozen=True, slots=True)
class Filled:
    """What a composer is filled in with again: what was typed. Files cannot be."""

    text: str
    cc: tuple[str, ...]
    bcc: tuple[str, ...]
    sender: str
    in_private: bool
    due_at: datetime | None = None


def answer_news(
    public_id: str, ids: Sequence[int], others: Sequence[Holder] = (), unfinished: Sequence[str] = ()
) -> BaseResponse:
    """Answer 409 with what was said meanwhile, whose reply is on its way and what of the checklist is `unfinished`:
    that alone for scripts, else the page with the composer as it was.
    """
    user = current_user()
    with reading() as session:
        news = _rows(session, ids)
        newest = str(news[-1].public_id) if news else request.form.get("seen", "")
        known = [*request.form.getlist("known"), *(one.key for one in others)]
        told = {"news": news, "others": others, "known": known, "newest": newest, "unfinished": unfinished}
        if asked.part():
            return make_response(render_template("conversations/_meanwhile.html", is_scripted=True, **told), CONFLICT)
        found = shown(session, user)
        context = pane(session, user, public_id, options=found.sidebar.options)
        filled = _filled()
        context |= {**told, "filled": filled, "own_words": f"\n{filled.text}"}
    response = answer(found, "", **context)
    response.status_code = CONFLICT
    return response


def _rows(session: Session, ids: Sequence[int]) -> list[MessageRow]:
    rows = [timeline.of_message(session, message_id=id_) for id_ in ids]
    return [without_words(row) if row.deleted_at else conceal(row)[0] for row in rows]


def _filled() -> Filled:
    form = request.form
    return Filled(
        text=form.get("text", ""),
        cc=recipients.typed(form.get("cc", "")),
        bcc=recipients.typed(form.get("bcc", ""), "bcc"),
        sender=form.get("sender", ""),
        in_private=form.get("private") == "1",
    )
