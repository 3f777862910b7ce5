"""Doing one thing to many conversations of the list: those that are ticked, or the whole result; its progress; undo."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, make_response, redirect, render_template, request
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from app.db import reading, transaction
from app.errors import Invalid
from app.models import Priority, Status, Tag, Team, User
from app.phrases import Phrase, phrase, phrase_in
from app.queries import bulk_progress, conversation_filters, saved_views
from app.queries.by_id import find
from app.queries.sidebar import Options
from app.render import words
from app.services import access, bulk_actions, checklists
from app.services.bulk_verbs import VERBS
from app.web.inbox import asked, snooze
from app.web.session import current_user, signed_in

pages = Blueprint("bulk", __name__, url_prefix="/inbox/bulk")

MOST_NAMED = 10_000  # conversations ticked one by one
Choice = tuple[str, str]
SNOOZES = {
    "hour": phrase("Snooze: in one hour"),
    "evening": phrase("Snooze: in four hours"),
    "tomorrow": phrase("Snooze: tomorrow at 9:00"),
    "week": phrase("Snooze: next monday at 9:00"),
}
STATES = {  # as they stand inside of a sentence
    "open": phrase_in("state in a sentence", "open"),
    "pending": phrase_in("state in a sentence", "pending"),
    "snoozed": phrase_in("state in a sentence", "snoozed"),
    "resolved": phrase_in("state in a sentence", "resolved"),
    "spam": phrase_in("state in a sentence", "spam"),
    "low": phrase_in("state in a sentence", "low"),
    "normal": phrase_in("state in a sentence", "normal"),
    "high": phrase_in("state in a sentence", "high"),
    "urgent": phrase_in("state in a sentence", "urgent"),
}
NOBODY, NO_TEAM = phrase_in("assigned to", "nobody"), phrase_in("given to", "no team")


def choices(options: Options) -> list[tuple[str, list[Choice]]]:
    """Return what can be done to many: groups of (value, word). A value is the verb, a colon and what it is given."""
    people = [
        ("assign:me", phrase("Me")),
        ("assign:", phrase("Nobody")),
        *((f"assign:{one.id}", one.name) for one in options.people),
    ]
    snoozes = [(f"status:snoozed:{key}", word) for key, word in SNOOZES.items()]
    statuses = [(f"status:{one.value}", words(one.value)) for one in Status if one is not Status.SNOOZED]
    return [
        (phrase("Status"), [*statuses, *snoozes, ("read:", phrase("Mark as read"))]),
        (phrase("Assign to"), people),
        (
            phrase("Give to team"),
            [("team:", phrase("No team")), *((f"team:{one.id}", one.name) for one in options.teams)],
        ),
        (phrase("Priority"), [(f"priority:{one.value}", words(one.value)) for one in Priority]),
        (phrase("Add tag"), [(f"tag_put:{one.id}", one.name) for one in options.tags]),
        (phrase("Remove tag"), [(f"tag_take:{one.id}", one.name) for one in options.tags]),
    ]


@pages.post("")
@signed_in
def begin() -> BaseResponse:
    """Do `do` to the conversations named by `id` and `ids`, or to `all` that the address's filters find.

    Before conversations with open checklist items are resolved it asks. `unfinished` is the answer: `resolve` those,
    too, `leave` them, or do `nothing`.
    """
    user = current_user()
    verb, _, chosen = request.form.get("do", "").partition(":")
    if verb not in VALUES:
        raise Invalid(phrase("Choose what is to be done."), field="do")
    answer = request.form.get("unfinished", "")
    if answer == "nothing":
        return _back()
    with transaction() as session:
        value, which = VALUES[verb](session, user, chosen), _which(session, user)
        if value.get("status") == Status.RESOLVED and answer != "resolve":
            if answer == "leave":
                which = checklists.all_done(which)
            elif left := checklists.unfinished_among(session, which):
                return _ask(left, session.scalar(select(func.count()).select_from(which.subquery())) or 0)
        bulk_actions.begin(session, user=user, verb=verb, value=value, which=which)
    return _back()


def _ask(left: int, many: int) -> BaseResponse:
    """Ask whether to resolve all, too, those `left` with something to be done; what was chosen is asked with it."""
    named = [*request.form.getlist("id"), *request.form.get("ids", "").split(",")]
    ids = ",".join(str(one) for one in map(_uuid, named[:MOST_NAMED]) if one)
    sent = {"do": request.form["do"], "ids": ids, "all": request.form.get("all", "")}
    page = "inbox/_bulk_unfinished.html" if _is_scripted() else "inbox/bulk_unfinished.html"
    address = "/inbox/bulk" + asked.filters().query()
    return make_response(render_template(page, left=left, many=many, sent=sent, address=address))


def _which(session: Session, user: User) -> Select[int]:
    if request.form.get("all") == "1":
        looks = saved_views.looks(session, user=user, visible=access.views_of(user))
        return conversation_filters.matching(asked.read(looks), user, access.inbox_ids_of(user))
    named = [*request.form.getlist("id"), *request.form.get("ids", "").split(",")]
    found = {one for one in map(_uuid, named[:MOST_NAMED]) if one}
    if not found:
        raise Invalid(phrase("Select at least one conversation."), field="id")
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
    if _is_scripted():
        return progress()
    return redirect("/inbox" + asked.filters().query(), code=303)


def _is_scripted() -> bool:
    return request.headers.get("HX-Request") == "true"


def _assignee(session: Session, user: User, chosen: str) -> dict[str, Any]:
    if chosen == "me":
        return {"id": user.id, "name": user.name}
    return _told(chosen, find(session, User, chosen) if chosen else None, NOBODY)


def _team(session: Session, _: User, chosen: str) -> dict[str, Any]:
    return _told(chosen, find(session, Team, chosen) if chosen else None, NO_TEAM)


def _told(chosen: str, found: User | Team | None, nobody: Phrase) -> dict[str, Any]:
    if chosen and found is None:
        raise Invalid(phrase("That is not there any more. Look again, then decide."), field="do")
    return {"id": found.id, "name": found.name} if found else {"id": None, "name": str(nobody)}


def _status(_: Session, __: User, chosen: str) -> dict[str, Any]:
    name, _sign, choice = chosen.partition(":")
    try:
        status = Status(name)
    except ValueError:
        raise Invalid(phrase("Choose open, pending, snoozed or resolved."), field="do") from None
    if status is not Status.SNOOZED:
        return {"status": status.value, "name": status.value}
    until = snooze.snoozed_until(choice, request.form.get("until", ""))
    return {"status": status.value, "until": until.isoformat(), "name": status.value}


def _priority(_: Session, __: User, chosen: str) -> dict[str, Any]:
    try:
        return {"priority": Priority(chosen).value, "name": chosen}
    except ValueError:
        raise Invalid(phrase("Choose low, normal, high or urgent."), field="do") from None


def _tag(session: Session, _: User, chosen: str) -> dict[str, Any]:
    tag = find(session, Tag, chosen)
    if tag is None:
        raise Invalid(phrase("There is no such tag any more."), field="do")
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
    verb, name = VERBS.get(bulk.verb), str(bulk.value.get("name", ""))
    if verb is None:
        return bulk.verb
    if bulk.verb in {"status", "priority"}:
        return verb.deed(state_words(name))
    no_one = None if bulk.value.get("id") else {"assign": NOBODY, "team": NO_TEAM}.get(bulk.verb)
    return verb.deed(no_one or name)


def result(bulk: bulk_progress.Progress) -> str:
    """Say what became of it: "3 set to resolved, 2 were so already"."""
    done, same, left = bulk.of("done"), bulk.of("unchanged"), bulk.of("refused")
    deed = sentence(bulk)
    if same and left:
        return phrase(
            "{done} {deed}, {same} were so already, {left} not possible or not shared with you",
            done=done,
            deed=deed,
            same=same,
            left=left,
        )
    if same:
        return phrase("{done} {deed}, {same} were so already", done=done, deed=deed, same=same)
    if left:
        return phrase("{done} {deed}, {left} not possible or not shared with you", done=done, deed=deed, left=left)
    return phrase("{done} {deed}", done=done, deed=deed)


def state_words(state: str) -> str:
    """Say a status or a priority as it stands inside of a sentence."""
    return STATES.get(state, state)
