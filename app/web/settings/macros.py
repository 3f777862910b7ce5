"""Settings, macros: named bundles of actions, for everybody, one team, or oneself. Rows are added and taken by the
server, so that the form works without scripts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import Blueprint, redirect, render_template, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.db import reading, transaction
from app.errors import AppError, Conflict, Invalid
from app.models import Macro, Team, User
from app.phrases import listed, phrase
from app.queries import macro_list
from app.services import answer_access, by_public_id, liquid_texts, macros
from app.services.answer_access import SUPERVISORS, check_may_write
from app.services.macro_actions import ACTIONS, MOST_ACTIONS, NOTE, WORDS, in_order
from app.web.authz import current_user, signed_in
from app.web.languages import flash
from app.web.settings.canned_responses import OWN, places_for

pages = Blueprint("settings_macros", __name__, url_prefix="/settings/macros")

HERE = "/settings/macros"
GONE = phrase("something that is gone")
Options = dict[str, list[tuple[str, str]]]


@dataclass
class MacroForm:
    """`was_rearranged`: a row was added or taken, so the form is shown again and nothing is saved."""

    name: str = ""
    place: str = ""
    version: int = 0
    actions: list[dict[str, str]] = field(default_factory=list)
    was_rearranged: bool = False

    @classmethod
    def typed(cls) -> MacroForm:
        """Read what was sent, and do what the pressed button says about rows."""
        form = request.form
        pairs = zip(form.getlist("action-do"), form.getlist("action-value"), strict=False)
        actions = [{"do": do, "value": value} for do, value in pairs if do in ACTIONS][:MOST_ACTIONS]
        version = form.get("version", "")
        known = int(version) if version.isascii() and version.isdigit() and len(version) < 10 else 0
        typed = cls(form.get("name", ""), form.get("place", ""), known, actions)
        typed._rearrange(form.get("press", "save"))
        return typed

    def _rearrange(self, press: str) -> None:
        what, _, number = press.partition(":")
        self.was_rearranged = what != "save"
        at = int(number[:4]) if number.isascii() and number.isdigit() else len(self.actions)
        if what == "take" and at < len(self.actions):
            self.actions.pop(at)
        if what == "up" and 0 < at < len(self.actions):
            self.actions.insert(at - 1, self.actions.pop(at))
        wanted = request.form.get("new-action", "")
        if what == "add" and wanted in ACTIONS and len(self.actions) < MOST_ACTIONS:
            self.actions.append({"do": wanted, "value": ""})


@pages.get("")
@signed_in
def index() -> str:
    user = current_user()
    with reading() as session:
        rows = macro_list.usable(session, usable=answer_access.macros_of(user))
        known = _options(session, user)
    shown = [(row, _done(row.actions, known)) for row in rows]
    return render_template("settings/macros.html", rows=shown, may_share=user.role in SUPERVISORS)


@pages.get("/new")
@signed_in
def new() -> str:
    return _page(None, MacroForm(place="" if current_user().role in SUPERVISORS else OWN), None)


@pages.post("/new")
@signed_in
def create() -> Response | str | tuple[str, int]:
    return _save(None)


@pages.get("/<macro_id>")
@signed_in
def edit(macro_id: str) -> str:
    with reading() as session:
        macro = answer_access.macro_for(session, current_user(), macro_id)
        team = session.get_one(Team, macro.team_id) if macro.team_id else None
        place = OWN if macro.owner_id else f"team:{team.public_id}" if team else ""
        may_write = macro.owner_id is not None or current_user().role in SUPERVISORS
        form = MacroForm(macro.name, place, macro.version, [dict(action) for action in macro.actions])
    return _page(macro_id, form, None, may_write=may_write)


@pages.post("/<macro_id>")
@signed_in
def save(macro_id: str) -> Response | str | tuple[str, int]:
    return _save(macro_id)


@pages.post("/<macro_id>/move")
@signed_in
def move(macro_id: str) -> Response:
    with transaction() as session:
        macro = _changeable(session, macro_id)
        by = -1 if request.form.get("to") == "up" else 1
        macros.move(session, macro=macro, by=by, seen=answer_access.macros_of(current_user()))
    return redirect(f"{HERE}#{macro_id}", code=303)


@pages.post("/<macro_id>/delete")
@signed_in
def delete(macro_id: str) -> Response:
    with transaction() as session:
        session.delete(_changeable(session, macro_id))
    flash(phrase("Deleted. What it did stays as it is."), "success")
    return redirect(HERE, code=303)


def _changeable(session: Session, macro_id: str) -> Macro:
    macro = answer_access.macro_for(session, current_user(), macro_id, lock=True)
    check_may_write(current_user(), owner_id=macro.owner_id)
    return macro


def _save(macro_id: str | None) -> Response | str | tuple[str, int]:
    form = MacroForm.typed()
    if form.was_rearranged:
        return _page(macro_id, form, None)
    try:
        with transaction() as session:
            _write(session, current_user(), macro_id, form)
    except (Invalid, Conflict) as problem:
        return _page(macro_id, form, problem), problem.status
    flash(phrase("Saved. It is in the menu of every conversation, and in the command bar."), "success")
    return redirect(HERE, code=303)


def _write(session: Session, user: User, macro_id: str | None, form: MacroForm) -> None:
    macro = _changeable(session, macro_id) if macro_id else None
    owner = user if form.place == OWN else None
    check_may_write(user, owner_id=owner.id if owner else None)
    kind, _, id_ = form.place.partition(":")
    team = by_public_id.get(session, Team, id_) if kind == "team" else None
    given: dict[str, Any] = {"name": form.name, "actions": form.actions, "team": team, "owner": owner}
    macros.save(session, macro=macro, version=form.version or None, **given)


def _options(session: Session, user: User) -> Options:
    """Return what each list of choices offers, by action."""
    rows = macro_list.options(session, canned=answer_access.canned_responses_of(user))
    fixed = {do: [(value, WORDS[value]) for value in shown.choices] for do, shown in ACTIONS.items()}
    return {do: fixed[do] + rows.get(shown.source, []) for do, shown in ACTIONS.items()}


def _done(actions: Sequence[Mapping[str, Any]], known: Options) -> str:
    return listed(_in_words(action, known) for action in in_order(actions))


def _in_words(action: Mapping[str, Any], known: Options) -> str:
    shown, value = ACTIONS[action["do"]], action["value"]
    if shown.type == "text":
        short = f"{value[:60]}{'…' * (len(value) > 60)}"
        return phrase("{action} “{value}”", action=shown.label, value=short)
    return phrase("{action}: {value}", action=shown.label, value=dict(known[action["do"]]).get(value, GONE))


def _page(macro_id: str | None, form: MacroForm, problem: AppError | None, *, may_write: bool = True) -> str:
    with reading() as session:
        places = places_for(session, current_user(), with_inboxes=False)
        options = _options(session, current_user())
    return render_template(
        "settings/macro.html",
        macro_id=macro_id,
        form=form,
        problem=problem,
        places=places,
        options=options,
        actions=ACTIONS,
        note_action=NOTE,
        most=MOST_ACTIONS,
        variables=liquid_texts.VARIABLES,
        may_write=may_write,
    )
