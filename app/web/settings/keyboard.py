"""Settings, keyboard: which keys do what, for the user who asks."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from app.commands import own
from app.commands.keys import KEPT, LONGEST, spoken
from app.commands.registry import commands_for
from app.db import transaction
from app.models import User
from app.phrases import phrase
from app.services import keyboard
from app.web.authz import current_user, signed_in
from app.web.languages import flash

pages = Blueprint("keyboard", __name__)

HERE = "/settings/keyboard"
FIELD = "keys-"  # and the command's id


@pages.get(HERE)
@signed_in
def show() -> str:
    return _page({}, {}, has_single_keys=current_user().has_single_keys)


@pages.post(HERE)
@signed_in
def change() -> Response | tuple[str, int]:
    """Store all keys of the form; `reset` names a command that gets its usual keys again."""
    form = request.form
    typed = {name.removeprefix(FIELD): text for name, text in form.items() if name.startswith(FIELD)}
    usual = own.listed(current_user().role).get(form.get("reset", ""))
    if usual:
        typed[usual.id] = spoken(usual.keys)
    has_single_keys = form.get("single") == "1"
    with transaction() as session:
        user = session.get_one(User, current_user().id, with_for_update=True)
        problems = keyboard.change(session, user=user, typed=typed, has_single_keys=has_single_keys)
    if problems:
        return _page(typed, problems, has_single_keys=has_single_keys), 422
    flash(phrase("Saved."), "success")
    return redirect(HERE, code=303)


@pages.post(f"{HERE}/reset")
@signed_in
def reset() -> Response:
    with transaction() as session:
        keyboard.reset(session, user=session.get_one(User, current_user().id, with_for_update=True))
    flash(phrase("Every command has its usual keys again."), "success")
    return redirect(HERE, code=303)


def _page(typed: Mapping[str, str], problems: Mapping[str, str], *, has_single_keys: bool) -> str:
    user = current_user()
    stored = own.bindings(user.role, user.own_keys)
    return render_template(
        "settings/keyboard.html",
        areas=commands_for(user.role),
        keys={id_: typed.get(id_, spoken(keys)) for id_, keys in stored.items()},
        usual={id_: spoken(one.keys) for id_, one in own.listed(user.role).items()},
        changed=user.own_keys,
        problems=problems,
        has_single_keys=has_single_keys,
        longest=LONGEST,
        kept=" ".join(sorted(map(spoken, KEPT))),
    )
