"""Doing one thing to many conversations of the list: those that are ticked, or the whole result; its progress; undo."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, make_response, redirect, render_template, request
from sqlalchemy import Select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from app.db import reading, transaction
from app.errors import Invalid
from app.models import Priority, Status, Tag, Team, User
from app.queries import bulk_progress, conversation_filters, saved_views
from app.queries.by_id import find
from app.queries.sidebar import Options
from app.render import words
from app.services import access, bulk_actions
from app.services.bulk_verbs import VERBS
from app.web.inbox import asked, snooze
from app.web.session import current_user, signed_in

pages = Blueprint("bulk", __name__, url_prefix="/inbox/bulk")

MOST_NAMED = 10_000  # conversations ticked one by one
Choice = tuple[str, str]


def choices(options: Options) -> list[tuple[str, list[Choice]]]:
    """Return what can be done to many: groups of (value, word). A value is the verb, a colon and what it is given."""
    people = [("assign:me", "Me"), ("assign:", "Nobody"), *((f"assign:{one.id}", one.name) for one in options.people)]
    snoozes = [(f"status:snoozed:{key}", f"Snooze: {word.lower()}") for key, word in snooze.CHOICES.items()]
    statuses = [(f"status:{one.value}", words(one.value)) for one in Status if one is not Status.SNOOZED]
    return [
        ("Status", [*statuses, *snoozes, ("read:", "Mark as read")]),
        ("Assign to", people),
        ("Give to team", [("team:", "No team"), *((f"team:{one.id}", one.name) for one in options.teams)]),
        ("Priority", [(f"priority:{one.value}", words(one.value)) for one in Priority]),
        ("Add tag", [(f"tag_put:{one.id}", one.name) for one in options.tags]),
        ("Remove tag", [(f"tag_take:{one.id}", one.name) for one in options.tags]),
    ]


@pages.post("")
@signed_in
def begin() -> BaseResponse:
    """Do `do` to the conversations named by `id` and `ids`, or to `all` that the address's filters find."""
    user = current_user()
    verb, _, chosen = request.form.get("do", "").partition(":")
    if verb not in VALUES:
        raise Invalid("Choose what is to be done.", field="do")
    with transaction() as session:
        value = VALUES[verb](session, user, chosen)
        bulk_actions.begin(session, user=user, verb=verb, value=value, which=_which(session, user))
    return _back()


def _which(session: Session, user: User) -> Select[int]:
    if request.form.get("all") == "1":
        looks = saved_views.looks(session, user=user, visible=access.views_of(user))
        return conversation_filters.matching(asked.read(looks), user, access.inbox_ids_of(user))
    named = [*request.form.getlist("id"), *request.form.get("ids", "").split(",")]
    found = {one for one in map(_uuid, named[:MOST_NAMED]) if one}
    if not found:
        raise Invalid("Select at least one conversation.", field="id")
    return bulk_actions.visible(user, sorted(found))


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text.strip())
    except ValueError:
        return None


@pages.get("")
@signed_in
def progress() -> Response:
    """How far the last one has come: the page fetches it again as pokes come."""
    user = current_user()
    with reading() as session:
        found = bulk_progress.newest(session, user=user)
    return make_response(render_template("inbox/_bulk.html", bulk=found))


@pages.post("/<public_id>/undo")
@signed_in
def undo(public_id: str) -> BaseResponse:
    user = current_user()
    with transaction() as session:
        bulk = access.bulk_action_for(session, user, public_id, lock=True)
        bulk_actions.undo(session, user=user, bulk=bulk)
    return _back()


@pages.post("/<public_id>/dismissal")
@signed_in
def dismiss(public_id: str) -> BaseResponse:
    """Put the line about it away; it goes on all the same."""
    with transaction() as session:
        access.bulk_action_for(session, current_user(), public_id, lock=True).is_dismissed = True
    return _back()


def _back() -> BaseResponse:
    """Answer with the progress where htmx asks, else lead back to the list as it was."""
    if request.headers.get("HX-Request") == "true":
        return progress()
    return redirect("/inbox" + asked.filters().query(), code=303)


def _assignee(session: Session, user: User, chosen: str) -> dict[str, Any]:
    if chosen == "me":
        return {"id": user.id, "name": user.name}
    return _told(chosen, find(session, User, chosen) if chosen else None, "nobody")


def _team(session: Session, _: User, chosen: str) -> dict[str, Any]:
    return _told(chosen, find(session, Team, chosen) if chosen else None, "no team")


def _told(chosen: str, found: User | Team | None, nobody: str) -> dict[str, Any]:
    if chosen and found is None:
        raise Invalid("That is not there any more. Look again, then decide.", field="do")
    return {"id": found.id, "name": found.name} if found else {"id": None, "name": nobody}


def _status(_: Session, __: User, chosen: str) -> dict[str, Any]:
    name, _sign, choice = chosen.partition(":")
    try:
        status = Status(name)
    except ValueError:
        raise Invalid("Choose open, pending, snoozed or resolved.", field="do") from None
    if status is not Status.SNOOZED:
        return {"status": status.value, "name": status.value}
    until = snooze.snoozed_until(choice, request.form.get("until", ""))
    return {"status": status.value, "until": until.isoformat(), "name": status.value}


def _priority(_: Session, __: User, chosen: str) -> dict[str, Any]:
    try:
        return {"priority": Priority(chosen).value, "name": chosen}
    except ValueError:
        raise Invalid("Choose low, normal, high or urgent.", field="do") from None


def _tag(session: Session, _: User, chosen: str) -> dict[str, Any]:
    tag = find(session, Tag, chosen)
    if tag is None:
        raise Invalid("There is no such tag any more.", field="do")
    return {"id": tag.id, "name": tag.name}


VALUES: dict[str, Callable[[Session, User, str], dict[str, Any]]] = {
    "assign": _assignee,
    "team": _team,
    "status": _status,
    "priority": _priority,
    "tag_put": _tag,
    "tag_take": _tag,
    "read": lambda _, __, ___: {},
}


def sentence(bulk: bulk_progress.Progress) -> str:
    """Say what was done: "set to resolved"."""
    verb = VERBS.get(bulk.verb)
    return verb.words.format(name=bulk.value.get("name", "")) if verb else bulk.verb
