"""The command bar: what a user can do, what they opened lately, and what is found while they type."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from flask import Blueprint, Flask, render_template, request
from sqlalchemy.orm import Session

from app.commands import own
from app.commands.keys import spoken
from app.db import reading
from app.errors import NotFound
from app.languages import translated
from app.models import User
from app.queries import contact_lookup, macro_list, recent_items
from app.queries.macro_list import MacroRow
from app.queries.search_page import Page
from app.queries.search_terms import LONGEST
from app.services import access, answer_access, canned_ranking
from app.services.canned_ranking import Candidate
from app.services.search_keys import typed_key
from app.web.authz import current_user, signed_in
from app.web.inbox import search

pages = Blueprint("command_bar", __name__, url_prefix="/commands")

SHORTEST = 2  # characters that something is looked for
SHOWN = 5  # of each kind


@dataclass(frozen=True, slots=True)
class Here:
    """What answers the conversation that is open."""

    conversation: UUID
    canned: list[Candidate]
    macros: list[MacroRow]


def register(app: Flask) -> None:
    """Add the routes, and what templates need to draw keys and commands."""
    app.register_blueprint(pages)
    app.jinja_env.globals.update(
        commands_of=own.commands_of,
        told_to_pages=_told,
        searched_for=_searched_for,
        key_steps=lambda keys: spoken(keys).split(),
        bar_keys=lambda user: own.bindings(user.role, user.own_keys)["commands"],
    )


def _told(user: User) -> list[dict[str, str]]:
    """Return what the browser needs, titles in the reader's language."""
    return [one | {"title": translated(one["title"])} for one in own.told_to_pages(user)]


def _searched_for(*words: str) -> str:
    """Return words in lower case, in the reader's language and in English, so that both are found."""
    said = " ".join(translated(word) for word in words)
    english = " ".join(str(word) for word in words)
    return (said if said == english else f"{said} {english}").casefold()


@pages.get("")
@signed_in
def index() -> str:
    """List every command, what can be done in the conversation `open` (its id), and of the conversations `recent` (ids)
    those that the user may see.
    """
    user = current_user()
    with reading() as session:
        rows = recent_items.conversations(session, ids=_ids(), inbox_ids=access.inbox_ids_of(user))
        here = _here(session, user, request.args.get("open", ""))
    return render_template("commands/_list.html", areas=own.commands_of(user), recent=rows, here=here)


@pages.get("/found")
@signed_in
def found() -> str:
    """Show contacts and conversations that fit what is typed (`q`) so far."""
    user = current_user()
    typed = " ".join(request.args.get("q", "")[:LONGEST].split())
    if len(typed) < SHORTEST:
        return render_template("commands/_found.html", typed=typed, people=(), page=None)
    with reading() as session:
        inbox_ids = access.inbox_ids_of(user)
        people = contact_lookup.find(session, typed=typed_key(typed), user=user, inbox_ids=inbox_ids)
    page: Page = search.found_of(user, _begun(typed))
    return render_template("commands/_found.html", typed=typed, people=people[:SHOWN], page=page, shown=SHOWN)


def _here(session: Session, user: User, public_id: str) -> Here | None:
    """Return what is offered in a conversation; None where none is open, or it is not the user's."""
    try:
        conversation = access.conversation_for(session, user, public_id)
    except NotFound:
        return None
    canned = canned_ranking.search(session, conversation=conversation, user=user, typed="")
    macros = macro_list.usable(session, usable=answer_access.macros_of(user))
    return Here(conversation.public_id, canned, macros)


def _begun(typed: str) -> str:
    """Take the last word for the beginning of one."""
    last = typed.rpartition(" ")[2]
    return f"{typed}*" if last.isalnum() and len(last) > SHORTEST and len(typed) < LONGEST else typed


def _ids() -> list[UUID]:
    told = []
    for text in request.args.getlist("recent")[: recent_items.MOST]:
        try:
            told.append(UUID(text))
        except ValueError:
            continue
    return told
